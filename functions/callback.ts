import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallbackConfig,
  readCallbackConfig,
  trustSignKeys,
} from '../lib/config/callback-config.ts';
import { trustContexts } from '../lib/config/context-config.ts';
import { checkDatabase, type DatabaseConfig } from '../lib/config/database-config.ts';
import { readVodCredentials } from '../lib/config/pull-config.ts';
import { createTargets } from '../lib/delivery/create-targets.ts';
import type { Target } from '../lib/delivery/target.ts';
import { authenticateNotification } from '../lib/events/authenticate-notification.ts';
import { boundUnconfirmed } from '../lib/events/bound-unconfirmed.ts';
import {
  type Confirmation,
  type ConfirmingApi,
  confirmEvent,
} from '../lib/events/confirm-event.ts';
import { keepUnconfirmed } from '../lib/events/keep-unconfirmed.ts';
import { passOnEvent } from '../lib/events/pass-on-event.ts';
import { readNotification } from '../lib/events/read-notification.ts';
import {
  describeLegacyEvent,
  describeReceivedEvent,
  type Origin,
  receiveEvent,
} from '../lib/events/received-event.ts';
import { recordEvent } from '../lib/events/record-event.ts';
import { selectQuestion } from '../lib/events/select-question.ts';
import { setEventAside } from '../lib/events/set-aside-event.ts';
import type { Reception } from '../lib/events/to-event-record.ts';
import { httpHandler, type Route } from '../lib/http/http-handler.ts';
import { routeWithSettings } from '../lib/http/route-with-settings.ts';
import type { Invocation } from '../lib/invocation.ts';
import { isItemFault } from '../lib/item-fault.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { type ReachLedger, reachLedger } from '../lib/ledger/reach-ledger.ts';
import type { ActionDependencies } from '../lib/media-actions/due-action.ts';
import { createCoverFetcher, type FetchCover } from '../lib/media-actions/fetch-cover.ts';
import {
  type Applications,
  listApplications,
  requireOwnApplication,
} from '../lib/policy/applications.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { Problem } from '../lib/problem.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { parseVodEvent, type VodEvent, writeVodEvent } from '../lib/vod/event.ts';
import { readLegacyEvent } from '../lib/vod/event-legacy.ts';

/** What the route takes from outside. */
export interface CallbackDependencies {
  readonly config: Pick<CallbackConfig, 'signKeys' | 'sharedKeyUntil' | 'contexts'> & {
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

/**
 * Returns the route `POST /callback`. A notification that cannot be processed for a reason of its own is set aside where there
 * is a ledger, for VOD repeats it twice at most, and would be told the same.
 */
export function createCallbackRoute(dependencies: CallbackDependencies): Route {
  const { config, settings, now, clock } = dependencies;
  const own = requireOwnApplication(settings.policy, config.vodApi.subAppId);
  const applications = listApplications(settings.policy, own);
  const take = createTaking(dependencies, applications);
  return async (event, invocation) => {
    const { log } = invocation;
    const startedAt = clock();
    const body = readNotification(event);
    const receivedAt = now();
    const trusted = trustSignKeys(config, receivedAt);
    const judgement = { applications, trusted, nowSeconds: Math.floor(receivedAt / 1_000) };
    const subAppId = authenticateNotification(body, event, judgement, log);
    const legacy = readLegacyEvent(body);
    if (legacy !== undefined) {
      Object.assign(log, describeLegacyEvent(legacy));
      return TAKEN;
    }
    const origin = { subAppId, own, contexts: trustContexts(config.contexts, receivedAt) };
    const leftOf = (milliseconds: number) => () =>
      Math.min(startedAt + milliseconds - clock(), invocation.remainingMilliseconds());
    const pushed = { event: parseVodEvent(body), origin, receivedAt, leftOf };
    try {
      await take(pushed, log);
    } catch (error) {
      await setAside(error, pushed, dependencies, log);
    }
    return TAKEN;
  };
}

/** An authentic notification. */
interface Pushed {
  readonly event: VodEvent;
  readonly origin: Origin;
  readonly receivedAt: number;
  /** Milliseconds that are left of the given number since it came. */
  readonly leftOf: (milliseconds: number) => () => number;
}

async function setAside(
  error: unknown,
  { event, origin: { subAppId, own }, receivedAt }: Pushed,
  { ledger }: CallbackDependencies,
  log: Log,
): Promise<void> {
  // What is refused is no fault.
  if (ledger === undefined || error instanceof Problem || !isItemFault(error)) throw error;
  const failed = { raw: writeVodEvent(event), proven: false, subAppId, own, receivedAt };
  const aside = await ledger((opened) => setEventAside(failed, error, opened));
  Object.assign(log, aside.log, { confirmation: 'kept' });
}

function createTaking(dependencies: CallbackDependencies, applications: Applications) {
  const { settings, api, ledger, now } = dependencies;
  const admitUnconfirmed = boundUnconfirmed(ledger, now);
  const knowsFiles = ledger !== undefined || applications.length === 1;
  return async ({ event, origin, receivedAt, leftOf }: Pushed, log: Log): Promise<void> => {
    const { subAppId } = origin;
    const question = await selectQuestion(event, origin, { ledger, receivedAt });
    Object.assign(log, question.fields);
    const { event: pushed } = question;
    if (pushed === undefined) return;
    const confirmation = await confirmEvent(pushed, api, {
      remainingMilliseconds: leftOf(CONFIRM_MILLISECONDS),
      subAppId,
    });
    if (confirmation.kind === 'denied') throw denyEvent(pushed, log);
    if (confirmation.kind === 'unavailable') {
      const { problem } = confirmation;
      const kept = { event: pushed, origin, problem, receivedAt };
      Object.assign(log, await keepUnconfirmed(kept, ledger));
      return;
    }
    const confirmed = isProven(confirmation, knowsFiles);
    log.confirmation = confirmed ? 'confirmed' : 'unconfirmable';
    // The log line is the event's record where there is no other.
    Object.assign(log, describeReceivedEvent(receiveEvent(confirmation.event, origin)));
    if (!confirmed) await admitUnconfirmed(subAppId, log);
    const reception = { ...origin, receivedAt, confirmed, settings };
    const remainingMilliseconds = leftOf(ANSWER_MILLISECONDS);
    await tellOf(confirmation.event, reception, { ...dependencies, remainingMilliseconds }, log);
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

/** Of what VOD denies, the log line says no more than the kind: anybody may have written the rest. */
function denyEvent(pushed: VodEvent, log: Log): Problem {
  log.confirmation = 'denied';
  if (pushed.eventType !== 'unknown') log.eventType = pushed.eventType;
  return new Problem('VOD does not know of what the notification tells.', { code: 'unauthorized' });
}

async function tellOf(
  event: VodEvent,
  reception: Reception,
  telling: CallbackDependencies & { readonly remainingMilliseconds: () => number },
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
