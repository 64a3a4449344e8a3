import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../../../lib/model/call-lease.ts';
import { findPgBouncer } from '../../support/find-pgbouncer.ts';
import { startPgBouncer } from '../../support/pgbouncer.ts';
import { requirePresent } from '../../support/requirement.ts';
import { useLedger } from '../../support/use-ledger.ts';

const database = useLedger();

const START = Date.UTC(2026, 0, 1);
const PER_SECOND = 20;
const MAX_SPARE = 3;

interface Lease {
  readonly calls: number;
  readonly spares?: number;
  readonly background?: number | null;
  readonly longest?: number;
  readonly refused?: boolean;
}

/** Leases calls at a time of the test's own, in milliseconds since the start. */
async function lease(at: number, asked: Lease, action = 'SearchMedia') {
  const { calls, spares = 0, background = null, longest = 2_000, refused = false } = asked;
  const [row] = await database.sql.unsafe(
    `select leased, extract(epoch from starts_at)::float8 * 1000 as starts, spacing, spare_leased, spare_period
     from lease_vod_calls($1, $2::timestamptz, $3::integer, $4::float8 * interval '1 millisecond', $5::float8, $6::float8,
       $7::integer, $8::integer, 0, 0, $9::text::boolean)`,
    [
      ...[action, new Date(START + at).toISOString(), calls, longest, PER_SECOND, background],
      ...[spares, MAX_SPARE, String(refused)],
    ],
  );
  const first = Number(row?.['starts']) - START;
  const count = Number(row?.['leased']);
  const moments = Array.from({ length: count }, (_, i) => first + i * Number(row?.['spacing']));
  return { moments, first, spares: Number(row?.['spare_leased']) };
}

/** Returns the largest number of these times within any second; a second begins with a call. */
function countMost(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  // The database stores microseconds.
  const isWithin = (from: number, at: number) => at >= from && at < from + 999.9;
  return Math.max(0, ...sorted.map((from) => sorted.filter((at) => isWithin(from, at)).length));
}

const asked = fc.record({
  pause: fc.integer({ min: 0, max: 400 }),
  calls: fc.integer({ min: 0, max: 5 }),
  spares: fc.integer({ min: 0, max: 4 }),
  isBackground: fc.boolean(),
  longest: fc.integer({ min: 0, max: 3_000 }),
});

type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

/** Leases what is asked, one after another; returns the moments of all calls, and those of background work. */
async function leaseInTurn(requests: readonly Asked[], action: string) {
  const leases: { isBackground: boolean; moments: readonly number[] }[] = [];
  let at = 0;
  for (const { pause, calls, spares, isBackground, longest } of requests) {
    at += pause;
    const part = isBackground ? { background: PER_SECOND / 4 } : { spares };
    const { moments } = await lease(at, { calls, longest, ...part }, action);
    expect(moments.every((moment) => moment > at - 0.01)).toBe(true);
    expect(moments.every((moment) => moment < at + longest + 0.01)).toBe(true);
    leases.push({ isBackground, moments });
  }
  return {
    all: leases.flatMap(({ moments }) => moments),
    background: leases.flatMap(({ isBackground, moments }) => (isBackground ? moments : [])),
  };
}

