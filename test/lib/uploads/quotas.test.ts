import { randomInt, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { lazyLedger, type WithLedger } from '../../../lib/ledger/lazy-ledger.ts';
import type { Quotas } from '../../../lib/ledger/quotas.ts';
import { describeProblem, Problem } from '../../../lib/problem.ts';
import { authorizePull, authorizePulls } from '../../../lib/pulls/authorize-pulls.ts';
import { createIdempotencyMemory } from '../../../lib/pulls/idempotency-memory.ts';
import { submitBatch } from '../../../lib/pulls/submit-batch.ts';
import { submitDurableBatch } from '../../../lib/pulls/submit-durable-batch.ts';
import { submitDurablePull } from '../../../lib/pulls/submit-durable-pull.ts';
import { type SubmittedPull, submitPull } from '../../../lib/pulls/submit-pull.ts';
import { createQuotaMemory } from '../../../lib/uploads/quota-memory.ts';
import { createUploadReservation } from '../../../lib/uploads/reserve-upload.ts';
import type { PullRequest } from '../../../lib/validation/pull-request.ts';
import type { RepeatablePullUpload } from '../../../lib/vod/client.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
const HEADER = 'batch-1';
let reach: WithLedger;
let time: number;
/** Ids of the uploads that VOD was asked to pull. */
let pulled: string[];
const { ledger } = useLedger({ now: () => time });

beforeEach(() => {
  time = NOW;
  pulled = [];
  reach = lazyLedger(async () => ledger);
});

const request = (i: number): PullRequest => ({
  mediaUrl: `https://media.example.com/${i}.mp4`,
  mediaType: 'mp4',
});
const options = { remainingMilliseconds: () => 30_000 };
const own = (i: number, quotas: Quotas, idempotencyKey?: string) =>
  authorizePull(request(i), idempotencyKey, {
    owner: 'ann',
    subAppId: undefined,
    profile: { quotas },
  });
const ownMany = (count: number, quotas: Quotas, headerKey?: string) => {
  const items = Array.from({ length: count }, (_, i) => request(i));
  return authorizePulls(items, headerKey, {
    owner: 'ann',
    subAppId: undefined,
    profile: { quotas },
  });
};
const call = { requestId: 'call-1', ...options };

function sending() {
  return {
    api: {
      pullUpload: async ({ SessionId }: RepeatablePullUpload) => {
        pulled.push(SessionId);
        return { kind: 'accepted', taskId: `task-${SessionId}`, requestId: '' } as const;
      },
    },
    contextKey: CONTEXTS.keys[0],
    ownSubAppId: undefined,
    checkRegion: async () => undefined,
    now: () => time,
    random: randomInt,
    randomKey: randomUUID,
  };
}

/** Submits without a ledger, all by one instance. */
function loadInstance() {
  const memory = createIdempotencyMemory<SubmittedPull>();
  const dependencies = { ...sending(), memory, begin: createQuotaMemory(() => time) };
  return {
    one: (i: number, quotas: Quotas, idempotencyKey?: string) =>
      submitPull(own(i, quotas, idempotencyKey), dependencies, options),
    many: (count: number, quotas: Quotas) =>
      submitBatch(ownMany(count, quotas), call, dependencies),
  };
}

/** Submits with the ledger. */
function loadKeeping() {
  const dependencies = { ...sending(), ledger: reach, ownSubAppId: undefined, sentAtOnce: 2 };
  return {
    one: (i: number, quotas: Quotas, idempotencyKey?: string) =>
      submitDurablePull(own(i, quotas, idempotencyKey), dependencies, options),
    many: (count: number, quotas: Quotas, headerKey?: string) =>
      submitDurableBatch(ownMany(count, quotas, headerKey), call, dependencies),
  };
}

/** Returns what a refusal tells the caller. */
async function refusalOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Problem)) throw new Error('It was not refused.');
  return { ...describeProblem(error, 'call-1'), headers: error.headers };
}

const MINUTE_QUOTA = { signaturesPerMinute: 3 };
const USED_UP = {
  type: 'about:blank',
  title: 'Too Many Requests',
  status: 429,
  code: 'quota_exceeded',
  detail:
    'The quota "signaturesPerMinute" is used up: 3 uploads began within the last minute, of at most 3. Come again in 60 seconds.',
  quota: { rule: 'signaturesPerMinute', limit: 3, used: 3, retryAfter: 60 },
  requestId: 'call-1',
};

