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
  /** Returns a number from 0 up to, but not including, 1. */
  readonly fraction: () => number;
}

/** That of the machine. */
export const clock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, signal && { signal }),
};
