import type { ContextConfig } from '../config/context-config.ts';
import type { RecordedEvent } from '../ledger/event-record.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Settings } from '../policy/settings.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import {
  parseVodEvent,
  type RawEvent,
  readId,
  type VodEvent,
  writeVodEvent,
} from '../vod/event.ts';
import { readArrivedMedia } from '../vod/media.ts';
import { type DeliveryDependencies, deliverClaimed } from '../webhooks/deliver-due.ts';
import { explainPause } from '../webhooks/explain-pause.ts';
import { type FailureCounts, type FailureRun, reportFailedEvent } from './failed-event.ts';
import { planEvent, type Reception } from './plan-event.ts';
import { proveEvent, type ReceivedEvent, receiveEvent } from './received-event.ts';
import { trustContexts } from './verify-notification.ts';

/** An event, and the result of recording it. */
export interface IngestedEvent {
  readonly received: ReceivedEvent;
  readonly recorded: RecordedEvent;
}

/** The methods of the ledger that recording events needs. */
export type BatchLedger = Pick<
  Ledger,
  'recordEvents' | 'transition' | 'findUpload' | 'detachFiles'
>;

/**
 * Plans and records events of either notification mode, each independent of the others; returns the results in their
 * order. A known event changes nothing.
 *
 * @throws errors of the ledger if it cannot record.
 */
export async function ingestBatch(
  events: readonly VodEvent[],
  ledger: BatchLedger,
  reception: Reception,
): Promise<readonly IngestedEvent[]> {
  const received = await Promise.all(
    events.map((event) => proveEvent(receiveEvent(event, reception), reception, ledger)),
  );
  await detachArrived(events, reception, ledger);
  const results = await ledger.recordEvents(received.map((event) => planEvent(event, reception)));
  const ingested = received.flatMap((event, index): IngestedEvent[] => {
    const recorded = results[index];
    return recorded === undefined ? [] : [{ received: event, recorded }];
  });
  for (const event of ingested) await endReview(event, ledger);
  return ingested;
}

/** A file is in one application, and VOD has confirmed in which; reports of other applications about it are false. */
async function detachArrived(
  events: readonly VodEvent[],
  { confirmed, subAppId }: Reception,
  ledger: Pick<Ledger, 'detachFiles'>,
): Promise<void> {
  if (!confirmed || subAppId === undefined) return;
  const fileIds = events.flatMap((event) => readId(readArrivedMedia(event)?.fileId) ?? []);
  if (fileIds.length > 0) await ledger.detachFiles(fileIds, subAppId);
}

/**
 * A review ends an upload that waits for nothing else: if a task flow was started too, the upload has that flow's task.
 * This is repeated each time that the event is received, since it is not recorded with the event.
 */
async function endReview(
  { received: { event }, recorded }: IngestedEvent,
  ledger: Pick<Ledger, 'transition'>,
): Promise<void> {
  if (event.eventType !== 'ReviewAudioVideoComplete') return;
  const { TaskId: taskId } = event.task;
  const [upload] = recorded.uploads.filter((found) => found.taskId === taskId);
  if (upload?.state !== 'uploaded') return;
  await ledger.transition(upload.uploadId, 'processingSucceeded');
}

/** Dependencies of ingesting what VOD itself reports, for one application. */
export interface ProvenRun extends FailureRun {
  readonly ledger: BatchLedger & FailureRun['ledger'];
  readonly contexts: ContextConfig;
  readonly settings: Settings;
}

/** Counts of these events. */
export interface ProvenCounts extends FailureCounts {
  readonly add: (name: 'fresh' | 'setAside', by?: number) => void;
}

/**
 * Ingests what VOD itself reports, and stores events that fail because of the events themselves: afterwards all of them
 * are safe. Returns the number of new events.
 *
 * @throws errors of the ledger that are not about the events.
 */
export async function ingestProven(
  events: readonly VodEvent[],
  run: ProvenRun,
  counts: ProvenCounts,
): Promise<number> {
  const [first, ...others] = events;
  if (first === undefined) return 0;
  const { ledger, settings, contexts, subAppId, applications, now } = run;
  const receivedAt = now();
  const origin = { subAppId, own: applications[0], contexts: trustContexts(contexts, receivedAt) };
  try {
    const reception = { ...origin, receivedAt, confirmed: true, settings };
    const ingested = await ingestBatch(events, ledger, reception);
    const fresh = ingested.filter(({ recorded }) => recorded.fresh).length;
    counts.add('fresh', fresh);
    return fresh;
  } catch (error) {
    if (!isItemFault(error)) throw error;
    if (others.length === 0) {
      await reportFailedEvent({ raw: writeVodEvent(first), proven: true }, error, run, counts);
      return 0;
    }
  }
  // Halving finds the few events that fail with few additional statements.
  const middle = Math.ceil(events.length / 2);
  const fresh = await ingestProven(events.slice(0, middle), run, counts);
  return fresh + (await ingestProven(events.slice(middle), run, counts));
}

