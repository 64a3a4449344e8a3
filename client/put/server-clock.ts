/** Differences that need no correction, in milliseconds: signatures allow for more. */
const TOLERATED_MILLISECONDS = 30_000;

/** The time as a server has it, which may differ from that of this machine. */
export interface ServerClock {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Sets it by the `Date` of an answer; returns whether it was wrong. */
  readonly adjust: (date: string | undefined) => boolean;
}

/** Creates the clock, which is that of the machine until an answer says otherwise. */
export function createServerClock(now: () => number): ServerClock {
  let ahead = 0;
  return {
    now: () => now() + ahead,
    adjust(date) {
      const time = Date.parse(date ?? '');
      if (Number.isNaN(time) || Math.abs(now() + ahead - time) < TOLERATED_MILLISECONDS)
        return false;
      ahead = time - now();
      return true;
    },
  };
}