describe('leaseVodCalls()', () => {
  it('never leases more than the rate within any second, nor more for background work than its part', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 5, maxLength: 30 }), async (requests) => {
        run += 1;
        const { all, background } = await leaseInTurn(requests, `action ${run}`);
        expect(countMost(all)).toBeLessThanOrEqual(PER_SECOND);
        // A lease of five may follow another one.
        expect(countMost(background)).toBeLessThanOrEqual(PER_SECOND / 4 + 5);
      }),
      { numRuns: 25 },
    );
  });

  it('leases each call to one of several instances that ask at the same time', async () => {
    const request: LeaseRequest = {
      ...{ action: 'SearchMedia', calls: 3, longest: 60_000, perSecond: 50 },
      ...{ spares: 0, mostSpare: 0, made: { count: 0, period: 0 } },
    };
    const ledgers = Array.from({ length: 5 }, () => database.open());

    const leased = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ledgers[i % 5]?.leaseVodCalls(request)),
    );

    const moments = leased.flatMap((each) =>
      Array.from({ length: each?.count ?? 0 }, (_, i) => (each?.startsAt ?? 0) + i * 20),
    );
    const sorted = moments.toSorted((a, b) => a - b);
    expect(sorted).toHaveLength(120);
    for (const [i, moment] of sorted.slice(1).entries()) {
      expect(moment - (sorted[i] ?? 0)).toBeGreaterThan(19.9);
    }
  });

  it('leases nothing that is later than the caller waits, and says when a call is free', async () => {
    await lease(0, { calls: 20 });

    expect(await lease(0, { calls: 1, longest: 999 })).toMatchObject({ moments: [], first: 1_000 });
    expect(await lease(0, { calls: 5, longest: 1_000 })).toMatchObject({ moments: [1_000] });
  });

  it('lets background work give way, but not for longer than a second', async () => {
    await lease(0, { calls: 1, background: 10 });
    await lease(0, { calls: 20 });

    expect(await lease(500, { calls: 1, background: 10 })).toMatchObject({ moments: [] });
    expect((await lease(1_200, { calls: 1, background: 10 })).moments).toHaveLength(1);
    await lease(1_250, { calls: 20 });
    expect((await lease(2_400, { calls: 1, background: 10 })).moments).toHaveLength(1);
  });

  it('leases few spare calls, only while nothing waits, and more after 30 seconds', async () => {
    const spare = { calls: 0, spares: 1 };
    const counts: number[] = [];
    for (const at of [0, 100, 200, 300, 31_000]) counts.push((await lease(at, spare)).spares);
    expect(counts).toEqual([1, 1, 1, 0, 1]);

    expect(await lease(31_050, { calls: 0, spares: 3 })).toMatchObject({ spares: 0 });
    expect(await lease(31_050, { calls: 0, spares: 2 })).toMatchObject({ spares: 2 });
    await lease(31_100, { calls: 10 });
    expect(await lease(31_200, spare)).toMatchObject({ spares: 0 });
  });

  it('leases no calls for a second after a refusal by VOD, then half as many, and all of them again later', async () => {
    await lease(0, { calls: 1 });
    await lease(100, { calls: 0, refused: true });
    // Calls that were under way with it are refused too.
    await lease(150, { calls: 0, refused: true });

    const { moments } = await lease(200, { calls: 10, longest: 5_000 });
    expect(moments).toHaveLength(10);
    expect(moments[0]).toBeCloseTo(1_100, 0);
    expect((moments[1] ?? 0) - (moments[0] ?? 0)).toBeCloseTo(100, 0);
    const later = (await lease(12_000, { calls: 2 })).moments;
    expect((later[1] ?? 0) - (later[0] ?? 0)).toBeCloseTo(50, 0);
  });

  it('goes down to a tenth of the rate if VOD goes on refusing', async () => {
    for (let i = 0; i < 8; i += 1) await lease(i * 1_100, { calls: 0, refused: true });

    const { moments } = await lease(7 * 1_100 + 1, { calls: 2, longest: 5_000 });
    expect((moments[1] ?? 0) - (moments[0] ?? 0)).toBeCloseTo(500, 0);
  });
});

describe('leaseVodCalls() behind PgBouncer', () => {
  beforeEach((context) => requirePresent(context, 'pgbouncer'));

  it('leases each call once', async () => {
    if (findPgBouncer() === undefined) return;
    const pooler = await startPgBouncer(database.url, ['default_pool_size = 2']);
    try {
      const ledgers = [1, 2, 3].map(() => database.open({ url: pooler.urlOf(database.url) }));
      const request: LeaseRequest = {
        ...{ action: 'SearchMedia', calls: 2, longest: 60_000, perSecond: 100 },
        ...{ spares: 0, mostSpare: 0, made: { count: 0, period: 0 } },
      };

      const leased = await Promise.all(
        Array.from({ length: 12 }, (_, i) => ledgers[i % 3]?.leaseVodCalls(request)),
      );

      expect(new Set(leased.map((each) => each?.startsAt)).size).toBe(12);
      expect(leased.map((each) => each?.count)).toEqual(Array(12).fill(2));
      await Promise.all(ledgers.map((ledger) => ledger.close()));
    } finally {
      await pooler.close();
    }
  });
});
