import { clock, random } from '../../../lib/system.ts';

/** The first pause after a failure, and the longest, in seconds. */
const FIRST_PAUSE = 1;
const MAX_PAUSE = 30;

/** A failure that may pass: why, and the seconds after which to try again, if the server said so. */
interface Failure {
  readonly reason: string;
  readonly retryAfter?: number | undefined;
}

interface RetryOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Tells the user what happens. */
  readonly say: (text: string) => void;
}

/**
 * Returns the result of `work`, which is repeated after growing pauses, half of each random, while it fails in a way that
 * may pass; undefined if the user ends it first.
 *
 * @param explain returns undefined for an error that will not pass, which is thrown.
 */
export async function tryAgain<Result>(
  work: () => Promise<Result>,
  explain: (error: unknown) => Failure | undefined,
  { signal, say }: RetryOptions,
): Promise<Result | undefined> {
  for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(pause * 2, MAX_PAUSE)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) break;
      const failure = explain(error);
      if (failure === undefined) throw error;
      const { reason, retryAfter = 0 } = failure;
      const seconds = Math.max(retryAfter, pause * (0.5 + random.fraction() / 2));
      say(`${reason} Trying again in ${Math.ceil(seconds)} s`);
      await clock.sleep(seconds * 1_000, signal).catch(() => undefined);
      if (!signal.aborted) say('listening');
    }
  }
  return undefined;
}
