import { describe, expect, it } from 'vitest';
import { describeProblem, Problem } from '../../../lib/problem.ts';
import type { BatchResult } from '../../../lib/pulls/submit.ts';
import { pullOf, STORES, setPullStage } from './pull-stage.ts';

const MINUTE_QUOTA = { signaturesPerMinute: 3 };
const USED_UP = {
  type: 'about:blank',
  title: 'Too Many Requests',
  status: 429,
  code: 'quota_exceeded',
  detail:
    'The quota "signaturesPerMinute" is used up: 3 uploads began within the last minute, of at most 3. Retry in 60 seconds.',
  quota: { rule: 'signaturesPerMinute', limit: 3, used: 3, retryAfter: 60 },
  requestId: 'call-1',
};

const many = (count: number) => Array.from({ length: count }, (_, i) => pullOf(i));

/** Returns the problem that the caller receives. */
async function refusalOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Problem)) throw new Error('It was not refused.');
  return { ...describeProblem(error, 'call-1'), headers: error.headers };
}

describe.each(STORES)('pulls with quotas, %s', (_, store) => {
  const stage = setPullStage(store);

  it('counts each pull and refuses the next without sending it', async () => {
    const instance = stage.open();
    for (let i = 0; i < 3; i += 1) await instance.one(pullOf(i), { quotas: MINUTE_QUOTA });

    expect(await refusalOf(instance.one(pullOf(3), { quotas: MINUTE_QUOTA }))).toEqual({
      ...USED_UP,
      headers: { 'Retry-After': '60' },
    });
    expect(stage.sent).toHaveLength(3);
  });

  it('counts a repeated pull with the same key once', async () => {
    const instance = stage.open();
    for (let i = 0; i < 9; i += 1) {
      await instance.one(pullOf(0), { quotas: MINUTE_QUOTA, key: 'key' });
    }

    expect(await instance.one(pullOf(1), { quotas: MINUTE_QUOTA })).toMatchObject({
      state: 'issued',
    });
    expect(stage.sent).toHaveLength(2);
  });

  it('accepts the part of a batch that fits and refuses the rest in place', async () => {
    const results = await stage.open().many(many(5), { quotas: MINUTE_QUOTA });

    expect(results.slice(0, 3)).toMatchObject([
      { state: 'issued' },
      { state: 'issued' },
      { state: 'issued' },
    ]);
    expect(results.slice(3)).toEqual([{ problem: USED_UP }, { problem: USED_UP }]);
  });

  it('accepts the rest of a batch when it is repeated later with the same keys', async () => {
    const instance = stage.open();
    const submit = () => instance.many(many(6), { quotas: MINUTE_QUOTA, key: 'batch-1' });
    const first = await submit();
    const meanwhile = await submit();
    stage.time += 60_000;
    const later = await submit();

    const idsOf = (results: readonly BatchResult[]) =>
      results.map((result) => ('uploadId' in result ? result.uploadId : undefined));
    expect(idsOf(meanwhile)).toEqual(idsOf(first));
    expect(idsOf(first).filter((id) => id === undefined)).toHaveLength(3);
    expect(idsOf(later).slice(0, 3)).toEqual(idsOf(first).slice(0, 3));
    expect(new Set(idsOf(later)).size).toBe(6);
    expect(await stage.listStates()).toHaveLength(store === 'durable' ? 6 : 0);
  });
});

describe('a batch with quotas, with a database', () => {
  const stage = setPullStage('durable');

  it('sends the first pulls, queues others within the quota and records none of the rest', async () => {
    const results = await stage.open().many(many(6), { quotas: { openUploads: 4 } });

    expect(
      results.map((result) => ('problem' in result ? result.problem.quota?.rule : 'taken')),
    ).toEqual([...['taken', 'taken', 'taken', 'taken', 'openUploads', 'openUploads']]);
    expect(stage.sent).toHaveLength(2);
    expect(await stage.countWaiting()).toBe(2);
    expect(await stage.listStates()).toHaveLength(4);
  });
});

describe('pulls without a database', () => {
  const stage = setPullStage('stateless');

  it.each([
    [{ openUploads: 5 }, '"openUploads"'],
    [{ signaturesPerMinute: 5, openUploads: 5, bytesPerDay: 5 }, '"openUploads" and "bytesPerDay"'],
  ])('are refused with the quotas %j, which one instance cannot count', async (quotas, named) => {
    const refused = await refusalOf(stage.open().one(pullOf(0), { quotas }));

    expect(refused).toMatchObject({ status: 501, code: 'ledger_required' });
    expect(refused.detail).toContain(named);
    expect(stage.sent).toEqual([]);
  });
});
