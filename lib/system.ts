import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** The time, and waiting for it. */
export interface Clock {
  /** Returns Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
  /** Resolves after the given number of milliseconds; rejects when the signal is aborted before. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Chance. */
export interface Random {
  /** Returns a number from 0 up to, and without, 1; anybody may guess it. */
  readonly fraction: () => number;
  /** Returns a cryptographically random whole number from 0 up to, and without, `range`. */
  readonly integer: (range: number) => number;
  /** Returns a text that is other every time. */
  readonly key: () => string;
}

/** The end of the time that something may take. */
export interface Deadline {
  /** Returns the milliseconds until then, below 0 afterwards. */
  readonly left: () => number;
}

/** The machine's own. */
export const clock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal && { signal }),
};

/** The machine's own. */
export const random: Random = { fraction: Math.random, integer: randomInt, key: randomUUID };

/** Returns the deadline so many milliseconds from now, or `deadline` where that is sooner. */
export function limitTo(
  milliseconds: number,
  deadline: Deadline,
  { monotonic }: Pick<Clock, 'monotonic'>,
): Deadline {
  const end = monotonic() + milliseconds;
  return { left: () => Math.min(end - monotonic(), deadline.left()) };
}

/**
 * Does `work` on each of `items`, in their order and at most `atOnce` at a time; of an async iterable, the next item is
 * asked for when there is room for it.
 *
 * What `work` throws is thrown when all that was begun has ended. Until as many have failed as may go on at once, it keeps no
 * other item of a list from being done; an async generator ends with the first.
 */
export async function forEachAtOnce<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // All lanes take from one iterator.
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
