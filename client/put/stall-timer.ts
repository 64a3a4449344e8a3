/** Slowest rate at which a connection counts as alive, in bytes per second. */
const MIN_RATE = 2_000;

/** What any step may take, in milliseconds: connecting, TLS, a lost packet. */
const GRACE_MILLISECONDS = 15_000;

/** Completing an upload of many parts takes storage a while. */
const ANSWER_MILLISECONDS = 120_000;

/** A timer that fires this much late was not late itself: the machine slept, or the process was stopped. */
const SLEEP_MILLISECONDS = 5_000;

/** Ends a request on which nothing moves. Its time depends on bytes, so that slow connections may take their time. */
export interface StallTimer {
  /** From now on, `bytes` have to be sent. */
  readonly expect: (bytes: number) => void;
  /** From now on, an answer has to come. */
  readonly expectAnswer: () => void;
  /** Nothing is expected, until the next call. */
  readonly pause: () => void;
}

/** Starts the timer of a request, with nothing expected yet. */
export function startStallTimer(onStall: () => void): StallTimer {
  let timer: NodeJS.Timeout | undefined;
  const arm = (milliseconds: number) => {
    clearTimeout(timer);
    const due = performance.now() + milliseconds;
    timer = setTimeout(() => {
      if (performance.now() - due > SLEEP_MILLISECONDS) arm(milliseconds);
      else onStall();
    }, milliseconds);
  };
  return {
    expect: (bytes) => arm(GRACE_MILLISECONDS + (bytes / MIN_RATE) * 1_000),
    expectAnswer: () => arm(ANSWER_MILLISECONDS),
    pause: () => clearTimeout(timer),
  };
}
