import { setTimeout as sleep } from 'node:timers/promises';

/** How a wait may end before its time, and how it is described. */
interface WaitOptions {
  /** Rejects the wait when it aborts. */
  readonly signal: AbortSignal;
  /** Whether the wait keeps the process running; true by default. */
  readonly ref?: boolean;
  /** What the wait is for, as `advance` reports it; a wait without it is not reported. */
  readonly what?: string;
}

/** The emulator's clock. Whatever expires, is retried or takes time in the simulation is measured by it. */
export interface Clock {
  now(): Date;
  /**
   * Resolves when this clock has advanced by `milliseconds`, by itself or because it was moved, with the milliseconds
   * by which it has advanced further than that.
   */
  wait(milliseconds: number, options: WaitOptions): Promise<number>;
  /** The time of the machine. Callers write it into their requests, since their clocks do not move. */
  callersNow(): Date;
  /**
   * Returns by how many milliseconds this clock was ahead when a caller wrote `time`; 0 if no caller's clock can show
   * that time yet, so that it must have been read from this clock.
   */
  aheadAt(time: Date): number;
}

/**
 * Performs the check of a time in a request: callers write the time of the machine, or of the emulator where its answers
 * had it. Throws what the check throws if the time is wrong by both.
 */
export function atEitherTime<Result>(
  { now, callersNow }: Pick<Clock, 'now' | 'callersNow'>,
  check: (time: Date) => Result,
): Result {
  const [emulated, machine] = [now(), callersNow()];
  if (emulated.getTime() - machine.getTime() < 1_000) return check(emulated);
  try {
    return check(machine);
  } catch {
    return check(emulated);
  }
}

/** A change of a clock: since when, by the machine, it is ahead, and by how much in all. Both in milliseconds. */
export interface ClockMove {
  readonly since: number;
  readonly ahead: number;
}

/** A clock that can be moved forward. */
export interface MovableClock extends Clock {
  /**
   * Moves the clock forward; every wait that ends with that is over. Returns what those waits were for, the earliest
   * first. Callers date requests in whole seconds, so the move counts from the machine's next full second:
   * {@link settled}.
   *
   * @throws RangeError if `milliseconds` is not positive, or the time would be after the year 9998.
   */
  advance(milliseconds: number): readonly string[];
  /** Resolves at the full second from which the last move counts. */
  settled(): Promise<void>;
  /** Sets the clock to the time of the machine. Waits continue with the time that they have left. */
  reset(): void;
  /** Every move, oldest first. */
  moves(): readonly ClockMove[];
}

interface Wait {
  /** Time of its end, on the scale of `elapsed()`. */
  readonly due: number;
  readonly what: string | undefined;
  /** Sets the timer for the time that is left, or ends the wait. */
  rearm(): void;
}

/** Times further ahead of the machine than this were not written by the clock of a caller. */
const MAX_SKEW = 600_000;
/** https://developer.mozilla.org/en-US/docs/Web/API/Window/setTimeout#maximum_delay_value */
const MAX_TIMER = 2 ** 31 - 1;
/** Media that never expire have the last second of 9999, which the clock must not reach by running. */
const LAST_TIME = Date.parse('9998-12-31T23:59:59Z');

/**
 * Returns a clock that shows the time of the machine until it is moved.
 *
 * @param machineNow the time of the machine.
 * @param before earlier moves, of a clock that continues.
 */
export function createClock(
  machineNow: () => Date = () => new Date(),
  before: readonly ClockMove[] = [],
): MovableClock {
  const moves = [...before];
  const waits = new Set<Wait>();
  // Waits end by the steady clock of the process: the machine's may be set while they last.
  let skipped = 0;
  const elapsed = () => performance.now() + skipped;
  const ahead = () => moves.at(-1)?.ahead ?? 0;
  const now = () => new Date(machineNow().getTime() + ahead());

  return {
    now,
    callersNow: machineNow,
    wait: (milliseconds, options) => startWait(waits, elapsed, milliseconds, options),
    aheadAt(time) {
      const written = time.getTime();
      if (written > machineNow().getTime() + MAX_SKEW) return 0;
      return moves.findLast(({ since }) => since <= written)?.ahead ?? 0;
    },
    advance(milliseconds) {
      if (!(milliseconds > 0)) throw new RangeError('A clock can only be moved forward');
      if (now().getTime() + milliseconds > LAST_TIME) {
        throw new RangeError('The clock can be moved to 9998-12-31T23:59:59Z at the latest');
      }
      const since = Math.ceil(machineNow().getTime() / 1_000) * 1_000;
      moves.push({ since, ahead: ahead() + milliseconds });
      skipped += milliseconds;
      const over = [...waits].filter(({ due }) => due <= elapsed());
      for (const { rearm } of [...waits]) rearm();
      return over.sort((a, b) => a.due - b.due).flatMap(({ what }) => what ?? []);
    },
    async settled() {
      const left = (moves.at(-1)?.since ?? 0) - machineNow().getTime();
      if (left > 0) await sleep(left);
    },
    reset: () => void moves.splice(0),
    moves: () => [...moves],
  };
}

function startWait(
  waits: Set<Wait>,
  elapsed: () => number,
  milliseconds: number,
  { signal, ref = true, what }: WaitOptions,
): Promise<number> {
  return new Promise((over, interrupted) => {
    if (signal.aborted) {
      interrupted(signal.reason);
      return;
    }
    const due = elapsed() + milliseconds;
    let timer: NodeJS.Timeout | undefined;
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      waits.delete(wait);
      settle();
    };
    const abort = () => end(() => interrupted(signal.reason));
    const rearm = () => {
      clearTimeout(timer);
      const left = due - elapsed();
      if (left <= 0) {
        end(() => over(-left));
        return;
      }
      timer = setTimeout(rearm, Math.min(Math.ceil(left), MAX_TIMER));
      if (!ref) timer.unref();
    };
    const wait: Wait = { due, what, rearm };
    waits.add(wait);
    signal.addEventListener('abort', abort);
    rearm();
  });
}
