/** Start of the sequence; any other fixed number would do. */
const SEED = 20_260_301;

/**
 * Returns a generator with the same numbers in each run, from 0 to below 1, so that its decisions can be reproduced.
 *
 * @see https://www.jstatsoft.org/article/view/v008i14 for the shifts.
 */
export function createDice(): () => number {
  let state = SEED;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
