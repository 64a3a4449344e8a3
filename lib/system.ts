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

/** Moments of this instance, in milliseconds, between which the database's clock was at `at`. */
interface Reading {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly at: number;
}

/** Returns what to add to a time of the database's clock for one of this instance's monotonic clock. */
export type CompareClocks = (reading: Reading) => number;

/** How long a comparison of two clocks is used, in milliseconds. */
const COMPARISON_MILLISECONDS = 30_000;

/** Creates the comparison of this instance's monotonic clock with that of the database. */
export function createClockComparison(): CompareClocks {
  let best: Reading | undefined;
  const doubt = ({ sentAt, receivedAt }: Reading) => receivedAt - sentAt;
  const isUsable = (reading: Reading): boolean => {
    if (best === undefined || reading.receivedAt - best.receivedAt > COMPARISON_MILLISECONDS) {
      return false;
    }
    // Otherwise one of the clocks was set, or another server answers.
    const passed = reading.at - best.at;
    return passed <= reading.receivedAt - best.sentAt && passed >= reading.sentAt - best.receivedAt;
  };
  return (reading) => {
    // After the shortest wait for an answer it is least doubtful when the clock was read.
    if (best === undefined || !isUsable(reading) || doubt(reading) <= doubt(best)) best = reading;
    return (best.sentAt + best.receivedAt) / 2 - best.at;
  };
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

/** A caller that waits for its turn. */
export interface Waiter {
  /** Until when it waits, on the monotonic clock. */
  readonly until: number;
  /** Ends its wait: with its turn, or with an error. */
  readonly enter: () => void;
  readonly refuse: (error: unknown) => void;
}

/** Callers that wait for their turns, in the order in which they came. */
export interface Queue {
  /** A set, since it is ordered and removes a member without a search. */
  readonly waiting: ReadonlySet<Waiter>;
  /** Waits for a turn; rejects with the signal's reason if it is aborted before that. */
  readonly wait: (signal?: AbortSignal, until?: number) => Promise<void>;
}

/**
 * Creates a queue. `serve` runs while anyone waits, once at a time, and lets in or refuses all of them before it ends; an
 * error that it throws refuses all who wait then.
 */
export function createQueue(serve: (waiting: ReadonlySet<Waiter>) => Promise<void>): Queue {
  const waiting = new Set<Waiter>();
  let isServing = false;
  const start = async () => {
    isServing = true;
    try {
      // Those who were let in may have come back before this continues.
      do await serve(waiting);
      while (waiting.size > 0);
      isServing = false;
    } catch (error) {
      isServing = false;
      for (const waiter of waiting) waiter.refuse(error);
    }
  };
  const wait = (signal?: AbortSignal, until = Number.POSITIVE_INFINITY): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = () => waiter.refuse(signal?.reason);
      const end = () => {
        waiting.delete(waiter);
        signal?.removeEventListener('abort', leave);
      };
      const waiter: Waiter = {
        until,
        enter() {
          end();
          resolve();
        },
        refuse(error) {
          end();
          reject(error);
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.add(waiter);
      if (!isServing) void start();
    });
  return { waiting, wait };
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
  const millisecondsToWait = () => (given[next] ?? 0) + WINDOW_MILLISECONDS - monotonic();
  const giveTurn = () => {
    given[next] = monotonic();
    next = (next + 1) % perSecond;
  };
  const queue = createQueue(async (waiting) => {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      // Timers may fire a little early, so the clock decides.
      const wait = millisecondsToWait();
      if (wait > 0) {
        await sleep(wait);
        continue;
      }
      giveTurn();
      first.enter();
    }
  });
  const tryTurn = () => {
    if (queue.waiting.size > 0 || millisecondsToWait() > 0) return false;
    giveTurn();
    return true;
  };
  return {
    tryTurn,
    async takeTurn(signal) {
      signal?.throwIfAborted();
      if (!tryTurn()) await queue.wait(signal);
    },
  };
}

/** The pauses between attempts to reach one server, shared by all callers. */
interface Pause {
  /** Returns the milliseconds until the next attempt may begin. */
  left(): number;
  /** Counts an attempt that failed, or a connection that was lost before it did any work. */
  failed(): void;
  /** Counts a connection that was lost after it had done work: the next attempt need not wait. */
  lost(): void;
  /** Resets the count of failures. */
  worked(): void;
}

const FIRST_MILLISECONDS = 20;

/**
 * Creates pauses that double from attempt to attempt and of which half is random, so that instances that lost a server
 * at the same time do not return at the same time.
 *
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function createPause(options: {
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'fraction'>;
  /** Longest pause, in milliseconds. */
  readonly longest: number;
}): Pause {
  const { clock, random, longest } = options;
  let failures = 0;
  let failedAt = 0;
  const count = (atLeast: number) => {
    failures = Math.max(failures + 1, atLeast);
    failedAt = clock.now();
  };
  return {
    left() {
      if (failures < 2) return 0;
      const whole = Math.min(FIRST_MILLISECONDS * 2 ** (failures - 2), longest);
      const passed = Math.max(clock.now() - failedAt, 0);
      return Math.max(whole * (0.5 + random.fraction() / 2) - passed, 0);
    },
    failed: () => count(2),
    lost: () => count(1),
    worked() {
      failures = 0;
    },
  };
}
