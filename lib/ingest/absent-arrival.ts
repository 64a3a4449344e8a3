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
  recordArrivals,
  requireMac,
} from './durable.ts';
import { type ArrivalEvent, readSource, storePending } from './pending-confirmation.ts';
import type { Reception } from './plan-event.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';

/**
 * Result of recording such an arrival. `retry`: its context proves it, and VOD is to be asked again once it must show
 * every file that it has notified. `failed`: only the notification says that there was such a file; `isSurplus` if the
 * limit of recorded files was reached too, see {@link Ledger.noteAbsentArrival}.
 */
type AbsenceRecord =
  | (Done & { readonly events: readonly IngestedEvent[] })
  | (Retry & { readonly at: number })
  | (Failed & { readonly isSurplus: boolean });

/** When VOD must show every file that it has notified: it is asked several times until then. */
const PATIENCE = { looks: 3, milliseconds: 10 * 60_000 } as const;

/** Pauses between these questions, in milliseconds: each as long as the time before it, within these bounds. */
const PAUSE = { shortest: 60_000, longest: 5 * 60_000 } as const;

type NoteLedger = Pick<
  Ledger,
  | 'findAbsentArrivals'
  | 'findFiles'
  | 'noteAbsentArrival'
  | 'noteMissingFiles'
  | 'removeAbsentUpload'
>;

/**
 * Records that the file of `event`, which VOD does not have, arrived and was deleted, if there is proof of that.
 *
 * VOD's answer is the same for files that never existed. So a missing file counts if a MAC proves its context, or if
 * both its arrival and its deletion were notified, in any order. It never counts if it belongs to an upload of another
 * application, unless a MAC proves its context and there is no more for that upload than such notifications.
 *
 * @param now Unix milliseconds.
 * @throws errors of the ledger if it cannot record.
 */
export async function recordAbsence(
  event: ArrivalEvent,
  reception: Reception,
  ledger: BatchLedger & NoteLedger,
  now: number,
): Promise<AbsenceRecord> {
  const { isProven, isDeleted, isSurplus } = await noteArrival(event, reception, ledger);
  if (!isProven && !isDeleted) return { kind: 'failed', error: 'denied', isSurplus };
  if (!isDeleted && !(await isMissing(event, reception, ledger))) {
    const pause = Math.max(now - reception.receivedAt, PAUSE.shortest);
    return { kind: 'retry', error: 'absent', at: now + Math.min(pause, PAUSE.longest) };
  }
  return { kind: 'done', events: await recordComingAndGoing(event, reception, ledger) };
}

/**
 * Records such an arrival that was pushed. Recorded events are dispatched; an event about which VOD is to be asked
 * again is stored for the sweep. Returns the log fields: without `confirmation` if nothing proves the arrival.
 *
 * @throws errors of the ledger if it cannot record.
 */
export async function ingestAbsence(
  event: ArrivalEvent,
  reception: Reception,
  ledger: Ledger,
  dependencies: DispatchDependencies,
): Promise<LogFields> {
  const recorded = await recordAbsence(event, reception, ledger, dependencies.clock.now());
  const { receivedAt } = reception;
  switch (recorded.kind) {
    case 'failed':
      return recorded.isSurplus ? { surplus: 1 } : {};
    case 'retry':
      return storePending({ event, origin: reception, receivedAt, dueAt: recorded.at }, ledger);
    case 'done':
      return {
        ...describeReceivedEvent(receiveEvent(event, reception)),
        ...(await dispatch(recorded.events, ledger, dependencies)),
        confirmation: 'absent',
      };
  }
}

/** Returns whether VOD has not had the file for so long that it is not just shown late. */
async function isMissing(
  event: ArrivalEvent,
  { subAppId }: Origin,
  ledger: NoteLedger,
): Promise<boolean> {
  const missing = await ledger.noteMissingFiles([event.task.FileId], subAppId, PATIENCE);
  return missing.length > 0;
}

/** Records that `event` reports a file that VOD does not have, and returns what is known about the file. */
async function noteArrival(
  event: ArrivalEvent,
  origin: Origin,
  ledger: NoteLedger,
): Promise<Readonly<Record<'isProven' | 'isDeleted' | 'isSurplus', boolean>>> {
  const { subAppId } = origin;
  const fileId = readId(event.task.FileId);
  const isProven = receiveEvent(event, requireMac(origin)).envelope !== undefined;
  const holder = fileId && (await findHolder(fileId, isProven, origin, ledger));
  const nothing = { isProven: false, isDeleted: false, isSurplus: false };
  if (fileId === undefined || holder === 'other') return nothing;
  if (holder === 'own' && !isProven) {
    // If its arrival was recorded before the process ended, its deletion was not.
    const [noted] = await ledger.findAbsentArrivals([fileId], subAppId);
    return { ...nothing, isDeleted: noted?.isDeleted === true };
  }
  const source = readSource(event.task.MediaBasicInfo);
  const { isNoted, isDeleted } = await ledger.noteAbsentArrival({ fileId, source }, subAppId);
  return { isProven, isDeleted, isSurplus: !isNoted };
}

/**
 * Returns whether the file belongs to an upload of the same application, of another one, or to none. A proven context outweighs
 * notifications of another application, whose upload is removed then.
 */
async function findHolder(
  fileId: string,
  isProven: boolean,
  { subAppId, own }: Origin,
  ledger: NoteLedger,
): Promise<'own' | 'other' | undefined> {
  if ((await ledger.findFiles([fileId])).length === 0) return undefined;
  if ((await ledger.findFiles([fileId], subAppId, own)).length > 0) return 'own';
  return isProven && (await ledger.removeAbsentUpload(fileId, subAppId)) ? undefined : 'other';
}

async function recordComingAndGoing(
  event: ArrivalEvent,
  reception: Reception,
  ledger: BatchLedger & NoteLedger,
): Promise<readonly IngestedEvent[]> {
  const { FileId: fileId, MediaBasicInfo: basic } = event.task;
  const { subAppId, own } = reception;
  const arrivals = await recordArrivals([{ fileId, source: readSource(basic) }], reception, ledger);
  // A file that arrived for an upload with another file belongs to no upload.
  if ((await ledger.findFiles([fileId], subAppId, own)).length === 0) return arrivals;
  const deletion = parseVodEvent({
    EventType: 'FileDeleted',
    FileDeleteEvent: { FileIdSet: [fileId] },
  });
  const confirmed = { ...reception, confirmed: true };
  return [...arrivals, ...(await ingestBatch([deletion], ledger, confirmed))];
}
