import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../../lib/system.ts';
import {
  RETRY_MILLISECONDS,
  readRetryAfter,
  scheduleRetry,
} from '../../../lib/webhooks/retry-schedule.ts';

const HOUR = 3_600_000;
/** Random numbers that are all the same. */
const fixed = (value: number) => ({ fraction: () => value });

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Returns the ages at which a delivery that always fails is attempted. */
function tryUntilDead(
  random: Pick<Random, 'fraction'>,
  retryAfterSeconds?: number,
): readonly number[] {
  const ages = [0];
  for (;;) {
    const age = ages.at(-1) ?? 0;
    const pause = scheduleRetry(
      { attempts: ages.length, ageMilliseconds: age, retryAfterSeconds },
      random,
    );
    if (pause === undefined) return ages;
    ages.push(age + pause);
    if (ages.length > 1_000) throw new Error('It goes on for ever');
  }
}

describe('scheduleRetry()', () => {
  it('pauses at most as long as suggested', () => {
    const pauses = Array.from({ length: 10 }, (_, i) =>
      scheduleRetry({ attempts: i + 1, ageMilliseconds: 0 }, fixed(1)),
    );

    expect(pauses).toEqual(
      [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400].map(
        (seconds) => seconds * 1_000,
      ),
    );
  });

  it('retries for three days, the last time within their last hour, for any random numbers', () => {
    fc.assert(
      fc.property(fc.infiniteStream(chance), (chances) => {
        const ages = tryUntilDead({ fraction: () => chances.next().value });

        expect(ages.at(-1)).toBeGreaterThanOrEqual(RETRY_MILLISECONDS - HOUR);
        expect(ages.at(-1)).toBeLessThanOrEqual(RETRY_MILLISECONDS);
        expect(ages.length).toBeGreaterThanOrEqual(9);
        expect(ages.length).toBeLessThanOrEqual(12);
      }),
    );
  });

  it('never pauses shorter than before, except for the last time', () => {
    fc.assert(
      fc.property(fc.infiniteStream(chance), (chances) => {
        const ages = tryUntilDead({ fraction: () => chances.next().value });
        const pauses = ages.slice(1).map((age, i) => age - (ages[i] ?? 0));

        // The table ends with a step that repeats, so its pauses may be anywhere within it.
        const growing = pauses.slice(0, -2);
        expect(growing).toEqual(growing.toSorted((a, b) => a - b));
      }),
    );
  });

  it('spreads deliveries that failed together', () => {
    fc.assert(
      fc.property(chance, chance, fc.integer({ min: 1, max: 30 }), (a, b, attempts) => {
        const failed = { attempts, ageMilliseconds: 0 };
        // The shortest step is four seconds wide.
        fc.pre(Math.abs(a - b) > 1e-3);
        expect(scheduleRetry(failed, fixed(a))).not.toBe(scheduleRetry(failed, fixed(b)));
      }),
    );
  });

  it('never retries sooner than asked, nor after three days', () => {
    fc.assert(
      fc.property(chance, fc.nat(80_000), fc.nat(100), (random, retryAfterSeconds, attempts) => {
        const pause = scheduleRetry(
          { attempts, ageMilliseconds: 0, retryAfterSeconds },
          fixed(random),
        );
        expect(pause).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
        expect(pause).toBeLessThanOrEqual(RETRY_MILLISECONDS);
      }),
    );
    const ages = tryUntilDead(fixed(0.5), 86_400);
    expect(ages.at(-1)).toBeLessThanOrEqual(RETRY_MILLISECONDS);
  });

  it('spreads the last attempts over the last hour', () => {
    const late = { attempts: 1, ageMilliseconds: RETRY_MILLISECONDS - HOUR - 5_000 };

    expect(scheduleRetry(late, fixed(1))).toBe(5_000 + HOUR);
  });

  it('ends after three days, and tolerates a clock that went back', () => {
    const late = { attempts: 1, ageMilliseconds: RETRY_MILLISECONDS - HOUR };

    expect(scheduleRetry(late, fixed(0))).toBeUndefined();
    expect(scheduleRetry({ attempts: 1, ageMilliseconds: -HOUR }, fixed(0))).toBe(1_000);
  });
});

describe('readRetryAfter()', () => {
  const NOW = Date.UTC(2026, 0, 31, 8);

  it.each([
    ['120', 120],
    [' 0 ', 0],
    ['999999999', 86_400],
    ['Sat, 31 Jan 2026 08:01:30 GMT', 90],
    ['Sat, 31 Jan 2026 07:00:00 GMT', 0],
    ['Wed, 31 Dec 2031 08:00:00 GMT', 86_400],
    [undefined, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1st', undefined],
    ['no. 1', undefined],
    ['soon', undefined],
    ['31 Jan 2026 08:01:30 GMT', undefined],
    ['On Sat, 31 Jan 2026 08:01:30 GMT', undefined],
    ['Saturday, soon', undefined],
  ])('reads %j as %j', (header, seconds) => {
    // A fraction of a second is rounded up.
    expect(readRetryAfter(header, NOW + 1)).toBe(seconds);
  });
});
