import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Quotas } from '../../../lib/model/quotas.ts';
import { useLedger } from '../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const DAY = 86_400_000;
let time: number;
const { ledger, open } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = START;
});

interface Wish {
  readonly owner?: string;
  readonly expiresIn?: number;
  readonly by?: Ledger | undefined;
  readonly subAppId?: number;
}

/** Returns the quota that refuses the upload, or its state. */
async function begin(
  uploadId: string,
  quotas: Quotas,
  { owner = 'ann', expiresIn = 3_600, by = ledger, subAppId }: Wish = {},
) {
  const fields = { expiresAt: time + expiresIn * 1_000, subAppId };
  const [verdict] = await by.issueWithin(owner, quotas, [
    { uploadId, method: 'client', owner, fields },
  ]);
  return verdict?.kind === 'refused' ? verdict.quota : verdict?.state;
}

/** Records the arrival of a file of the given size for the upload. */
function arrive(uploadId: string, size: number) {
  return ledger.transition(uploadId, 'uploaded', { fileId: `file of ${uploadId}`, size });
}

const pull = (uploadId: string) =>
  ({ uploadId, method: 'pull', owner: 'ann', request: { SessionId: uploadId } }) as const;

describe.each([
  ['signaturesPerMinute', { signaturesPerMinute: 10 }],
  ['openUploads', { openUploads: 10 }],
] as const)('%s', (rule, quotas) => {
  it('lets ten of fifty concurrent uploads begin over five connections', async () => {
    const ledgers = Array.from({ length: 5 }, open);
    const asked = Array.from({ length: 50 }, (_, i) =>
      begin(`u${i}`, quotas, { by: ledgers[i % 5] }),
    );
    const answers = await Promise.all(asked);

    expect(answers.filter((answer) => answer === 'issued')).toHaveLength(10);
    expect(answers.filter((answer) => answer !== 'issued')).toEqual(
      Array.from({ length: 40 }, () => ({ rule, limit: 10, used: 10, retryAfter: 60 })),
    );
    expect((await ledger.listUploads({ limit: 100 })).items).toHaveLength(10);
  });

  it('lets the same uploads be issued again by concurrent callers', async () => {
    const ledgers = Array.from({ length: 5 }, open);
    const ids = Array.from({ length: 10 }, (_, i) => `u${i}`);
    const asked = ledgers.flatMap((by) => ids.map((id) => begin(id, quotas, { by })));

    expect(new Set(await Promise.all(asked))).toEqual(new Set(['issued']));
    expect(await begin('another', quotas)).toMatchObject({ rule });
  });

  it('is counted per owner', async () => {
    for (let i = 0; i < 10; i += 1) await begin(`u${i}`, quotas);

    expect(await begin('of bob', quotas, { owner: 'bob' })).toBe('issued');
    expect(await begin('of ann', quotas)).toMatchObject({ rule });
  });

  it('records nothing for a refused upload', async () => {
    for (let i = 0; i < 10; i += 1) await begin(`u${i}`, quotas);
    await begin('late', quotas);

    expect(await ledger.findUpload('late')).toBeUndefined();
    expect(await (await ledger.timeline()).listEvents('late')).toEqual([]);
    expect(await (await ledger.timeline()).listEvents('u0')).toMatchObject([
      { eventType: 'upload.issued' },
    ]);
  });
});

