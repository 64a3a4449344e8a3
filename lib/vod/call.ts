import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import { ConfigError } from '../config-error.ts';
import { Problem } from '../problem.ts';
import type { Clock, Deadline, Random, RateLimit } from '../system.ts';
import { defined } from '../validation/json-object.ts';
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

/** A key of Tencent Cloud. */
export interface VodCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Session token; the keys of an execution role have one. */
  readonly token: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the credentials of the execution role if there is one, else the configured key; undefined if neither is set.
 */
export function findVodCredentials(variables: Variables): VodCredentials | undefined {
  const {
    TENCENTCLOUD_SECRETID: roleId,
    TENCENTCLOUD_SECRETKEY: roleKey,
    TENCENTCLOUD_SESSIONTOKEN: token,
    VOD_SECRET_ID: secretId,
    VOD_SECRET_KEY: secretKey,
  } = variables;
  if (roleId && roleKey && token) return { secretId: roleId, secretKey: roleKey, token };
  return secretId && secretKey ? { secretId, secretKey, token: undefined } : undefined;
}

/** Message that says which credentials are missing: see {@link findVodCredentials}. */
export const MISSING_CREDENTIALS =
  'must be set, unless the function has an execution role, whose credentials the platform gives as TENCENTCLOUD_SECRETID, TENCENTCLOUD_SECRETKEY and TENCENTCLOUD_SESSIONTOKEN';

/**
 * Returns the current credentials: the platform replaces those of the execution role during the life of an instance.
 *
 * @throws {ConfigError}
 */
export function readVodCredentials(variables: Variables): VodCredentials {
  const found = findVodCredentials(variables);
  if (found !== undefined) return found;
  const missing = ['VOD_SECRET_ID', 'VOD_SECRET_KEY'].filter((variable) => !variables[variable]);
  throw new ConfigError(missing.map((variable) => ({ variable, message: MISSING_CREDENTIALS })));
}

/** An API of Tencent Cloud: all of them share one format and one signature. */
interface CloudApi {
  /** Host, with port and path if needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  readonly region: string | undefined;
  /** If absent, that of VOD. */
  readonly version?: string;
  /** Seconds that an answer may take; if absent, the vendor's default of 60. */
  readonly answerSeconds?: number;
  /**
   * Whether connections stay open between calls; true if absent. A server closes one that was idle, and a call that is just
   * being sent on it fails: a program that does not repeat calls opens a connection for each.
   */
  readonly keepsOpen?: boolean;
}

/** The vendor's client, reduced to its one method that calls any action. */
type VendorClient = Pick<Client, 'request'>;

/**
 * Creates the vendor's client of an API. It may keep connections open, so an instance creates it once.
 *
 * @param readCredentials called for every request; the vendor's client treats an error that it throws as a failed
 * request.
 */
export function createVendorClient(
  { endpoint, protocol, region, version, answerSeconds, keepsOpen = true }: CloudApi,
  readCredentials: () => VodCredentials,
): VendorClient {
  const client = new Client({
    credential: {
      getCredential: async () => {
        const { secretId, secretKey, token } = readCredentials();
        return { secretId, secretKey, ...defined({ token }) };
      },
    },
    ...defined({ region }),
    profile: {
      httpProfile: {
        endpoint,
        protocol: `${protocol}://`,
        // The default agent of Node.js drops connections that are idle for five seconds.
        agent:
          protocol === 'https'
            ? new HttpsAgent({ keepAlive: keepsOpen })
            : new HttpAgent({ keepAlive: keepsOpen }),
        ...defined({ reqTimeout: answerSeconds }),
      },
    },
  });
  // The vendor's clients differ only in the version that they send, and in methods that are not used here.
  if (version !== undefined) client.apiVersion = version;
  return client;
}