/**
 * Ingests events from VOD's queue. Only VOD can put events into it, so all of them are genuine. Afterwards all of them
 * are safe: recorded, or stored because they failed.
 *
 * @throws errors of the ledger that are not about the events.
 */
export async function ingestPulled(
  raws: readonly RawEvent[],
  run: ProvenRun,
  counts: ProvenCounts,
): Promise<void> {
  const events: VodEvent[] = [];
  for (const raw of raws) {
    try {
      events.push(parseVodEvent(raw));
    } catch (error) {
      await reportFailedEvent({ raw, proven: true }, error, run, counts);
    }
  }
  await ingestProven(events, run, counts);
}

/** Dependencies of the first attempt at a delivery. */
export type DispatchDependencies = Omit<DeliveryDependencies, 'ledger' | 'report'>;

/** Longer than any call of this function delivers, so that no other process delivers the same in the meantime. */
const LEASE_SECONDS = 15;

/**
 * Makes the first attempt at the deliveries of events that were just recorded; returns the log fields for all of them.
 *
 * Recorded events are safe, so errors here are logged and left to the sweep.
 */
export async function dispatch(
  events: readonly IngestedEvent[],
  ledger: DeliveryDependencies['ledger'] & Pick<Ledger, 'claimFresh'>,
  dependencies: DispatchDependencies,
): Promise<LogFields> {
  const fields: LogFields = { fresh: events.some(({ recorded }) => recorded.fresh), delivered: 0 };
  const report = (more: LogFields) => Object.assign(fields, more);
  const eventIds = events
    .filter(({ recorded }) => recorded.deliveries > 0)
    .flatMap(({ received, recorded }) => [received.eventId, ...recorded.announced]);
  if (eventIds.length === 0) return fields;
  try {
    const claims = await ledger.claimFresh(eventIds, LEASE_SECONDS);
    const delivering = { ...dependencies, ledger, report };
    const { delivered, newlyPaused } = await deliverClaimed(claims, delivering);
    return Object.assign({ ...fields, delivered }, ...newlyPaused.map(explainPause));
  } catch (error) {
    return { ...fields, ...toErrorLogFields(error) };
  }
}

/** Least time before the answer for retries: that of an attempt which a consumer does not answer. */
const SPARE_MILLISECONDS = 3_500;

/** Most deliveries that one call makes in its spare time, and to one endpoint. */
const SPARE_COUNT = 16;
const SPARE_PER_ENDPOINT = 4;

/** Retries that an instance makes when a later call has time to spare; all others are made by the sweep. */
export interface SpareRetries {
  /** Notes when a delivery that this instance could not make is due again. */
  noteRetry(at: number): void;
  /** Makes deliveries that are due, if this instance knows of any and there is time. Errors are logged. */
  retryDue(run: DispatchDependencies & Pick<DeliveryDependencies, 'report'>): Promise<void>;
}

/** Creates the retries of one instance. It asks the ledger only when it knows that something is due. */
export function createSpareRetries(ledger: WithLedger | undefined): SpareRetries {
  let dueAt = Number.POSITIVE_INFINITY;
  return {
    noteRetry(at) {
      dueAt = Math.min(dueAt, at);
    },
    async retryDue(run) {
      if (run.now() < dueAt || run.deadline.left() < SPARE_MILLISECONDS) return;
      // Calls that come in the meantime do not try the same.
      dueAt = Number.POSITIVE_INFINITY;
      const retry = async (opened: Ledger) => {
        const claims = await opened.claimDeliveries(SPARE_COUNT, LEASE_SECONDS, SPARE_PER_ENDPOINT);
        const { newlyPaused } = await deliverClaimed(claims, { ...run, ledger: opened });
        for (const paused of newlyPaused) run.report(explainPause(paused));
      };
      await ledger?.(retry).catch((error: unknown) => run.report(toErrorLogFields(error)));
    },
  };
}
