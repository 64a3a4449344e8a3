import { beforeEach, describe, expect, it } from 'vitest';
import { lazyLedger, type WithLedger } from '../../../lib/ledger/lazy-ledger.ts';
import type { Quotas } from '../../../lib/model/quotas.ts';
import { describeProblem, Problem } from '../../../lib/problem.ts';
import { createQuotaMemory } from '../../../lib/uploads/quota-memory.ts';
import { createUploadReservation } from '../../../lib/uploads/reserve-upload.ts';
import { useLedger } from '../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
let reach: WithLedger;
let time: number;
const { ledger } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = NOW;
  reach = lazyLedger(async () => ledger);
});

/** Returns the problem that the caller receives. */
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
    'The quota "signaturesPerMinute" is used up: 3 uploads began within the last minute, of at most 3. Retry in 60 seconds.',
  quota: { rule: 'signaturesPerMinute', limit: 3, used: 3, retryAfter: 60 },
  requestId: 'call-1',
};

describe.each([
  ['with a ledger', () => createUploadReservation(reach, { now: () => time })],
  ['in one instance', () => createUploadReservation(undefined, { now: () => time })],
])('a signature with quotas, %s', (_, load) => {
  const upload = (uploadId: string, quotas: Quotas | undefined) => ({
    ...{ uploadId, owner: 'ann', subAppId: undefined, expireTime: NOW / 1_000 + 600 },
    profile: { quotas },
  });

  it('is refused with the rule, the limit, the use and the time to wait', async () => {
    const keep = load();
    for (let i = 0; i < 3; i += 1) await keep(upload(`u${i}`, MINUTE_QUOTA), { expiresIn: 600 });

    const refused = refusalOf((async () => keep(upload('u3', MINUTE_QUOTA), { expiresIn: 600 }))());
    expect(await refused).toEqual({ ...USED_UP, headers: { 'Retry-After': '60' } });
  });

  it('is issued again for an existing upload', async () => {
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

  it('is always issued without quotas', async () => {
    const keep = load();
    for (let i = 0; i < 9; i += 1) await keep(upload(`u${i}`, undefined), { expiresIn: 600 });

    await expect(
      (async () => keep(upload('u9', undefined), { expiresIn: 600 }))(),
    ).resolves.toBeUndefined();
  });
});

describe('a single instance', () => {
  it('counts the last minute per owner', () => {
    const begin = createQuotaMemory({ now: () => time });
    const quotas = { signaturesPerMinute: 2 };
    begin('ann', quotas);
    time += 20_000;
    begin('ann', quotas);
    begin('bob', quotas);
    expect(() => begin('ann', quotas)).toThrow('Retry in 40 seconds.');
    time += 40_000;
    begin('ann', quotas);
    expect(() => begin('ann', quotas)).toThrow('Retry in 20 seconds.');
  });
});
