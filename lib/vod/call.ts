import { Problem } from '../problem.ts';
import type { Clock, Deadline, Random, RateLimit } from '../system.ts';
import { explainVodError, explainVodTimeout, refuseForTime, type VodFailure } from './error.ts';
import type { Repeat } from './error-rules.ts';

/** Application, signal and deadline of one call. */
export interface CallOptions {
  /** Application of VOD, if it is not the configured one. */
  readonly subAppId?: number | undefined;
  /** Ends the call with the signal's reason at any point. */
  readonly signal?: AbortSignal;
  /** When the invocation ends, from SCF's `context.getRemainingTimeInMillis()`. */
  readonly deadline?: Deadline;
}

/** Dependencies of a call. */
export interface CallDependencies {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Pick<Random, 'fraction'>;
}

/** What is sent, its time limit, and how it may be repeated. */
export interface Attempt<Answer> {
  /** Ends after `timeLimit`, or earlier if the signal is aborted. */
  readonly send: (signal?: AbortSignal) => Promise<Answer>;
  /** Milliseconds. */
  readonly timeLimit: number;
  /** Awaited before every attempt, so that repeats count against the limit too. */
  readonly rateLimit?: RateLimit | undefined;
  /** Called each time that VOD refuses the call because there are too many, or because VOD is overloaded. */
  readonly onBusy?: (() => void) | undefined;
  /**
   * Whether it must not be done twice, even if its result stays unknown: it is repeated only after a refusal by VOD.
   */
  readonly once?: boolean;
}

const MAX_ATTEMPTS = 3;

/** Longest pause before the first repeat, in milliseconds; it doubles with each repeat. */
const PAUSE: Readonly<Record<Exclude<Repeat, 'never'>, number>> = { soon: 250, later: 1_000 };

/** Reserved for the answer to the caller, in milliseconds. */
const RESERVE_MILLISECONDS = 500;

/** With less time left than this, no attempt is made. */
const SHORTEST_MILLISECONDS = 200;

/** Longest time that timers of Node.js accept, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * Returns the answer to `attempt`, which is repeated if that may help and there is time left.
 *
 * Pauses have full jitter: instances that failed at the same time do not retry at the same time
 * (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter).
 *
 * @throws {Problem} of the last attempt; `upstream_busy` without VOD's refusal if nothing was sent, since time ran out or
 * the calls of all instances are used up, with the header `Retry-After`; problems of the database if it counts the calls.
 */
export async function callVod<Answer>(
  attempt: Attempt<Answer>,
  { clock, random }: CallDependencies,
  options: CallOptions,
): Promise<Answer> {
  let last: VodFailure | undefined;
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryOnce(attempt, options);
    if (outcome.kind === 'answered') return outcome.answer;
    if (outcome.kind === 'unsent') throw last?.problem ?? outcome.problem;

    last = outcome.failure;
    const { problem, repeat } = last;
    // VOD may already have done what must not be done twice.
    const isUncertain = attempt.once === true && problem.vod === undefined;
    if (repeat === 'never' || tries === MAX_ATTEMPTS || isUncertain) throw problem;
    const pause = random.fraction() * PAUSE[repeat] * 2 ** (tries - 1);
    if (timeLeft(options) - pause < SHORTEST_MILLISECONDS) throw problem;
    await clock.sleep(pause, options.signal).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      throw error;
    });
  }
}

type Outcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly failure: VodFailure }
  | { readonly kind: 'unsent'; readonly problem: Problem };

async function tryOnce<Answer>(
  { send, timeLimit, rateLimit, onBusy }: Attempt<Answer>,
  options: CallOptions,
): Promise<Outcome<Answer>> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (rateLimit !== undefined && !rateLimit.tryTurn()) {
    const unsent = await waitForTurn(rateLimit, options);
    if (unsent !== undefined) return unsent;
  }
  const limit = Math.min(timeLimit, timeLeft(options));
  if (limit < SHORTEST_MILLISECONDS) return { kind: 'unsent', problem: refuseForTime() };
  try {
    // Signals are slow compared with a call on an open connection, so one is created only if needed.
    if (limit === timeLimit && signal === undefined) {
      return { kind: 'answered', answer: await send() };
    }
    const sent = await inTime(limit, signal, send);
    return sent.late
      ? { kind: 'failed', failure: explainVodTimeout() }
      : { kind: 'answered', answer: sent.value };
  } catch (error) {
    signal?.throwIfAborted();
    const failure = explainVodError(error);
    if (failure.repeat === 'later') onBusy?.();
    return { kind: 'failed', failure };
  }
}

/** Returns why nothing can be sent; undefined if the turn has come. */
async function waitForTurn(
  { takeTurn }: RateLimit,
  options: CallOptions,
): Promise<Extract<Outcome<never>, { kind: 'unsent' }> | undefined> {
  const left = timeLeft(options);
  try {
    const turn = await inTime(left, options.signal, (signal) => takeTurn(signal, left));
    return turn.late ? { kind: 'unsent', problem: refuseForTime() } : undefined;
  } catch (error) {
    if (error instanceof Problem) return { kind: 'unsent', problem: error };
    throw error;
  }
}

type Timed<Value> = { readonly late: false; readonly value: Value } | { readonly late: true };

async function inTime<Value>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Timed<Value>> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), Math.min(milliseconds, MAX_TIMER));
  try {
    const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    return { late: false, value: await run(either) };
  } catch (error) {
    if (limit.signal.aborted) return { late: true };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function timeLeft({ deadline }: CallOptions): number {
  return (deadline?.left() ?? Number.POSITIVE_INFINITY) - RESERVE_MILLISECONDS;
}
