import type { AbsentArrival } from '../ledger/absent-files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Done, Failed, Retry } from '../model/attempt.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { parseVodEvent, readId } from '../vod/event.ts';
import {
  type BatchLedger,
  type DispatchDependencies,
  dispatch,
  type IngestedEvent,
  ingestBatch,
} from './durable.ts';
import {
  type ArrivalEvent,
  keepPending,
  readSource,
  writeArrival,
} from './pending-confirmation.ts';
import type { Reception } from './plan-event.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';
import { type DeletionEvent, pickDeletions } from './select-deletions.ts';

/**
 * What recording such an arrival came to. `retry`: its context proves it, and VOD is to be asked once more when it shows every
 * file that it has notified. `failed`: nothing but the notification says that there was such a file; `isSurplus` where there was
 * no room for a note of it either, see {@link Ledger.noteAbsentArrival}.
 */
type AbsenceRecord =
  | (Done & { readonly events: readonly IngestedEvent[] })
  | (Retry & { readonly at: number })
  | (Failed & { readonly isSurplus: boolean });

/** How long VOD may take until it shows a file that it has notified, in milliseconds. */
const SHOWN_MILLISECONDS = 60_000;

type NoteLedger = Pick<Ledger, 'findFiles' | 'noteAbsentArrival'>;

/**
 * Records that the file of `event`, which VOD does not have, came and went, as far as anything proves that.
 *
 * VOD says the same of files that never were. So a file that is not there counts where a MAC proves its context, or where
 * both its arrival and its deletion were notified, in any order; and never one that an upload of another application has, nor,
 * without such a MAC, one of the same.
 *
 * @param now Unix milliseconds.
 * @throws what the ledger throws where it cannot record.
 */
export async function recordAbsence(
  event: ArrivalEvent,
  reception: Reception,
  ledger: BatchLedger & NoteLedger,
  now: number,
): Promise<AbsenceRecord> {
  const { isProven, isDeleted, isSurplus } = await noteArrival(event, reception, ledger);
  if (!isProven && !isDeleted) return { kind: 'failed', error: 'denied', isSurplus };
  const at = reception.receivedAt + SHOWN_MILLISECONDS;
  if (!isDeleted && now < at) return { kind: 'retry', error: 'absent', at };
  return { kind: 'done', events: await recordComingAndGoing(event, reception, ledger) };
}

/**
 * Records such an arrival that was pushed: what is recorded is dispatched, and what VOD is to be asked about once more is kept
 * for the sweep. Returns what the log line says of it: without `confirmation` where nothing proves it.
 *
 * @throws what the ledger throws where it cannot record.
 */
export async function ingestAbsence(
  event: ArrivalEvent,
  reception: Reception,
  ledger: Ledger,
  dependencies: DispatchDependencies,
): Promise<LogFields> {
  const recorded = await recordAbsence(event, reception, ledger, dependencies.now());
  const { receivedAt } = reception;
  switch (recorded.kind) {
    case 'failed':
      return recorded.isSurplus ? { surplus: 1 } : {};
    case 'retry':
      return keepPending({ event, origin: reception, receivedAt, dueAt: recorded.at }, ledger);
    case 'done':
      return {
        ...describeReceivedEvent(receiveEvent(event, reception)),
        ...(await dispatch(recorded.events, ledger, dependencies)),
        confirmation: 'absent',
      };
  }
}

/** Notes that `event` describes a file that VOD does not have, and returns what is known of that. */
async function noteArrival(
  event: ArrivalEvent,
  origin: Origin,
  ledger: NoteLedger,
): Promise<Readonly<Record<'isProven' | 'isDeleted' | 'isSurplus', boolean>>> {
  const fileId = readId(event.task.FileId);
  const isProven = receiveEvent(event, requireMac(origin)).envelope !== undefined;
  if (fileId === undefined || (await isHeld(fileId, isProven, origin, ledger))) {
    return { isProven: false, isDeleted: false, isSurplus: false };
  }
  const source = readSource(event.task.MediaBasicInfo);
  const { isKept, isDeleted } = await ledger.noteAbsentArrival({ fileId, source }, origin.subAppId);
  return { isProven, isDeleted, isSurplus: !isKept };
}

/**
 * Returns whether the file is an upload's that the event is not of. Where its context is proven, an upload of the same
 * application may have it: that of the context itself, or one that was made of other notifications of the file.
 */
async function isHeld(
  fileId: string,
  isProven: boolean,
  { subAppId, own }: Origin,
  ledger: NoteLedger,
): Promise<boolean> {
  const isKnown = (await ledger.findFiles([fileId])).length > 0;
  if (!isKnown || !isProven) return isKnown;
  return (await ledger.findFiles([fileId], subAppId, own)).length === 0;
}

async function recordComingAndGoing(
  event: ArrivalEvent,
  reception: Reception,
  ledger: BatchLedger,
): Promise<readonly IngestedEvent[]> {
  const { FileId: fileId, MediaBasicInfo: basic } = event.task;
  const arrivals = await recordArrivals([{ fileId, source: readSource(basic) }], reception, ledger);
  // One that came for an upload that has another file already is no upload's.
  const isTaken = arrivals.some(({ recorded: { uploads } }) =>
    uploads.some((upload) => upload.fileId === fileId),
  );
  if (!isTaken) return arrivals;
  const deletion = parseVodEvent({
    EventType: 'FileDeleted',
    FileDeleteEvent: { FileIdSet: [fileId] },
  });
  const confirmed = { ...reception, confirmed: true };
  return [...arrivals, ...(await ingestBatch([deletion], ledger, confirmed))];
}

/**
 * Records a deletion that VOD confirms; before it, the arrivals of its files that could not be confirmed, since they were
 * gone by then. Returns what was recorded.
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
  // One that came for an upload that has another file already is no upload's.
  const deletion = pickDeletions(event, await ledger.findFiles(fileIds, subAppId, own));
  if (deletion === undefined) return recorded;
  return [...recorded, ...(await ingestBatch([deletion], ledger, reception))];
}

/** Records the arrivals of files that are not there any more: VOD confirms none of them, and nothing is done to a file. */
function recordArrivals(
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

/** Of a file that is not there nothing is known but its context, so a context without a MAC proves nothing at all. */
function requireMac(origin: Origin): Origin {
  const { subAppId, own, contexts } = origin;
  return { subAppId, own, contexts: { ...contexts, acceptsV1: false } };
}
