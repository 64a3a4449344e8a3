import { describe, expect, it } from 'vitest';
import { createPace } from '../../../lib/sweep/create-pace.ts';

const BEGIN = Date.UTC(2026, 0, 31);

/** A clock in whole milliseconds whose timers drop the fraction of one, as those of Node.js do. */
function createClock() {
  let time = BEGIN;
  return {
    now: () => time,
    pass(milliseconds: number) {
      time += milliseconds;
    },
    sleep: async (milliseconds: number) => {
      time += Math.max(1, Math.trunc(milliseconds));
    },
  };
}

/** Returns the times of calls during some seconds, of which each one takes as long as `work` says. */
async function call(perSecond: number, seconds: number, work: (index: number) => number = () => 0) {
  const clock = createClock();
  const pace = createPace(perSecond, clock);
  const times: number[] = [];
  while (clock.now() < BEGIN + seconds * 1_000) {
    await pace();
    times.push(clock.now());
    clock.pass(work(times.length));
  }
  return times;
}

/** Returns the largest number of calls within any second. */
function countMost(times: readonly number[]): number {
  return Math.max(
    ...times.map((end, index) => {
      const first = times.findIndex((time) => time > end - 1_000);
      return index - first + 1;
    }),
  );
}

describe('createPace()', () => {
  it.each([1, 3, 7, 20, 64, 100, 300, 400])(
    'lets %i calls begin in a second, or slightly fewer',
    async (perSecond) => {
      const times = await call(perSecond, 12);
      const later = times.filter((time) => time >= BEGIN + 2_000);

      expect(countMost(times)).toBeLessThanOrEqual(perSecond);
      expect(later.length).toBeGreaterThanOrEqual(Math.floor(perSecond * 10 * 0.95));
    },
  );

  it('makes up for short delays, without more calls in a second than it may make', async () => {
    const times = await call(100, 12, (index) => (index % 50 === 0 ? 18 : 0));

    expect(countMost(times)).toBeLessThanOrEqual(100);
    expect(times.filter((time) => time >= BEGIN + 2_000).length).toBeGreaterThanOrEqual(950);
  });

  it('does not make up for a long delay', async () => {
    const times = await call(100, 8, (index) => (index === 300 ? 2_500 : 0));

    expect(countMost(times)).toBeLessThanOrEqual(100);
  });

  it('continues if the clock is set back', async () => {
    const clock = createClock();
    const pace = createPace(10, clock);
    for (let count = 0; count < 50; count += 1) await pace();
    clock.pass(-3_600_000);
    const before = clock.now();

    await pace();

    expect(clock.now() - before).toBeLessThanOrEqual(200);
  });
});
