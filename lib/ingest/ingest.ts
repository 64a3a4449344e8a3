import type { ActionDependencies } from '../actions/media-action.ts';
import type { CallbackConfig } from '../config/callback-config.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { listApplications, requireOwnApplication } from '../policy/applications.ts';
import type { Settings } from '../policy/settings.ts';
import type { HttpEvent } from '../runtime/http-event.ts';
import { type Invocation, type LogFields, writeLogLine } from '../runtime/invocation.ts';
import { type Clock, limitTo } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import {
  listWholeDeletions,
  parseVodEvent,
  readLegacyEvent,
  type VodEvent,
  writeVodEvent,
} from '../vod/event.ts';
import { joinFiles } from '../vod/media.ts';
import {
  type Confirmation,
  type Confirmed,
  type ConfirmingApi,
  confirmEvent,
} from './confirm-event.ts';
import {
  createSpareRetries,
  type DispatchDependencies,
  dispatch,
  LEASE_SECONDS,
  recordNotification,
} from './durable.ts';
import { rethrowLogged, storeOrThrow } from './failed-event.ts';
import { limitUnconfirmed } from './pending-confirmation.ts';
import { createPostponement } from './postponement.ts';
import { describeLegacyEvent, describeReceivedEvent, receiveEvent } from './received-event.ts';
import { selectDeletions, separateParts } from './select-deletions.ts';
import { ingestStateless } from './stateless.ts';
import {
  ingestDenied,
  ingestUnanswered,
  ingestUnshown,
  type PushedEvent,
  type UnconfirmedRun,
} from './unconfirmed-event.ts';
import { trustContexts, trustSignKeys, verifyNotification } from './verify-notification.ts';

// The way of a notification, step by step:
//
//                         verify          confirm         plan and record    dispatch
//   pushed                Sign and T      VOD is asked    ingestBatch        the first attempt now, others in spare time or by the sweep
//   pushed, no database   Sign and T      VOD is asked    ingestStateless plans, delivers and acts before VOD is answered
//   pulled                from VOD's own queue            ingestBatch        by the sweep
//
// An event that VOD cannot be asked about now, or that is one of too many at once, waits in the ledger: postponement.ts.
// It is confirmed by the next call that has time, or by the sweep: confirm-claimed.ts. An event that fails because of
// itself is stored too, and finally becomes a dead letter: failed-event.ts.

