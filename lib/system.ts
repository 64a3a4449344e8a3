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
