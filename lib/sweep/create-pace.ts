import type { SweepRun } from './sweep-run.ts';

/** The rest allows for calls that take longer to reach VOD than others, and so arrive closer to the next ones. */
const SHARE_OF_LIMIT = 0.98;

/** The same while connections are still being opened, which delays many calls. */
const FIRST_SHARE = 0.85;
const FIRST_MILLISECONDS = 2_000;

/** Longest delay that later calls make up for. */
const CATCH_UP_MILLISECONDS = 15;

/**
 * Creates the function that waits for the next of the moments that divide a second evenly. The rate limit of the calls
 * applies too; but a server that counts calls as they arrive would count two bursts of calls as too many.
 *
 * @param perSecond most calls in any second; those that are delayed and made up for are among them.
 */
export function createPace(
  perSecond: number,
  { now, sleep }: Pick<SweepRun, 'now' | 'sleep'>,
): () => Promise<void> {
  const begin = now();
  let next = Number.NEGATIVE_INFINITY;
  return async () => {
    const time = now();
    const share = time - begin < FIRST_MILLISECONDS ? FIRST_SHARE : SHARE_OF_LIMIT;
    const interval = 1_000 / (perSecond * share);
    next = Math.max(next + interval, time - CATCH_UP_MILLISECONDS);
    // A clock that was set back must not delay calls.
    if (next - time > 2 * interval) next = time + interval;
    // Timers drop the fraction of a millisecond, with which calls would come early.
    if (next > time) await sleep(Math.ceil(next - time));
  };
}
