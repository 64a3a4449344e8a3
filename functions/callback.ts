import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallbackConfig, readCallbackConfig } from '../lib/config/callback-config.ts';
import { readVodCredentials } from '../lib/config/pull-config.ts';
import { createTargets } from '../lib/delivery/create-targets.ts';
import type { Target } from '../lib/delivery/target.ts';
import { type ConfirmingApi, confirmEvent } from '../lib/events/confirm-event.ts';
import { passOnEvent } from '../lib/events/pass-on-event.ts';
import {
  describeLegacyEvent,
  describeReceivedEvent,
  receiveEvent,
} from '../lib/events/received-event.ts';
import { recordEvent } from '../lib/events/record-event.ts';
import { type HttpEvent, readHeader, readJsonBody, readQuery } from '../lib/http/event.ts';
import { httpHandler, type Route } from '../lib/http/http-handler.ts';
import { routeWithSettings } from '../lib/http/route-with-settings.ts';
import { explainToOperator, type Invocation } from '../lib/invocation.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { type ReachLedger, reachLedger } from '../lib/ledger/reach-ledger.ts';
import type { ActionDependencies } from '../lib/media-actions/due-action.ts';
import { createCoverFetcher, type FetchCover } from '../lib/media-actions/fetch-cover.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { Problem } from '../lib/problem.ts';
import {
  type CallbackRefusal,
  type CallbackSignature,
  verifyCallbackSignature,
} from '../lib/signing/callback-signature.ts';
import { isDeeperThan } from '../lib/validation/json-depth.ts';
import { isJsonObject } from '../lib/validation/json-object.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { parseVodEvent, type RawEvent, type VodEvent, writeVodEvent } from '../lib/vod/event.ts';
import { identifyEvent } from '../lib/vod/event-id.ts';
import { readLegacyEvent } from '../lib/vod/event-legacy.ts';

/** What the route takes from outside. */
export interface CallbackDependencies {
  readonly config: Pick<CallbackConfig, 'signKeys'>;
  readonly api: ConfirmingApi & ActionDependencies['api'];
  /** What new media may be, and what is set of them. */
  readonly settings: Settings;
  readonly fetchCover: FetchCover;
  /** Where there is none, nothing is kept: consumers are told before VOD is. */
  readonly ledger: ReachLedger | undefined;
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly clock: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
}

/** VOD waits five seconds for an answer, some of which are gone on the way: https://cloud.tencent.com/document/product/266/33779. */
const ANSWER_MILLISECONDS = 4_500;

/** How much of that confirming may take, what a call to VOD keeps back included. */
const CONFIRM_MILLISECONDS = 2_500;

/** Longest wait for one answer of the ledger, so that a second try and the answer itself are in time. */
const LEDGER_MILLISECONDS = 1_000;

/** Answers the route `POST /callback`. */
export function createCallbackRoute(dependencies: CallbackDependencies): Route {
  const { config, api, now, clock } = dependencies;
  return async (event, invocation) => {
    const { log } = invocation;
    const startedAt = clock();
    const leftOf = (milliseconds: number) => () =>
      Math.min(startedAt + milliseconds - clock(), invocation.remainingMilliseconds());
    const body = readNotification(event);
    log.signKey = authenticateNotification(body, event, config, now());

    const legacy = readLegacyEvent(body);
    if (legacy !== undefined) {
      Object.assign(log, describeLegacyEvent(legacy));
      return TAKEN;
    }
    const pushed = parseVodEvent(body);
    const confirmation = await confirmEvent(pushed, api, {
      remainingMilliseconds: leftOf(CONFIRM_MILLISECONDS),
    });
    if (confirmation.kind === 'denied') throw denyEvent(pushed, log);
    if (confirmation.kind === 'unavailable') {
      await keepEvent(pushed, confirmation.problem, dependencies, log);
      return TAKEN;
    }
    log.confirmation = confirmation.kind;
    // The log line is the event's record where there is no other.
    Object.assign(log, describeReceivedEvent(receiveEvent(confirmation.event)));
    const confirmed = confirmation.kind === 'confirmed';
    const remainingMilliseconds = leftOf(ANSWER_MILLISECONDS);
    await tellOf(confirmation.event, confirmed, remainingMilliseconds, dependencies, log);
    return TAKEN;
  };
}

const TAKEN = { status: 200, body: { code: 0 } } as const;

/** The notifications that VOD documents have ten levels at most: https://cloud.tencent.com/document/product/266/31773. */
const MOST_LEVELS = 100;

function readNotification(event: HttpEvent): RawEvent {
  const body = readJsonBody(event);
  if (!isJsonObject(body)) {
    throw new Problem('Cannot read the notification: it must be a JSON object.', {
      code: 'invalid_request',
    });
  }
  if (isDeeperThan(MOST_LEVELS, body)) {
    throw new Problem(
      `Cannot read the notification: it must have at most ${MOST_LEVELS} levels of objects and lists.`,
      { code: 'invalid_request' },
    );
  }
  return body;
}