describe.each([
  ['with a ledger', () => createUploadReservation(reach, () => time)],
  ['in one instance', () => createUploadReservation(undefined, () => time)],
])('a signature within quotas, %s', (_, load) => {
  const upload = (uploadId: string, quotas: Quotas | undefined) => ({
    ...{ uploadId, owner: 'ann', subAppId: undefined, expireTime: NOW / 1_000 + 600 },
    profile: { quotas },
  });

  it('is refused with the rule, the limit, what is used and when to come again', async () => {
    const keep = load();
    for (let i = 0; i < 3; i += 1) await keep(upload(`u${i}`, MINUTE_QUOTA), { expiresIn: 600 });

    const refused = refusalOf((async () => keep(upload('u3', MINUTE_QUOTA), { expiresIn: 600 }))());
    expect(await refused).toEqual({ ...USED_UP, headers: { 'Retry-After': '60' } });
  });

  it('is given again for an upload that has one', async () => {
    const keep = load();
    for (let i = 0; i < 9; i += 1) {
      const again = i === 0 ? {} : { uploadId: 'u0' };
      await keep(upload('u0', MINUTE_QUOTA), { expiresIn: 600, ...again });
    }
    await keep(upload('u1', MINUTE_QUOTA), { expiresIn: 600 });

    await expect(
      (async () => keep(upload('u2', MINUTE_QUOTA), { expiresIn: 600 }))(),
    ).resolves.toBe(undefined);
  });

  it('is given to everybody without quotas', async () => {
    const keep = load();
    for (let i = 0; i < 9; i += 1) await keep(upload(`u${i}`, undefined), { expiresIn: 600 });

    await expect(
      (async () => keep(upload('u9', undefined), { expiresIn: 600 }))(),
    ).resolves.toBeUndefined();
  });
});

describe.each([
  ['with a ledger', loadKeeping],
  ['in one instance', loadInstance],
])('pulls within quotas, %s', (_, load) => {
  it('counts each, and pulls nothing of what is refused', async () => {
    const submit = load();
    for (let i = 0; i < 3; i += 1) await submit.one(i, MINUTE_QUOTA);

    expect(await refusalOf(submit.one(3, MINUTE_QUOTA))).toMatchObject(USED_UP);
    expect(pulled).toHaveLength(3);
  });

  it('counts what is sent again by the same key once', async () => {
    const submit = load();
    for (let i = 0; i < 9; i += 1) await submit.one(0, MINUTE_QUOTA, 'key');

    expect(await submit.one(1, MINUTE_QUOTA)).toMatchObject({ state: 'issued' });
    expect(pulled).toHaveLength(2);
  });

  it('takes of a batch what fits, and refuses the others in their places', async () => {
    const results = await load().many(5, MINUTE_QUOTA);

    expect(results.slice(0, 3)).toMatchObject([
      { state: 'issued' },
      { state: 'issued' },
      { state: 'issued' },
    ]);
    expect(results.slice(3)).toEqual([{ problem: USED_UP }, { problem: USED_UP }]);
  });
});

describe('a batch within quotas, with a ledger', () => {
  it('sends the first, queues what fits besides, and keeps nothing of the others', async () => {
    const results = await loadKeeping().many(6, { openUploads: 4 });

    expect(
      results.map((result) => ('problem' in result ? result.problem.quota?.rule : 'taken')),
    ).toEqual([...['taken', 'taken', 'taken', 'taken', 'openUploads', 'openUploads']]);
    expect(pulled).toHaveLength(2);
    expect((await ledger.readBacklog()).pulls.count).toBe(2);
    expect((await ledger.listUploads({ limit: 9 })).items).toHaveLength(4);
  });

  it('takes the rest when it is sent again later, by the same keys', async () => {
    const submit = loadKeeping();
    const first = await submit.many(6, MINUTE_QUOTA, HEADER);
    const meanwhile = await submit.many(6, MINUTE_QUOTA, HEADER);
    time += 60_000;
    const later = await submit.many(6, MINUTE_QUOTA, HEADER);

    const idsOf = (results: typeof first) =>
      results.map((result) => ('uploadId' in result ? result.uploadId : undefined));
    expect(idsOf(meanwhile)).toEqual(idsOf(first));
    expect(idsOf(first).filter((id) => id === undefined)).toHaveLength(3);
    expect(idsOf(later).slice(0, 3)).toEqual(idsOf(first).slice(0, 3));
    expect(new Set(idsOf(later)).size).toBe(6);
    expect((await ledger.listUploads({ limit: 9 })).items).toHaveLength(6);
  });
});

describe('a single instance', () => {
  it.each([
    [{ openUploads: 5 }, '"openUploads"'],
    [{ signaturesPerMinute: 5, openUploads: 5, bytesPerDay: 5 }, '"openUploads" and "bytesPerDay"'],
  ])('refuses %j, which it cannot count', async (quotas, named) => {
    const refused = await refusalOf(loadInstance().one(0, quotas));

    expect(refused).toMatchObject({ status: 501, code: 'ledger_required' });
    expect(refused.detail).toContain(named);
    expect(pulled).toEqual([]);
  });

  it('counts the last minute of each owner alone', () => {
    const begin = createQuotaMemory(() => time);
    const quotas = { signaturesPerMinute: 2 };
    begin('ann', quotas);
    time += 20_000;
    begin('ann', quotas);
    begin('bob', quotas);
    expect(() => begin('ann', quotas)).toThrow('Come again in 40 seconds.');
    time += 40_000;
    begin('ann', quotas);
    expect(() => begin('ann', quotas)).toThrow('Come again in 20 seconds.');
  });
});
