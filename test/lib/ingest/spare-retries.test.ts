import { describe, expect, it } from 'vitest';
import { createSpareRetries } from '../../../lib/ingest/durable.ts';
import type { WithLedger } from '../../../lib/ledger/lazy-ledger.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { useLedger } from '../../support/use-ledger.ts';

const database = useLedger();

/** Least time for an attempt, its record, and the answer, in milliseconds. */
const SPARE = 3_500;

/** Returns the retries of an instance, and how often it has asked the ledger; with `error`, that fails. */
function open(error?: Error) {
  const asked: number[] = [];
  const reports: LogFields[] = [];
  const counting: WithLedger = (work) => {
    if (error !== undefined) return Promise.reject(error);
    return work({
      ...database.ledger,
      claimDeliveries: async (count) => {
        asked.push(count);
        return [];
      },
    });
  };
  const retries = createSpareRetries(counting);
  const retryDue = (now: number, left = 60_000) =>
    retries.retryDue({
      ...{
        targets: [],
        clock: { now: () => now },
        random: { fraction: () => 0 },
        deadline: { left: () => left },
      },
      report: (fields) => void reports.push(fields),
    });
  return { ...retries, retryDue, asked, reports };
}

describe('retryDue()', () => {
  it('asks the ledger once, as soon as the first noted delivery is due', async () => {
    const { noteRetry, retryDue, asked } = open();
    await retryDue(1_000);
    noteRetry(500);
    noteRetry(300);
    noteRetry(400);

    await retryDue(299);
    expect(asked).toHaveLength(0);
    await retryDue(300);
    await retryDue(1_000);

    expect(asked).toHaveLength(1);
  });

  it.each([
    [SPARE, 1],
    [SPARE - 1, 0],
  ])('with %i milliseconds left, asks %i times', async (left, times) => {
    const { noteRetry, retryDue, asked } = open();
    noteRetry(0);

    await retryDue(1, left);

    expect(asked).toHaveLength(times);
  });

  it('logs that the ledger could not be asked', async () => {
    const { noteRetry, retryDue, reports } = open(new Error('away'));
    noteRetry(0);

    await retryDue(1);

    expect(reports).toMatchObject([{ level: 'error', error: 'Error' }]);
  });

  it('does nothing without a ledger', async () => {
    const retries = createSpareRetries(undefined);
    const reports: LogFields[] = [];
    retries.noteRetry(0);

    await retries.retryDue({
      ...{
        targets: [],
        clock: { now: () => 1 },
        random: { fraction: () => 0 },
        deadline: { left: () => 60_000 },
      },
      report: (fields) => void reports.push(fields),
    });

    expect(reports).toEqual([]);
  });
});