/** Answers the place of the key that fits. */
function authenticateNotification(
  body: RawEvent,
  event: HttpEvent,
  config: CallbackDependencies['config'],
  nowMilliseconds: number,
): number {
  const signature = findSignature(body, event);
  if (signature === undefined) {
    throw new Problem('The notification has no "Sign" and "T".', { code: 'unauthorized' });
  }
  const verdict = verifyCallbackSignature(
    signature,
    config.signKeys,
    Math.floor(nowMilliseconds / 1_000),
  );
  if (verdict.authentic) return verdict.key;
  throw new Problem(REFUSAL[verdict.refusal], { code: 'unauthorized' });
}

const REFUSAL: Readonly<Record<CallbackRefusal, string>> = {
  mismatch: '"Sign" fits none of the configured keys.',
  expired: '"T" is in the past: the notification came too late, or a clock is wrong.',
  too_far_ahead: '"T" is further ahead than VOD sets it: a clock is wrong.',
};

/**
 * VOD's documents say that both values are in the notification and not where, so the places are tried in the order of
 * their likelihood: https://cloud.tencent.com/document/product/266/33779.
 */
function findSignature(body: RawEvent, event: HttpEvent): CallbackSignature | undefined {
  return (
    pairSignature(body['Sign'], body['T']) ??
    pairSignature(readQuery(event, 'Sign'), readQuery(event, 'T')) ??
    pairSignature(readHeader(event, 'sign'), readHeader(event, 't'))
  );
}

function pairSignature(sign: unknown, t: unknown): CallbackSignature | undefined {
  if (typeof sign !== 'string') return undefined;
  if (typeof t === 'string') return { sign, t };
  return typeof t === 'number' ? { sign, t: String(t) } : undefined;
}

type Log = Invocation['log'];

/** Of what VOD denies, the log line says no more than the kind: anybody may have written the rest. */
function denyEvent(pushed: VodEvent, log: Log): Problem {
  log.confirmation = 'denied';
  if (pushed.eventType !== 'unknown') log.eventType = pushed.eventType;
  return new Problem('VOD does not know of what the notification tells.', { code: 'unauthorized' });
}

/** Keeps an event that VOD could not be asked about, for the sweep to ask again. */
async function keepEvent(
  pushed: VodEvent,
  problem: Problem,
  { ledger, now }: CallbackDependencies,
  log: Log,
): Promise<void> {
  if (ledger === undefined) {
    throw new Problem('VOD could not be asked about the notification: send it again.', {
      code: 'confirmation_unavailable',
      cause: problem,
      ...(problem.vod === undefined ? {} : { vod: problem.vod }),
    });
  }
  const kept = { eventId: identifyEvent(pushed), raw: writeVodEvent(pushed), receivedAt: now() };
  log.fresh = await ledger((opened) => opened.keepUnconfirmed(kept));
  log.confirmation = 'kept';
  Object.assign(log, describeReceivedEvent(receiveEvent(pushed)), explainToOperator(problem));
}

async function tellOf(
  event: VodEvent,
  confirmed: boolean,
  remainingMilliseconds: () => number,
  dependencies: CallbackDependencies,
  log: Log,
): Promise<void> {
  const { ledger, settings, now } = dependencies;
  const reception = { receivedAt: now(), confirmed, settings };
  const telling = { ...dependencies, remainingMilliseconds };
  const told =
    ledger === undefined
      ? await passOnEvent(event, reception, telling)
      : await ledger((opened) => recordEvent(event, reception, opened, telling));
  Object.assign(log, told);
}

/** The function's entry point. */
export const main_handler = httpHandler('callback', ['POST'], () => {
  const config = readCallbackConfig(process.env);
  const readCredentials = () => readVodCredentials(process.env);
  const clock = () => performance.now();
  const api = createVodApi(config.vodApi, {
    readCredentials,
    now: clock,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}),
    random: Math.random,
  });
  const targets = createTargets(config.delivery, { now: Date.now, readCredentials });
  const { databaseUrl } = config;
  const ledger =
    databaseUrl === undefined ? undefined : reachLedger(() => openLedger(databaseUrl, targets));
  const times = { now: Date.now, clock, random: Math.random };
  const known = { config, api, ledger, targets, fetchCover: createCoverFetcher() };
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createCallbackRoute({ ...known, ...times, settings }),
  );
  return { corsOrigins: [], route };
});

async function openLedger(databaseUrl: string, targets: readonly Target[]): Promise<Ledger> {
  const opening = await import('../lib/ledger/ledger.ts');
  return opening.openLedger(databaseUrl, {
    now: Date.now,
    randomKey: randomUUID,
    answerMilliseconds: LEDGER_MILLISECONDS,
    targets,
  });
}
