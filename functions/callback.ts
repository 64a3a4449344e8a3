import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallbackConfig, readCallbackConfig } from '../lib/config/callback-config.ts';
import { trustContexts } from '../lib/config/context-config.ts';
import { checkDatabase, type DatabaseConfig } from '../lib/config/database-config.ts';
import { readVodCredentials } from '../lib/config/pull-config.ts';
import { createTargets } from '../lib/delivery/create-targets.ts';
import type { Target } from '../lib/delivery/target.ts';
import type { AbsentEvent } from '../lib/events/absent-arrival.ts';
import {
  type Confirmation,
  type ConfirmingApi,
  confirmEvent,
} from '../lib/events/confirm-event.ts';
import { keepOrLog } from '../lib/events/log-unkept-event.ts';
import { passOnEvent } from '../lib/events/pass-on-event.ts';
import {
  authenticateNotification,
  findApplication,
  readNotification,
} from '../lib/events/read-notification.ts';
import {
  describeLegacyEvent,
  describeReceivedEvent,
  type Origin,
  receiveEvent,
} from '../lib/events/received-event.ts';
import { recordAbsence, recordEvent } from '../lib/events/record-event.ts';
import { reduceEvent } from '../lib/events/reduce-event.ts';
import type { Reception } from '../lib/events/to-event-record.ts';
import { httpHandler, type Route } from '../lib/http/http-handler.ts';
import { routeWithSettings } from '../lib/http/route-with-settings.ts';
import { explainToOperator, type Invocation } from '../lib/invocation.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { type ReachLedger, reachLedger } from '../lib/ledger/reach-ledger.ts';
import type { ActionDependencies } from '../lib/media-actions/due-action.ts';
import { createCoverFetcher, type FetchCover } from '../lib/media-actions/fetch-cover.ts';
import { listApplications, requireOwnApplication } from '../lib/policy/applications.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { Problem } from '../lib/problem.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { parseVodEvent, type VodEvent, writeVodEvent } from '../lib/vod/event.ts';
import { readLegacyEvent } from '../lib/vod/event-legacy.ts';

/** What the route takes from outside. */
export interface CallbackDependencies {
  readonly config: Pick<CallbackConfig, 'signKeys' | 'contexts'> & {
    readonly vodApi: Pick<CallbackConfig['vodApi'], 'subAppId'>;
  };
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
  const { config, settings, api, ledger, now, clock } = dependencies;
  const own = requireOwnApplication(settings.policy, config.vodApi.subAppId);
  const applications = listApplications(settings.policy, own);
  const knowsFiles = ledger !== undefined || applications.length === 1;
  return async (event, invocation) => {
    const { log } = invocation;
    const startedAt = clock();
    const leftOf = (milliseconds: number) => () =>
      Math.min(startedAt + milliseconds - clock(), invocation.remainingMilliseconds());
    const body = readNotification(event);
    const nowSeconds = Math.floor(now() / 1_000);
    log.signKey = authenticateNotification(body, event, config.signKeys, nowSeconds);
    const subAppId = findApplication(event, applications);
    const contexts = trustContexts(config.contexts, now());
    const origin = { subAppId, own, contexts };
    if (subAppId !== own) Object.assign(log, { subAppId });

    const legacy = readLegacyEvent(body);
    if (legacy !== undefined) {
      Object.assign(log, describeLegacyEvent(legacy));
      return TAKEN;
    }
    const pushed = parseVodEvent(body);
    const confirmation = await confirmEvent(pushed, api, {
      remainingMilliseconds: leftOf(CONFIRM_MILLISECONDS),
      subAppId,
    });
    const remainingMilliseconds = leftOf(ANSWER_MILLISECONDS);
    const telling = { ...dependencies, remainingMilliseconds };
    if (confirmation.kind === 'denied') {
      await denyEvent(pushed, confirmation.absent, origin, telling, log);
      return TAKEN;
    }
    if (confirmation.kind === 'unavailable') {
      const { problem } = confirmation;
      const keep = () => keepEvent(pushed, origin, problem, dependencies, log);
      await keepOrLog(keep, receiveEvent(pushed, origin), true, log);
      return TAKEN;
    }
    const confirmed = isProven(confirmation, knowsFiles);
    log.confirmation = confirmed ? 'confirmed' : 'unconfirmable';
    // The log line is the event's record where there is no other.
    const received = receiveEvent(confirmation.event, origin);
    Object.assign(log, describeReceivedEvent(received));
    const reception = { ...origin, receivedAt: now(), confirmed, settings };
    const tell = () => tellOf(confirmation.event, reception, telling, log);
    await keepOrLog(tell, received, confirmed, log);
    return TAKEN;
  };
}

