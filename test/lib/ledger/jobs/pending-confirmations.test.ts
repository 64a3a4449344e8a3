import { describe, expect, it } from 'vitest';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 5, 1);
const { ledger, sql, open } = useLedger({ clock: { now: () => NOW } });

const pending = (eventId: string, more: object = {}) => ({
  ...{ eventId, raw: { EventType: 'NewFileUpload', name: eventId }, receivedAt: NOW - 5_000 },
  ...more,
});

describe('queueConfirmations()', () => {
  it('stores events that are due now', async () => {
    const stored = await ledger.queueConfirmations(
      [pending('b', { subAppId: 7 }), pending('a')],
      0,
    );

    expect(stored).toEqual([true, true]);
    const claims = await ledger.claimConfirmations(10, 60);
    expect(claims.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1))).toMatchObject([
      { ...pending('a'), attempt: 1 },
      { ...pending('b'), subAppId: 7, attempt: 1 },
    ]);
    expect(await sql`select distinct next_attempt_at, proven from unconfirmed_events`).toEqual([
      { next_attempt_at: new Date(NOW + 60_000), proven: false },
    ]);
  });

  it('knows events that are stored or recorded already, and does not change them', async () => {
    await ledger.recordEvent(eventOf([], { eventId: 'recorded' }));
    await ledger.queueConfirmations([pending('stored')], 0);
    const other = open();

    const again = [pending('stored', { raw: {} }), pending('recorded'), pending('new')];
    expect(await other.queueConfirmations(again, 0)).toEqual([false, false, true]);

    const claims = await ledger.claimConfirmations(10, 60);
    expect(claims.map(({ eventId }) => eventId).toSorted()).toEqual(['new', 'stored']);
    expect(claims.find(({ eventId }) => eventId === 'stored')?.raw).toEqual(pending('stored').raw);
  });

  it('stores nothing while one has been due for too long', async () => {
    await ledger.storePendingConfirmation({ ...pending('old'), dueAt: NOW - 1 });

    expect(await ledger.queueConfirmations([pending('a')], NOW)).toBeUndefined();
    expect(await ledger.queueConfirmations([pending('a')], NOW - 1)).toEqual([true]);
  });

  it('stores again once what was due is claimed', async () => {
    await ledger.storePendingConfirmation({ ...pending('old'), dueAt: NOW - 1 });
    await ledger.claimConfirmations(1, 60);

    expect(await ledger.queueConfirmations([pending('a')], NOW)).toEqual([true]);
  });
});
