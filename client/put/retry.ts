import type { Clock, Random } from './clock.ts';
import { PutError } from './put-error.ts';

/** How requests are repeated. */
export interface Patience {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly random: Random;
  /** Milliseconds for which a request is repeated that fails for a reason that may pass. */
  readonly milliseconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called before each pause. */
  readonly onRetry?: (error: PutError) => void;
}

const FIRST_PAUSE = 250;
const MAX_PAUSE = 20_000;

/**
 * Returns the result of `work`, which is repeated while it fails for a reason that may pass. Pauses double, and have full
 * jitter (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter). They are as long at least as the
 * other side wants; an error that wants more than the patience that is left is thrown at once.
 *
 * @throws {PutError} of the last attempt; the reason of the signal.
 */
export async function withRetry<Result>(
  work: () => Promise<Result>,
  { clock, random, milliseconds, signal, onRetry }: Patience,
): Promise<Result> {
  // Counted from the first failure: an attempt may take long by itself.
  let end: number | undefined;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PutError && error.isTransient)) throw error;
      end ??= clock.monotonic() + milliseconds;
      const { retryAfter = 0 } = error;
      if (clock.monotonic() + retryAfter >= end) throw error;
      onRetry?.(error);
      const longest = Math.min(FIRST_PAUSE * 2 ** attempt, MAX_PAUSE);
      await clock
        .sleep(retryAfter + random.fraction() * longest, signal)
        .catch(() => signal?.throwIfAborted());
    }
  }
}