/** Where nothing is kept, nobody knows in which of several applications a file was that one of them does not have. */
function isProven(
  { kind, event }: Extract<Confirmation, { readonly event: VodEvent }>,
  knowsFiles: boolean,
): boolean {
  return kind === 'confirmed' && (knowsFiles || event.eventType !== 'FileDeleted');
}

const TAKEN = { status: 200, body: { code: 0 } } as const;

type Log = Invocation['log'];

/** What telling of an event takes. */
type Telling = CallbackDependencies & { readonly remainingMilliseconds: () => number };

/**
 * Throws that VOD denies an event, unless it is the arrival of a file that is gone since, which is recorded or kept. Of what
 * VOD denies, the log line says no more than the kind: anybody may have written the rest.
 */
async function denyEvent(
  pushed: VodEvent,
  absent: AbsentEvent | undefined,
  origin: Origin,
  telling: Telling,
  log: Log,
): Promise<void> {
  const { ledger, settings, now } = telling;
  if (absent !== undefined && ledger !== undefined) {
    const reception = { ...origin, receivedAt: now(), confirmed: true, settings };
    const told = await ledger((opened) => recordAbsence(absent, reception, opened, telling));
    Object.assign(log, told);
    if (log.confirmation !== undefined) return;
  }
  log.confirmation = 'denied';
  if (pushed.eventType !== 'unknown') log.eventType = pushed.eventType;
  throw new Problem('VOD does not know of what the notification tells.', { code: 'unauthorized' });
}

/** Keeps an event that VOD could not be asked about, for the sweep to ask again. */
async function keepEvent(
  pushed: VodEvent,
  origin: Origin,
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
  const received = receiveEvent(pushed, origin);
  const { eventId } = received;
  const raw = writeVodEvent(reduceEvent(pushed));
  const kept = { eventId, subAppId: origin.subAppId, raw, receivedAt: now() };
  log.fresh = await ledger((opened) => opened.keepUnconfirmed(kept));
  log.confirmation = 'kept';
  Object.assign(log, describeReceivedEvent(received), explainToOperator(problem));
}

async function tellOf(
  event: VodEvent,
  reception: Reception,
  telling: Telling,
  log: Log,
): Promise<void> {
  const { ledger } = telling;
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
    databaseUrl === undefined
      ? undefined
      : reachLedger(() => openLedger({ ...config, databaseUrl }, targets));
  const times = { now: Date.now, clock, random: Math.random };
  const known = { config, api, ledger, targets, fetchCover: createCoverFetcher() };
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createCallbackRoute({ ...known, ...times, settings }),
  );
  return { corsOrigins: [], route, ready: checkDatabase(config) };
});

async function openLedger(
  { databaseUrl, databaseCa }: DatabaseConfig & { readonly databaseUrl: string },
  targets: readonly Target[],
): Promise<Ledger> {
  const opening = await import('../lib/ledger/ledger.ts');
  return opening.openLedger(databaseUrl, {
    databaseCa,
    now: Date.now,
    randomKey: randomUUID,
    answerMilliseconds: LEDGER_MILLISECONDS,
    targets,
  });
}
