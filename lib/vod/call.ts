import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import { ConfigError } from '../config-error.ts';
import type { Clock, Deadline, Random, RateLimit } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import { explainVodError, explainVodTimeout, refuseForTime, type VodFailure } from './error.ts';
import type { Repeat } from './error-rules.ts';

/** What one call is about, and what it may cost its caller. */
export interface CallOptions {
  /** Application of VOD, where it is not the configured one. */
  readonly subAppId?: number | undefined;
  /** Ends the call with the signal's reason, whatever it is doing. */
  readonly signal?: AbortSignal;
  /** When the invocation ends, as SCF's `context.getRemainingTimeInMillis()` tells. */
  readonly deadline?: Deadline;
}

/** Dependencies of a call. */
export interface CallDependencies {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Pick<Random, 'fraction'>;
}

/** What is sent, and how long its answer may take. */
export interface Attempt<Answer> {
  /** Ends by itself after `timeLimit`, and before that when the signal is aborted. */
  readonly send: (signal?: AbortSignal) => Promise<Answer>;
  /** Milliseconds. */
  readonly timeLimit: number;
  /** Waited for before every try, so that repeats count against the limit too. */
  readonly rateLimit?: RateLimit;
  /** Whether doing it twice is worse than not knowing: it is repeated only after an answer of VOD that refuses it. */
  readonly once?: boolean;
}

const MAX_ATTEMPTS = 3;

/** Longest pause before the first repeat, in milliseconds; it doubles from one to the next. */
const PAUSE: Readonly<Record<Exclude<Repeat, 'never'>, number>> = { soon: 250, later: 1_000 };

/** Kept back for telling the caller, in milliseconds. */
const RESERVE_MILLISECONDS = 500;

/** A try with less than this is not worth its connection. */
const SHORTEST_MILLISECONDS = 200;

/** Longest time that Node's timers take, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * Returns what `attempt` does, which is repeated where that may help and time is left for it.
 *
 * Pauses have full jitter: instances that failed together do not come back together
 * (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter).
 *
 * @throws {Problem} of the last try; `upstream_busy` where time ran out before anything was sent.
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
    if (outcome.kind === 'unsent') throw last?.problem ?? refuseForTime();

    last = outcome.failure;
    const { problem, repeat } = last;
    // VOD may have done what is to be done once.
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
  | { readonly kind: 'unsent' };

async function tryOnce<Answer>(
  { send, timeLimit, rateLimit }: Attempt<Answer>,
  options: CallOptions,
): Promise<Outcome<Answer>> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (rateLimit !== undefined && !rateLimit.tryTurn()) {
    const turn = await inTime(timeLeft(options), signal, rateLimit.takeTurn);
    if (turn.late) return { kind: 'unsent' };
  }
  const limit = Math.min(timeLimit, timeLeft(options));
  if (limit < SHORTEST_MILLISECONDS) return { kind: 'unsent' };
  try {
    // Signals are slow next to a call on an open connection, so one is made only where it is needed.
    if (limit === timeLimit && signal === undefined) {
      return { kind: 'answered', answer: await send() };
    }
    const sent = await inTime(limit, signal, send);
    return sent.late
      ? { kind: 'failed', failure: explainVodTimeout() }
      : { kind: 'answered', answer: sent.value };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'failed', failure: explainVodError(error) };
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

/** Returns the credentials of the execution role where there is one, else the configured key; undefined where there is none. */
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

/** Says what credentials are missing: see {@link findVodCredentials}. */
export const MISSING_CREDENTIALS =
  'must be set, unless the function has an execution role, whose credentials the platform gives as TENCENTCLOUD_SECRETID, TENCENTCLOUD_SECRETKEY and TENCENTCLOUD_SESSIONTOKEN';

/**
 * Returns the credentials of this moment: the platform replaces those of the execution role while an instance lives.
 *
 * @throws {ConfigError}
 */
export function readVodCredentials(variables: Variables): VodCredentials {
  const found = findVodCredentials(variables);
  if (found !== undefined) return found;
  const missing = ['VOD_SECRET_ID', 'VOD_SECRET_KEY'].filter((variable) => !variables[variable]);
  throw new ConfigError(missing.map((variable) => ({ variable, message: MISSING_CREDENTIALS })));
}

/** An API of Tencent Cloud: all of them are framed and signed in one way. */
interface CloudApi {
  /** Host, with port and path where they are needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  readonly region: string | undefined;
  /** That of VOD where it is absent. */
  readonly version?: string;
  /** Seconds that an answer may take; the vendor's own 60 where it is absent. */
  readonly answerSeconds?: number;
}

/** The vendor's client, reduced to its one call that takes any action. */
type VendorClient = Pick<Client, 'request'>;

/**
 * Returns the vendor's client of `api`. It holds open connections, so an instance makes one and keeps it.
 *
 * @param readCredentials read at every call; what it throws, the vendor's client takes for a failed request.
 */
export function createVendorClient(
  { endpoint, protocol, region, version, answerSeconds }: CloudApi,
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
        // Node's own agent drops connections that are idle for five seconds.
        agent:
          protocol === 'https'
            ? new HttpsAgent({ keepAlive: true })
            : new HttpAgent({ keepAlive: true }),
        ...defined({ reqTimeout: answerSeconds }),
      },
    },
  });
  // The vendor's clients differ in nothing but the version they name, and the methods that nobody calls here.
  if (version !== undefined) client.apiVersion = version;
  return client;
}
