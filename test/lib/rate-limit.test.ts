import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimit, type RateLimit } from '../../lib/system.ts';

interface Clock extends RateLimit {
  now: number;
  /** Advances time to the next timer, which fires `late` milliseconds after it was due. */
  readonly tick: (late?: number) => Promise<boolean>;
}

function createClock(perSecond: number): Clock {
  const timers: { at: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: 1_000_000,
    ...createRateLimit(perSecond, {
      monotonic: () => clock.now,
      sleep: (milliseconds) =>
        new Promise((wake) => timers.push({ at: clock.now + milliseconds, wake })),
    }),
    tick: async (late = 0) => {
      const timer = timers.shift();
      if (timer === undefined) return false;
      clock.now = Math.max(clock.now, timer.at + late);
      timer.wake();
      await settle();
      return true;
    },
  };
  return clock;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('createRateLimit()', () => {
  it('lets the limit through immediately and the next callers a second later', async () => {
    const clock = createClock(2);
    const given: [string, number][] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      void clock.takeTurn().then(() => given.push([name, clock.now - 1_000_000]));
    }
    await settle();
    while (await clock.tick());

    expect(given).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 1_000],
      ['d', 1_000],
      ['e', 2_000],
    ]);
  });

  it('gives a turn immediately if one is free and no one waits', async () => {
    const clock = createClock(1);
    expect(clock.tryTurn()).toBe(true);
    expect(clock.tryTurn()).toBe(false);

    const waiter = clock.takeTurn();
    clock.now += 1_000;
    expect(clock.tryTurn()).toBe(false);
    await clock.tick();
    await waiter;
    clock.now += 1_000;
    expect(clock.tryTurn()).toBe(true);
  });

  it('does not trust a timer that fires early', async () => {
    const clock = createClock(1);
    await clock.takeTurn();
    let given = false;
    void clock.takeTurn().then(() => {
      given = true;
    });

    await clock.tick(-1);
    expect(given).toBe(false);
    await clock.tick();
    expect(given).toBe(true);
  });

  it('rejects a waiting caller that aborts, and gives its turn to the next', async () => {
    const clock = createClock(1);
    await clock.takeTurn();
    const controller = new AbortController();
    const reason = new Error('gone');
    const leaver = clock.takeTurn(controller.signal);
    let given = false;
    void clock.takeTurn().then(() => {
      given = true;
    });

    controller.abort(reason);
    await expect(leaver).rejects.toBe(reason);
    await clock.tick();

    expect(given).toBe(true);
    expect(clock.now).toBe(1_001_000);
  });

  it('rejects a caller that has aborted before', async () => {
    const clock = createClock(1);
    const reason = new Error('gone');

    await expect(clock.takeTurn(AbortSignal.abort(reason))).rejects.toBe(reason);
    await clock.takeTurn();

    expect(clock.now).toBe(1_000_000);
  });

  it('removes its listener from the signal of a caller that got its turn', async () => {
    const clock = createClock(1);
    await clock.takeTurn();
    const { signal } = new AbortController();
    const turn = clock.takeTurn(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    while (await clock.tick());
    await turn;

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('continues after all waiting callers have aborted', async () => {
    const clock = createClock(1);
    await clock.takeTurn();
    const controller = new AbortController();
    const leaver = clock.takeTurn(controller.signal).catch(() => 'left');
    controller.abort();
    await leaver;
    while (await clock.tick());

    const next = clock.takeTurn();
    while (await clock.tick());

    await expect(next).resolves.toBeUndefined();
  });

  it('never exceeds the limit in any second, and serves callers in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 20 }),
        async (perSecond, gaps, late) => {
          const clock = createClock(perSecond);
          const given: { name: number; at: number }[] = [];
          for (const [name, gap] of gaps.entries()) {
            clock.now += gap;
            void clock.takeTurn().then(() => given.push({ name, at: clock.now }));
            await settle();
          }
          while (await clock.tick(late));

          expect(given.map(({ name }) => name)).toEqual(gaps.map((_gap, name) => name));
          const spans = given.slice(perSecond).map(({ at }, index) => at - (given[index]?.at ?? 0));
          expect(spans.filter((span) => span < 1_000)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
