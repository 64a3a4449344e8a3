import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LeaseCalls, LeaseRequest } from '../../../lib/model/call-lease.ts';
import { clock } from '../../../lib/system.ts';
import { type BudgetRates, createCallBudget } from '../../../lib/vod/call-budget.ts';
import { useLedger } from '../../support/use-ledger.ts';

const database = useLedger();

const RATES: BudgetRates = { callsPerSecond: 100, pullsPerSecond: 50 };
const SWEEPS: BudgetRates = { ...RATES, backgroundShare: 0.5 };

/** Returns the budget of another instance with its own connection. */
function openInstance(rates: BudgetRates = RATES, sleep = clock.sleep) {
  const { leaseVodCalls } = database.open();
  return createCallBudget(rates, leaseVodCalls, { ...clock, sleep });
}

/** Makes as many calls of an action as it may until `end`, several at a time; returns when each was made. */
async function makeCalls(
  budget: ReturnType<typeof openInstance>,
  { action = 'SearchMedia', end = 0, atOnce = 4, pause = 0 },
): Promise<number[]> {
  const times: number[] = [];
  const call = async () => {
    const limit = budget(action);
    if (!limit.tryTurn()) await limit.takeTurn();
    times.push(performance.now());
  };
  const expectBusy = (error: unknown) => expect(error).toMatchObject({ code: 'upstream_busy' });
  const lane = async () => {
    while (performance.now() < end) {
      await call().catch(expectBusy);
      await sleep(pause);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return times;
}

/** Returns the largest number of these times within any second. */
function countMost(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(
    0,
    ...sorted.map((from, i) => sorted.findLastIndex((at) => at < from + 1_000) - i + 1),
  );
}

describe('createCallBudget()', () => {
  it('keeps the calls of several instances within the limit, and lets each make some', async () => {
    const end = performance.now() + 3_500;
    const busy = [openInstance(), openInstance(), openInstance()];
    const sweeps = [openInstance(SWEEPS), openInstance(SWEEPS)];

    const made = await Promise.all(
      [...busy, ...sweeps].map((budget, i) => makeCalls(budget, { end, pause: i * 3 })),
    );

    expect(countMost(made.flat())).toBeLessThanOrEqual(100);
    expect(countMost(made.slice(busy.length).flat())).toBeLessThanOrEqual(50);
    expect(made.flat().length).toBeGreaterThan(100);
    for (const times of made.slice(0, busy.length)) expect(times.length).toBeGreaterThan(20);
    // Background work goes on, although the others make all the calls they can.
    expect(made.slice(busy.length).flat().length).toBeGreaterThan(10);
  });

  it('keeps pulls within their own limit, nearly all of which one instance can use', async () => {
    const end = performance.now() + 3_000;
    const pulls = { action: 'PullUpload', end };

    const made = await Promise.all([
      makeCalls(openInstance(SWEEPS), { ...pulls, atOnce: 12 }),
      makeCalls(openInstance(), { ...pulls, pause: 100, atOnce: 1 }),
    ]);

    expect(countMost(made.flat())).toBeLessThanOrEqual(50);
    expect(made.flat().length).toBeGreaterThan(100);
    expect(made[1]?.length).toBeGreaterThan(5);
  });

  it('makes a call at once from the spare one that it holds', async () => {
    const requests: LeaseRequest[] = [];
    const { leaseVodCalls } = database.open();
    const budget = createCallBudget(
      RATES,
      (request) => {
        requests.push(request);
        return leaseVodCalls(request);
      },
      clock,
    );
    const limit = budget('SearchMedia');
    await limit.takeTurn();
    const settled = async (count: number) => {
      while (requests.length < count) await sleep(1);
      // The answer has arrived once another lease has been answered.
      await limit.takeTurn();
    };

    expect(requests).toMatchObject([{ calls: 1, spares: 1, made: { count: 0 } }]);
    expect(limit.tryTurn()).toBe(true);
    await settled(2);

    expect(requests[1]).toMatchObject({ calls: 0, spares: 2, made: { count: 1 } });
  });

  it('holds up to four spare calls while it makes all of them within a second, and one again after a pause', async () => {
    const requests: LeaseRequest[] = [];
    let time = 0;
    const lease: LeaseCalls = async (request) => {
      requests.push(request);
      const { calls: count, spares } = request;
      return { count, startsAt: time, spacing: 1, spares, period: 7, at: time };
    };
    const limit = createCallBudget(RATES, lease, {
      ...{ monotonic: () => time, now: () => time, sleep: async () => undefined },
    })('SearchMedia');
    await limit.takeTurn();

    for (const pause of [10, 10, 10, 10, 10, 10, 10, 1_000, 10, 10, 10, 10]) {
      time += pause;
      expect(limit.tryTurn()).toBe(true);
      await sleep(0);
    }

    const told = requests.map(({ spares, made }) => [spares, made.count]);
    expect(told).toEqual([
      ...[
        [1, 0],
        [2, 1],
        [4, 2],
        [4, 4],
      ],
      // It waited for a second with these four.
      [1, 4],
      [2, 1],
    ]);
  });

  it('holds one spare call again if there are not as many as it wants', async () => {
    const wanted: number[] = [];
    const lease: LeaseCalls = async ({ calls, spares }) => {
      wanted.push(spares);
      const at = 1_000;
      return {
        count: calls,
        startsAt: at,
        spacing: 1,
        spares: spares > 1 ? 0 : spares,
        period: 7,
        at,
      };
    };
    const limit = createCallBudget(RATES, lease, {
      ...{ monotonic: () => 1_000, now: () => 1_000, sleep: async () => undefined },
    })('SearchMedia');

    await limit.takeTurn();
    for (let call = 0; call < 4; call += 1) {
      if (!limit.tryTurn()) await limit.takeTurn();
      await sleep(0);
    }

    expect(wanted).toEqual([1, 2, 1, 2, 1]);
  });

  it('has all instances make fewer calls once VOD has refused one', async () => {
    const pauses: number[] = [];
    const sleepLong: typeof clock.sleep = (milliseconds, signal) => {
      pauses.push(milliseconds);
      return clock.sleep(milliseconds, signal);
    };
    const first = openInstance()('SearchMedia');
    const second = openInstance(RATES, sleepLong)('SearchMedia');
    await first.takeTurn();
    first.slowDown();
    await sleep(50);

    const begin = performance.now();
    const refusal = await second.takeTurn(undefined, 200).catch((error: unknown) => error);

    expect(refusal).toMatchObject({ code: 'upstream_busy', headers: { 'Retry-After': '1' } });
    expect(pauses).toEqual([]);
    await second.takeTurn(undefined, 2_000);
    expect(performance.now() - begin).toBeGreaterThan(850);
  });

  it('does not ask the database again before a call is free', async () => {
    let asked = 0;
    const lease: LeaseCalls = async ({ calls }) => {
      asked += 1;
      const at = Date.now();
      return { count: 0, startsAt: at + 60_000 * calls, spacing: 10, spares: 0, period: 0, at };
    };
    const limit = createCallBudget(RATES, lease, clock)('SearchMedia');

    for (let i = 0; i < 5; i += 1) {
      await expect(limit.takeTurn()).rejects.toMatchObject({
        ...{ code: 'upstream_busy', vod: undefined },
        headers: { 'Retry-After': '60' },
      });
    }

    expect(asked).toBe(1);
  });

  it('leases calls that are expected while their caller does something else', async () => {
    const requests: LeaseRequest[] = [];
    const { leaseVodCalls } = database.open();
    const lease: LeaseCalls = (request) => {
      requests.push(request);
      return leaseVodCalls(request);
    };
    const limit = createCallBudget(RATES, lease, clock)('PullUpload');

    limit.expect(1);
    await Promise.all([limit.takeTurn(), sleep(5)]);

    expect(requests).toMatchObject([{ action: 'PullUpload', calls: 1, spares: 0 }]);
  });

  it('ends the wait of a caller that has gone, and that of no other', async () => {
    const limit = openInstance({ ...RATES, callsPerSecond: 1 })('SearchMedia');
    await limit.takeTurn();
    const controller = new AbortController();
    const gone = limit.takeTurn(controller.signal).catch((error: unknown) => error);
    const other = limit.takeTurn();
    const reason = new Error('Gone.');
    controller.abort(reason);

    expect(await gone).toBe(reason);
    await other;
    await expect(limit.takeTurn(AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('passes errors of the database to all who wait, and asks it again for the next one', async () => {
    let isAway = true;
    const { leaseVodCalls } = database.open();
    const lease: LeaseCalls = (request) =>
      isAway ? Promise.reject(new Error('Away.')) : leaseVodCalls(request);
    const limit = createCallBudget(RATES, lease, clock)('SearchMedia');

    const waiting = [limit.takeTurn(), limit.takeTurn()];
    await expect(waiting[0]).rejects.toThrow('Away.');
    await expect(waiting[1]).rejects.toThrow('Away.');
    isAway = false;

    await limit.takeTurn();
  });
});
