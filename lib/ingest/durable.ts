import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RecordedEvent } from '../ledger/recording/event-record.ts';
import type { AbsentArrival } from '../ledger/uploads/absent-files.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import { readId, type VodEvent } from '../vod/event.ts';
import { readArrivedMedia } from '../vod/media.ts';
import { type DeliveryDependencies, deliverClaimed } from '../webhooks/deliver-due.ts';
import { explainPause } from '../webhooks/explain-pause.ts';
import { writeArrival } from './pending-confirmation.ts';
import { planEvent, type Reception } from './plan-event.ts';
import { type Origin, proveEvent, type ReceivedEvent, receiveEvent } from './received-event.ts';
import { type DeletionEvent, pickDeletions } from './select-deletions.ts';

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
  const planned = received.map((event) => planEvent(event, reception));
  const results = await ledger.recordEvents(planned, reception.leaseSeconds);
  const ingested = received.flatMap((event, index): IngestedEvent[] => {
    const recorded = results[index];
    return recorded === undefined ? [] : [{ received: event, recorded }];
  });
  for (const event of ingested) await endReview(event, ledger);
  return ingested;
}

/** Records a notification after VOD was asked about it. */
export async function recordNotification(
  event: VodEvent,
  reception: Reception,
  ledger: Ledger,
): Promise<readonly IngestedEvent[]> {
  return event.eventType === 'FileDeleted' && reception.confirmed
    ? recordDeletion(event, reception, ledger)
    : ingestBatch([event], ledger, reception);
}

/**
 * Records a deletion that VOD confirms, and before it the arrivals of those of its files that were already gone when
 * VOD was asked. Returns what was recorded.
 */
export async function recordDeletion(
  event: DeletionEvent,
  reception: Reception,
  ledger: BatchLedger & Pick<Ledger, 'findFiles' | 'findAbsentArrivals'>,
): Promise<readonly IngestedEvent[]> {
  const { FileIdSet: fileIds } = event.task;
  const { subAppId, own } = reception;
  const arrivals = await ledger.findAbsentArrivals(fileIds, subAppId);
  if (arrivals.length === 0) return ingestBatch([event], ledger, reception);
  const recorded = await recordArrivals(arrivals, reception, ledger);
  // A file that arrived for an upload with another file belongs to no upload.
  const deletion = pickDeletions(event, await ledger.findFiles(fileIds, subAppId, own));
  if (deletion === undefined) return recorded;
  return [...recorded, ...(await ingestBatch([deletion], ledger, reception))];
}

/** Records the arrivals of files that no longer exist, without confirmation by VOD and without actions on them. */
export function recordArrivals(
  arrivals: readonly AbsentArrival[],
  reception: Reception,
  ledger: BatchLedger,
): Promise<readonly IngestedEvent[]> {
  const events = arrivals.map(({ fileId, source }) => writeArrival(fileId, source));
  const absent = {
    ...reception,
    ...requireMac(reception),
    confirmed: false,
    isAbsent: true,
  } as const;
  return ingestBatch(events, ledger, absent);
}

/** Returns the origin for a missing file, of which the context is the only proof: one without a MAC proves nothing. */
export function requireMac(origin: Origin): Origin {
  const { subAppId, own, contexts } = origin;
  return { subAppId, own, contexts: { ...contexts, acceptsV1: false } };
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

/** Dependencies of the first attempt at a delivery. */
export type DispatchDependencies = Omit<DeliveryDependencies, 'ledger' | 'report'>;

/** Longer than any call of this function, so that no other process delivers or confirms the same in the meantime. */
export const LEASE_SECONDS = 15;

/**
 * Makes the first attempt at the deliveries that were claimed when events were recorded, oldest event first; returns the log
 * fields for all of them.
 *
 * Recorded events are safe, so errors here are logged and left to the sweep.
 */
export async function dispatch(
  events: readonly IngestedEvent[],
  ledger: DeliveryDependencies['ledger'],
  dependencies: DispatchDependencies,
): Promise<LogFields> {
  const fields: LogFields = { fresh: events.some(({ recorded }) => recorded.fresh), delivered: 0 };
  const report = (more: LogFields) => Object.assign(fields, more);
  const claims = events
    .flatMap(({ recorded }) => recorded.claims)
    .sort((a, b) => a.event.receivedAt - b.event.receivedAt);
  if (claims.length === 0) return fields;
  try {
    const delivering = { ...dependencies, ledger, report };
    const { delivered, newlyPaused } = await deliverClaimed(claims, delivering);
    return Object.assign({ ...fields, delivered }, ...newlyPaused.map(explainPause));
  } catch (error) {
    return { ...fields, ...toErrorLogFields(error) };
  }
}

/**
 * Least time before the answer for what was left: that of an attempt which a consumer does not answer, or that of asking
 * VOD and of a message.
 */
export const SPARE_MILLISECONDS = 3_500;

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
      if (run.clock.now() < dueAt || run.deadline.left() < SPARE_MILLISECONDS) return;
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
