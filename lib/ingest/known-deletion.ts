import type { Ledger } from '../ledger/ledger.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { listWholeDeletions } from '../vod/deleted-files.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import { readId } from '../vod/vod-value.ts';
import type { Origin } from './received-event.ts';

/** What is told to have been deleted. */
type DeletionEvent = Extract<VodEvent, { readonly eventType: 'FileDeleted' }>;

/**
 * Most files of one notification that VOD is asked about in one go. The number is our choice: five questions of 20 files,
 * which is what one of them may name (https://cloud.tencent.com/document/product/266/31763), have time in one call.
 */
const MAX_DELETIONS = 100;

/**
 * Returns a pushed event without the files that neither an upload of its application has, nor a notification has told to
 * have come; undefined where it describes no others. It comes before VOD is asked about as many as a notification holds.
 *
 * That a file is gone, VOD says of every file that never was, so anybody could have made-up ones believed. The others are
 * noted: where a notification of their arrival comes later, that they were deleted is known by then.
 */
export async function dropUnknownDeletions(
  event: VodEvent,
  { subAppId, own }: Pick<Origin, 'subAppId' | 'own'>,
  ledger: Pick<Ledger, 'findFiles' | 'findAbsentArrivals' | 'noteAbsentDeletions'>,
): Promise<VodEvent | undefined> {
  if (event.eventType !== 'FileDeleted') return event;
  const told = [...new Set(event.task.FileIdSet)].filter(readId);
  // What is in another application, this one says of all the same that it is not there.
  const held = await ledger.findFiles(told);
  const known = held.length === 0 ? [] : await ledger.findFiles(held, subAppId, own);
  const strangers = leaveOut(held, listWholeDeletions(event.task).filter(readId));
  if (strangers.length === 0) return selectDeletions(event, known);
  await ledger.noteAbsentDeletions(strangers, subAppId);
  // Read after that, so that of an arrival and a deletion at the same time one sees the other.
  const arrivals = await ledger.findAbsentArrivals(strangers, subAppId);
  return selectDeletions(event, [...known, ...arrivals.map(({ fileId }) => fileId)]);
}

/** Returns as much of an event as VOD is asked about in one go, and the rest, where there is one. */
export function splitDeletions(
  event: VodEvent,
): readonly [first: VodEvent, rest?: DeletionEvent | undefined] {
  if (event.eventType !== 'FileDeleted') return [event];
  const fileIds = [...new Set(event.task.FileIdSet)];
  if (fileIds.length <= MAX_DELETIONS) return [event];
  const first = selectDeletions(event, fileIds.slice(0, MAX_DELETIONS));
  return [first ?? event, selectDeletions(event, fileIds.slice(MAX_DELETIONS))];
}

/** Returns `event` without all but these files; undefined where it describes none of them. */
export function selectDeletions(
  event: DeletionEvent,
  fileIds: readonly string[],
): DeletionEvent | undefined {
  const { FileIdSet: told } = event.task;
  // Of what it says but ids, nothing is checked on the way in.
  const { FileDeleteResultInfo: results }: Readonly<Record<string, unknown>> = { ...event.task };
  const wanted = new Set<unknown>(fileIds);
  const selected = [...new Set(told)].filter((fileId) => wanted.has(fileId));
  if (selected.length === told.length) return event;
  if (selected.length === 0) return undefined;
  const items: readonly unknown[] | undefined = Array.isArray(results) ? results : undefined;
  const FileDeleteResultInfo = items
    ?.filter(isJsonObject)
    .filter(({ FileId: fileId }) => typeof fileId === 'string' && wanted.has(fileId));
  const part = parseVodEvent({
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet: selected,
      ...(FileDeleteResultInfo ? { FileDeleteResultInfo } : {}),
    },
  });
  return part.eventType === 'FileDeleted' ? part : undefined;
}

function leaveOut(some: readonly string[], fileIds: readonly string[]): readonly string[] {
  const left = new Set(some);
  return fileIds.filter((fileId) => !left.has(fileId));
}
