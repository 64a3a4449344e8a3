/** A seeded source of random numbers: the same seed gives the same sequence. */
export interface Chance {
  /** A number from 0 to 1, without 1. */
  readonly next: () => number;
  /** Returns true with this probability. */
  readonly happens: (probability: number) => boolean;
  /** A whole number from 0 to `range`, without `range`. */
  readonly below: (range: number) => number;
}

/**
 * Returns random numbers computed with Mulberry32:
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c.
 */
export function createChance(seed: number): Chance {
  let state = seed;
  const next = () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    happens: (probability) => next() < probability,
    below: (range) => Math.floor(next() * range),
  };
}
