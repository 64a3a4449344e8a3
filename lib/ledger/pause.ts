/** Dependencies of a pause. */
export interface PauseOptions {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
  /** Longest pause, in milliseconds. */
  readonly longest: number;
}

/** The waits between attempts to reach one server, for all who want to. */
export interface Pause {
  /** Returns the milliseconds that are left until the next attempt may begin. */
  left(): number;
  /** Counts an attempt that came to nothing, or a connection that was lost before it did any work. */
  failed(): void;
  /** Counts a connection that was lost after it had worked: the next attempt need not wait. */
  lost(): void;
  /** Forgets what had failed. */
  worked(): void;
}

const FIRST_MILLISECONDS = 20;

/**
 * Creates waits that grow twofold from attempt to attempt and are as random as half of them, so that instances that lost
 * a server together do not come back together.
 *
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function createPause({ now, random, longest }: PauseOptions): Pause {
  let failures = 0;
  let failedAt = 0;
  const count = (atLeast: number) => {
    failures = Math.max(failures + 1, atLeast);
    failedAt = now();
  };
  return {
    left() {
      if (failures < 2) return 0;
      const whole = Math.min(FIRST_MILLISECONDS * 2 ** (failures - 2), longest);
      const passed = Math.max(now() - failedAt, 0);
      return Math.max(whole * (0.5 + random() / 2) - passed, 0);
    },
    failed: () => count(2),
    lost: () => count(1),
    worked() {
      failures = 0;
    },
  };
}
