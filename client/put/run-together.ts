import { setMaxListeners } from 'node:events';

/**
 * Returns the results of all `works`. The first error ends the others, by their signal; it is thrown once all have ended.
 *
 * @param signal ends all of them, too.
 */
export async function runTogether<Result>(
  works: readonly ((signal: AbortSignal) => Promise<Result>)[],
  signal: AbortSignal | undefined,
): Promise<readonly Result[]> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  // Each part waits with it.
  setMaxListeners(0, either);
  const running = works.map((work) =>
    work(either).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(running);
  stop.signal.throwIfAborted();
  return Promise.all(running);
}
