import type { AbsentArrival } from '../ledger/absent-files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import { readId } from '../vod/vod-value.ts';
import { ingestBatch, type TakenEvent } from './ingest-batch.ts';
import { type Origin, receiveEvent } from './received-event.ts';
import { readSource, writeArrival } from './reduce-event.ts';
import type { Reception } from './to-event-record.ts';

/** The arrival of a file of which VOD says that it is not there. */
export type AbsentEvent = Extract<VodEvent, { readonly eventType: 'NewFileUpload' }>;

/** How sure it is that a file came and went. */
export interface Absence {
  /** Its context proves that this service issued an upload that it says to be of. */
  readonly isProven: boolean;
  /** Its deletion has been told as well. */
  readonly isDeleted: boolean;
  /** It was not noted, since there is no room for it; see {@link Ledger.noteAbsentArrival}. */
  readonly isSurplus: boolean;
}

/** How long VOD may take until it shows a file that it has told of, in milliseconds. */
export const SHOWN_MILLISECONDS = 60_000;

type Notes = Pick<Ledger, 'findFiles' | 'noteAbsentArrival'>;

/**
 * Notes that `event` describes a file that VOD does not have, and returns what is known of that.
 *
 * VOD says the same of files that never were. So a file that is not there counts where a MAC proves its context, or where
 * both its arrival and its deletion were told, in any order; and never one that an upload of another application has, nor,
 * without such a MAC, one of the same.
 */
export async function noteAbsence(
  event: AbsentEvent,
  origin: Origin,
  ledger: Notes,
): Promise<Absence> {
  const fileId = readId(event.task.FileId);
  if (fileId === undefined) return { isProven: false, isDeleted: false, isSurplus: false };
  const isProven = receiveEvent(event, requireMac(origin)).envelope !== undefined;
  if (await isHeld(fileId, isProven, origin, ledger)) {
    return { isProven: false, isDeleted: false, isSurplus: false };
  }
  const source = readSource(event.task.MediaBasicInfo);
  const { isKept, isDeleted } = await ledger.noteAbsentArrival({ fileId, source }, origin.subAppId);
  return { isProven, isDeleted, isSurplus: !isKept };
}

/**
 * Returns whether the file is an upload's that the event is not of. Where its context is proven, an upload of the same
 * application may have it: that of the context itself, or one that was made of what else was told of the file.
 */
async function isHeld(
  fileId: string,
  isProven: boolean,
  { subAppId, own }: Origin,
  ledger: Notes,
): Promise<boolean> {
  const isKnown = (await ledger.findFiles([fileId])).length > 0;
  if (!isKnown || !isProven) return isKnown;
  return (await ledger.findFiles([fileId], subAppId, own)).length === 0;
}

/** Records that the file of `event` came and went. */
export async function takeAbsence(
  event: AbsentEvent,
  reception: Reception,
  ledger: Parameters<typeof ingestBatch>[1],
): Promise<readonly TakenEvent[]> {
  const { FileId: fileId, MediaBasicInfo: basic } = event.task;
  const arrivals = await takeAbsentArrivals(
    [{ fileId, source: readSource(basic) }],
    reception,
    ledger,
  );
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

/** Records the arrivals of files that are not there any more: VOD confirms none of them, and nothing is done to a file. */
export function takeAbsentArrivals(
  arrivals: readonly AbsentArrival[],
  reception: Reception,
  ledger: Parameters<typeof ingestBatch>[1],
): Promise<readonly TakenEvent[]> {
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
