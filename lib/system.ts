import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** The time, and waiting for it. */
export interface Clock {
  /** Returns Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
  /** Resolves after the given number of milliseconds; rejects if the signal is aborted before that. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Random values. */
export interface Random {
  /** Returns a number from 0 up to, but not including, 1; it is predictable, so never use it for a secret. */
  readonly fraction: () => number;
  /** Returns a cryptographically random whole number from 0 up to, but not including, `range`. */
  readonly integer: (range: number) => number;
  /** Returns a text that is different every time. */
  readonly key: () => string;
}

/** The end of the time that something may take. */
export interface Deadline {
  /** Returns the milliseconds until then, below 0 afterwards. */
  readonly left: () => number;
}

/** That of the machine. */
export const clock: Clock = {
  now: Date.now,
  // As in lib/runtime/invocation.ts.
  monotonic: () => Number(process.hrtime.bigint()) / 1_000_000,
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal && { signal }),
};

/** That of the machine. */
export const random: Random = { fraction: Math.random, integer: randomInt, key: randomUUID };

/** Returns the deadline that is `milliseconds` from now, or `deadline` if that is sooner. */
export function limitTo(
  milliseconds: number,
  deadline: Deadline,
  { monotonic }: Pick<Clock, 'monotonic'>,
): Deadline {
  const end = monotonic() + milliseconds;
  return { left: () => Math.min(end - monotonic(), deadline.left()) };
}

/**
 * Does `work` on each of `items`, in their order and at most `atOnce` at a time. The next item of an async iterable is
 * requested only when there is room for it.
 *
 * An error that `work` throws is thrown after all running work has ended. Each error stops one of the `atOnce` lanes,
 * so the other items of a list are worked on until every lane has failed; an async generator ends with the first error.
 */
export async function forEachAtOnce<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // All lanes share one iterator.
  const waiting = Symbol.asyncIterator in items ? items : [...items].values();
  const lane = async () => {
    for await (const item of waiting) await work(item);
  };
  const lanes = Array.from({ length: atOnce }, lane);
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}

/** A gate that lets a bounded number of callers through within any second. */
export interface RateLimit {
  /** Takes a turn and returns true, if one is free and no one is waiting. */
  readonly tryTurn: () => boolean;
  /**
   * Resolves when the caller's turn has come; rejects with the signal's reason if it is aborted before that. A limit that
   * knows that no turn is free within `longest` milliseconds rejects with a Problem instead.
   */
  readonly takeTurn: (signal?: AbortSignal, longest?: number) => Promise<void>;
}

const WINDOW_MILLISECONDS = 1_000;

/**
 * Returns a gate that lets at most `perSecond` callers through within any second, in the order in which they came.
 * One that stops waiting uses up no turn.
 */
export function createRateLimit(
  perSecond: number,
  { monotonic, sleep }: Pick<Clock, 'monotonic' | 'sleep'>,
): RateLimit {
  /** When the last turns were given: a ring buffer; index `next` holds the oldest one. */
  const given = new Array<number>(perSecond).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  /** A set, since it is ordered and removes a member without a search. */
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
      // Timers may fire a little early, so the clock decides.
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