/** Dependencies of ingesting what is pushed. */
export interface IngestDependencies
  extends Pick<ActionDependencies, 'fetchCover'>,
    Omit<DispatchDependencies, 'clock' | 'deadline'> {
  readonly config: Pick<CallbackConfig, 'signKeys' | 'sharedKeyUntil' | 'contexts'> & {
    readonly vodApi: Pick<CallbackConfig['vodApi'], 'subAppId'>;
  };
  readonly api: ConfirmingApi & ActionDependencies['api'];
  /** Limits of new media, and rules for them. */
  readonly settings: Settings;
  /** Without it nothing is stored: consumers have an event before VOD is answered. */
  readonly ledger: WithLedger | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** VOD waits five seconds, network included: https://cloud.tencent.com/document/product/266/33779. */
const ANSWER_MILLISECONDS = 4_500;

/** The part of that for confirming, including the time that a call to VOD reserves. */
const CONFIRM_MILLISECONDS = 2_500;

/**
 * Creates the function that ingests the notifications that VOD pushes, and logs the result of each.
 *
 * The function throws a Problem: those of {@link verifyNotification}, `unauthorized` for what VOD denies,
 * `unconfirmed_exceeded`, or one after which VOD sends the notification again.
 */
export function createIngest(
  dependencies: IngestDependencies,
): (request: HttpEvent, call: Pick<Invocation, 'log' | 'deadline'>) => Promise<void> {
  const { config, settings, ledger, clock } = dependencies;
  const own = requireOwnApplication(settings.policy, config.vodApi.subAppId);
  const applications = listApplications(settings.policy, own);
  const admitUnconfirmed = limitUnconfirmed(ledger, clock);
  const knowsFiles = ledger !== undefined || applications.length === 1;
  const postponement = createPostponement(ledger, clock);
  const describeMediaInfos = joinFiles(dependencies.api.describeMediaInfos);
  const api = { ...dependencies.api, describeMediaInfos };
  const { noteRetry, retryDue } = createSpareRetries(ledger);
  const shared = { ...dependencies, api, admitUnconfirmed, knowsFiles, postponement, noteRetry };
  const stored = { applications, contexts: config.contexts };
  return async (request, { log, deadline }) => {
    const { function: name, requestId } = log;
    // Stored notifications have lines of their own.
    const report = (fields: LogFields) =>
      writeLogLine({ level: 'warn', ...defined({ function: name, requestId }), ...fields });
    const confirming = limitTo(CONFIRM_MILLISECONDS, deadline, clock);
    const answering = limitTo(ANSWER_MILLISECONDS, deadline, clock);
    const receivedAt = clock.now();
    const judgement = { applications, trusted: trustSignKeys(config, receivedAt), receivedAt };
    const { body, subAppId } = verifyNotification(request, judgement, log);
    const legacy = readLegacyEvent(body);
    if (legacy !== undefined) {
      Object.assign(log, describeLegacyEvent(legacy));
      return;
    }
    const pushed: PushedEvent = {
      event: parseVodEvent(body),
      origin: { subAppId, own, contexts: trustContexts(config.contexts, receivedAt) },
      receivedAt,
      confirming,
      log,
    };
    const run = { ...shared, deadline: answering };
    try {
      await ingestPushed(pushed, run);
      // An instance that has to store notifications has no time to spare.
      if (log.confirmation !== 'kept') {
        await postponement.confirmStored({ ...run, ...stored, confirming, report });
        await retryDue({ ...run, report });
      }
    } catch (error) {
      const raw = writeVodEvent(pushed.event);
      const failed = { raw, proven: false, subAppId, own, receivedAt };
      await storeOrThrow(error, failed, ledger, log);
    }
  };
}

interface PushedRun extends IngestDependencies, Omit<UnconfirmedRun, 'clock'> {
  /** Whether files are recorded; if not, it is unknown which of several applications had a missing file. */
  readonly knowsFiles: boolean;
}

async function ingestPushed(pushed: PushedEvent, run: PushedRun): Promise<void> {
  const { origin, confirming: deadline, log } = pushed;
  const { api, postponement } = run;
  const { subAppId } = origin;
  if (postponement.isBusy(pushed.event)) {
    // If this fails, nothing is logged of the event: the sweep finds what such events report.
    const stored = await postponement.store(pushed);
    Object.assign(log, stored);
    if (stored !== undefined) return;
  }
  const asked = await postponement.confirm(async () => {
    const events = await selectEvents(pushed, run);
    const answers = events.map(async (event) => ({
      ...{ event, confirmation: await confirmEvent(event, api, { deadline, subAppId }) },
    }));
    return Promise.all(answers);
  });
  for (const { event, confirmation } of asked) await ingestAnswer(event, confirmation, pushed, run);
}

async function ingestAnswer(
  event: VodEvent,
  confirmation: Confirmation,
  pushed: PushedEvent,
  run: PushedRun,
): Promise<void> {
  switch (confirmation.kind) {
    case 'done':
      return ingestConfirmed(confirmation, pushed, run);
    case 'failed':
      return ingestDenied(event, confirmation.absent, pushed, run);
    case 'unshown': {
      const last = await ingestUnshown(confirmation, pushed, run);
      return last && ingestConfirmed(last, pushed, run);
    }
    case 'retry':
      return ingestUnanswered(event, confirmation.cause, pushed, run);
  }
}

/**
 * Returns what VOD is asked about now: of a deletion, only files that are known here, up to a limit. The
 * ledger is always loaded before VOD is asked: the time for loading is taken from the time for asking, since recording
 * has none to spare.
 */
async function selectEvents(
  { event, origin, receivedAt, log }: PushedEvent,
  { ledger }: PushedRun,
): Promise<readonly VodEvent[]> {
  const received = () => receiveEvent(event, origin);
  if (event.eventType !== 'FileDeleted') {
    await ledger?.(async () => undefined).catch((error: unknown) =>
      rethrowLogged(error, received, true, log),
    );
    return [event];
  }
  const isOfWhole = listWholeDeletions(event.task).length > 0;
  const selected = await selectDeletions(event, origin, { ledger, receivedAt }).catch(
    (error: unknown) => rethrowLogged(error, received, isOfWhole, log),
  );
  Object.assign(log, selected.fields);
  return selected.event === undefined ? [] : separateParts(selected.event);
}

/** Records and dispatches an event that VOD confirms, or that it cannot be asked about, if that is admitted. */
async function ingestConfirmed(
  { event, confirmed: isConfirmed, isUnshown }: Confirmed,
  { origin: pushedFrom, receivedAt, log }: PushedEvent,
  run: PushedRun,
): Promise<void> {
  const origin = { ...pushedFrom, isUnshown };
  const { settings, ledger, knowsFiles, admitUnconfirmed } = run;
  const confirmed = isConfirmed && (knowsFiles || event.eventType !== 'FileDeleted');
  log.confirmation = confirmed ? 'confirmed' : 'unconfirmable';
  // Without a ledger, the log line is the only record of the event.
  const received = receiveEvent(event, origin);
  Object.assign(log, describeReceivedEvent(received));
  const reception = { ...origin, receivedAt, confirmed, settings, leaseSeconds: LEASE_SECONDS };
  const work = async () => {
    if (!confirmed) await admitUnconfirmed(origin.subAppId, log);
    const fields =
      ledger === undefined
        ? await ingestStateless(event, reception, run)
        : await ledger(async (opened) =>
            dispatch(await recordNotification(event, reception, opened), opened, run),
          );
    Object.assign(log, fields);
  };
  await work().catch((error: unknown) => rethrowLogged(error, () => received, confirmed, log));
}
