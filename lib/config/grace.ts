/** What the end of a grace comes to at a time: it is in force, no more, or not yet. */
export type Grace = 'lasts' | 'is over' | 'is too long';

/**
 * Returns what a grace comes to. One that is longer than it may be does nothing, so that a wrong year is no open door.
 *
 * @param until Unix seconds at which it ends.
 * @param maxSeconds longest time ahead.
 * @param now Unix milliseconds.
 */
export function judgeGrace(until: number, maxSeconds: number, now: number): Grace {
  const seconds = until - now / 1_000;
  if (seconds <= 0) return 'is over';
  return seconds <= maxSeconds ? 'lasts' : 'is too long';
}