describe('signaturesPerMinute', () => {
  it('returns the time to wait, to the second', async () => {
    const quotas = { signaturesPerMinute: 2 };
    await begin('u0', quotas);
    time += 20_000;
    await begin('u1', quotas);
    time += 5_000;

    expect(await begin('u2', quotas)).toEqual({
      ...{ rule: 'signaturesPerMinute', limit: 2, used: 2, retryAfter: 35 },
    });
    time += 34_999;
    expect(await begin('u2', quotas)).toMatchObject({ retryAfter: 1 });
    time += 1;
    expect(await begin('u2', quotas)).toBe('issued');
  });

  it('counts uploads that began under a higher limit', async () => {
    for (let i = 0; i < 4; i += 1) {
      await begin(`u${i}`, {});
      time += 1_000;
    }
    expect(await begin('u4', { signaturesPerMinute: 2 })).toEqual({
      ...{ rule: 'signaturesPerMinute', limit: 2, used: 4, retryAfter: 58 },
    });
  });

  it('is never exceeded in any minute, and never refuses below the limit', async () => {
    const steps = fc.array(
      fc.record({
        pause: fc.integer({ min: 0, max: 40_000 }),
        count: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 5, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (plan, limit) => {
        const owner = randomUUID();
        const begun: number[] = [];
        for (const { pause, count } of plan) {
          time += pause;
          const wishes = Array.from({ length: count }, () =>
            begin(randomUUID(), { signaturesPerMinute: limit }, { owner }),
          );
          const issued = (await Promise.all(wishes)).filter((answer) => answer === 'issued').length;
          const recent = begun.filter((at) => at > time - MINUTE).length;
          expect(issued).toBe(Math.min(count, Math.max(0, limit - recent)));
          begun.push(...Array.from({ length: issued }, () => time));
        }
      }),
      { numRuns: 15, seed: 5 },
    );
  });
});

describe('openUploads', () => {
  const quotas = { openUploads: 2 };

  it.each([
    ['was cancelled', () => ledger.transition('u0', 'cancelled')],
    ['arrived', () => arrive('u0', 5)],
    [
      'can no longer arrive',
      async () => {
        time += 601_000;
      },
    ],
  ])('has room again once an upload %s', async (_, end) => {
    await begin('u0', quotas, { expiresIn: 600 });
    await begin('u1', quotas, { expiresIn: 7_200 });
    expect(await begin('u2', quotas)).toEqual({
      ...{ rule: 'openUploads', limit: 2, used: 2, retryAfter: 60 },
    });
    await end();

    expect(await begin('u2', quotas)).toBe('issued');
    expect(await begin('u3', quotas)).toMatchObject({ rule: 'openUploads' });
  });

  it('counts uploads that are processed or queued', async () => {
    await begin('u0', quotas, { expiresIn: 10 });
    await ledger.transition('u0', 'uploadedForProcessing', { fileId: 'file' });
    await ledger.enqueuePulls([{ uploadId: 'u1', owner: 'ann', request: {} }]);
    time += MINUTE;

    expect(await begin('u2', quotas)).toMatchObject({ rule: 'openUploads', used: 2 });
  });

  it('counts processed files per application, and pending uploads in total', async () => {
    await begin('u0', quotas, { subAppId: 2 });
    await begin('u1', quotas, { subAppId: 2 });
    expect(await begin('u2', quotas, { subAppId: 3 })).toMatchObject({ rule: 'openUploads' });
    await ledger.transition('u0', 'uploadedForProcessing', { fileId: 'f0' });
    await ledger.transition('u1', 'uploadedForProcessing', { fileId: 'f1' });

    expect(await begin('u2', quotas, { subAppId: 2 })).toMatchObject({ rule: 'openUploads' });
    expect(await begin('u2', quotas, { subAppId: 3 })).toBe('issued');
  });

  it('counts an upload that is issued again after its signature expired', async () => {
    await begin('u0', quotas, { expiresIn: 10 });
    time += 20_000;
    await begin('u1', quotas);
    await begin('u2', quotas);

    expect(await begin('u0', quotas)).toMatchObject({ rule: 'openUploads' });
    await ledger.transition('u1', 'cancelled');
    expect(await begin('u0', quotas)).toBe('issued');
  });

  it('returns the time until the first signature expires, if that is soon', async () => {
    await begin('u0', quotas, { expiresIn: 600 });
    await begin('u1', quotas, { expiresIn: 30 });

    expect(await begin('u2', quotas)).toMatchObject({ retryAfter: 30 });
  });
});

describe('bytesPerDay', () => {
  const quotas = { bytesPerDay: 100 };

  it('refuses uploads once the bytes are used up, until enough are a day old', async () => {
    for (const [uploadId, size] of [
      ['u0', 30],
      ['u1', 60],
      ['u2', 25],
    ] as const) {
      expect(await begin(uploadId, quotas)).toBe('issued');
      await arrive(uploadId, size);
      time += 1_000;
    }

    expect(await begin('u3', quotas)).toEqual({
      ...{ rule: 'bytesPerDay', limit: 100, used: 115, retryAfter: DAY / 1_000 - 3 },
    });
    time = START + DAY - 1;
    expect(await begin('u3', quotas)).toMatchObject({ retryAfter: 1 });
    time = START + DAY;
    expect(await begin('u3', quotas)).toBe('issued');
  });

  it('waits until enough files are a day old', async () => {
    for (const [uploadId, size] of [
      ['u0', 10],
      ['u1', 150],
      ['u2', 5],
    ] as const) {
      await begin(uploadId, {});
      await arrive(uploadId, size);
      time += 1_000;
    }
    time -= 1_000;

    expect(await begin('u3', quotas)).toMatchObject({ used: 165, retryAfter: DAY / 1_000 - 1 });
  });

  it('counts a file by its arrival, whatever is reported later', async () => {
    await begin('u0', quotas);
    await arrive('u0', 100);
    time += DAY - 1;
    await ledger.transition('u0', 'rejected', { problem: { code: 'limits_exceeded' } });
    expect(await begin('u1', quotas)).toMatchObject({ rule: 'bytesPerDay' });
    time += 1;

    expect(await begin('u1', quotas)).toBe('issued');
  });

  it('is counted per application', async () => {
    const acme = { subAppId: 2 };
    const globex = { subAppId: 3 };
    await begin('u0', quotas, acme);
    await arrive('u0', 100);

    expect(await begin('u1', quotas, acme)).toMatchObject({ rule: 'bytesPerDay', used: 100 });
    expect(await begin('u2', quotas, globex)).toBe('issued');
    await arrive('u2', 99);
    expect(await begin('u3', quotas, globex)).toBe('issued');
    // A file from before applications were named may belong to any of them.
    await begin('u4', {});
    await arrive('u4', 1);
    expect(await begin('u5', quotas, globex)).toMatchObject({ rule: 'bytesPerDay', used: 100 });
    expect(await begin('u6', quotas)).toMatchObject({ rule: 'bytesPerDay', used: 200 });
  });

  it('allows issued uploads to be issued again', async () => {
    await begin('u0', quotas);
    await begin('u1', quotas);
    await arrive('u0', 200);

    expect(await begin('u1', quotas)).toBe('issued');
    expect(await begin('u2', quotas)).toMatchObject({ rule: 'bytesPerDay' });
  });
});

describe('a batch', () => {
  const rules = (verdicts: Awaited<ReturnType<Ledger['issueWithin']>>) =>
    verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict.quota.rule : verdict.state));

  it('accepts the first items that fit, and queues them', async () => {
    await begin('known', { openUploads: 3 });
    const batch = ['u0', 'u1', 'known', 'u2', 'u3'].map(pull);

    expect(rules(await ledger.issueWithin('ann', { openUploads: 3 }, batch))).toEqual([
      ...['issued', 'issued', 'issued', 'openUploads', 'openUploads'],
    ]);
    expect(
      (await ledger.claimPulls(9, 60)).map(({ uploadId, request }) => [uploadId, request]),
    ).toEqual([
      ['u0', { SessionId: 'u0' }],
      ['u1', { SessionId: 'u1' }],
      ['known', { SessionId: 'known' }],
    ]);
  });

  it('queues an item once, and not again after VOD has accepted it', async () => {
    const batch = ['u0', 'u1'].map(pull);
    for (let times = 0; times < 2; times += 1) {
      expect(rules(await ledger.issueWithin('ann', {}, batch))).toEqual(['issued', 'issued']);
    }
    const [first, second, ...others] = await ledger.claimPulls(9, 60);
    expect(others).toEqual([]);
    if (first === undefined || second === undefined) return expect.fail('Both wait.');
    await ledger.finishPull(first, 'task');
    await ledger.issueWithin('ann', {}, batch);
    expect((await ledger.readBacklog()).pulls.count).toBe(1);
  });

  it('never exceeds a quota with concurrent batches', async () => {
    const ledgers = Array.from({ length: 4 }, open);
    const verdicts = await Promise.all(
      ledgers.map((each, place) =>
        each.issueWithin(
          'ann',
          { signaturesPerMinute: 25 },
          Array.from({ length: 20 }, (_, i) => pull(`u${place}-${i}`)),
        ),
      ),
    );

    expect(rules(verdicts.flat()).filter((state) => state === 'issued')).toHaveLength(25);
    expect((await ledger.readBacklog()).pulls.count).toBe(25);
  });

  it('returns the time until a whole quota is free, for items beyond an unused quota', async () => {
    const [, second] = await ledger.issueWithin(
      'ann',
      { signaturesPerMinute: 1 },
      ['u0', 'u1'].map(pull),
    );
    expect(second).toEqual({
      kind: 'refused',
      quota: { rule: 'signaturesPerMinute', limit: 1, used: 1, retryAfter: 60 },
    });
  });
});

it('issuing uploads does not deadlock with events of the same uploads', async () => {
  const quotas = { signaturesPerMinute: 1_000, openUploads: 1_000, bytesPerDay: 1e15 };
  const ids = Array.from({ length: 20 }, (_, i) => `u${i}`);
  const others = [open(), open()];
  const work = ids.flatMap((id) => [
    begin(id, quotas, { by: others[0] ?? ledger }),
    ledger.transition(id, 'cancelled'),
    begin(id, quotas, { by: others[1] ?? ledger }),
  ]);

  await expect(Promise.all(work)).resolves.toHaveLength(60);
});
