import type { Clock } from '../system.ts';

/** A gate that lets a bounded number of callers through within any second. */
export interface RateLimit {
  /** Takes a turn and returns true, where one is free and nobody waits for it. */
  readonly tryTurn: () => boolean;
  /** Resolves when the caller's turn has come; rejects with the signal's reason when it is aborted before. */
  readonly takeTurn: (signal?: AbortSignal) => Promise<void>;
}

const WINDOW_MILLISECONDS = 1_000;

/**
 * Returns a gate that lets at most `perSecond` callers through within any second, in the order in which they came.
 * One that goes away while it waits takes no turn from the others.
 */
export function createRateLimit(
  perSecond: number,
  { monotonic, sleep }: Pick<Clock, 'monotonic' | 'sleep'>,
): RateLimit {
  /** When the last turns were given: a ring whose next place holds the oldest one. */
  const given = new Array<number>(perSecond).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  /** Sets keep their order, and forget one member without looking at the others. */
  const waiting = new Set<() => void>();
  let serving = false;

  const millisecondsToWait = () => (given[next] ?? 0) + WINDOW_MILLISECONDS - monotonic();
  const giveTurn = () => {
    given[next] = monotonic();
    next = (next + 1) % perSecond;
  };

  async function serve(): Promise<void> {
    serving = true;
    for (;;) {
      const [first] = waiting;
      if (first === undefined) break;
      // Timers may fire a little early, so the clock has the last word.
      const wait = millisecondsToWait();
      if (wait > 0) {
        await sleep(wait);
        continue;
      }
      giveTurn();
      waiting.delete(first);
      first();
    }
    serving = false;
  }

  const tryTurn = () => {
    if (waiting.size > 0 || millisecondsToWait() > 0) return false;
    giveTurn();
    return true;
  };

  const takeTurn = (signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (tryTurn()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(enter);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.add(enter);
      if (!serving) void serve();
    });
  };

  return { tryTurn, takeTurn };
}
