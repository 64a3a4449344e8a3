import type { Ledger } from '../ledger/ledger.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { VodEvent } from '../vod/event.ts';
import type { Origin } from './received-event.ts';

/** What is told to have been deleted. */
type Deletion = Extract<VodEvent, { eventType: 'FileDeleted' }>;

/**
 * Most files of one notification that VOD is asked about in one go. The number is our choice: five questions of 20 files,
 * which is what one of them may name (https://cloud.tencent.com/document/product/266/31763), have time in one call.
 */
const MOST_DELETIONS = 100;

/**
 * Returns a pushed event without the files that no upload of its application has; undefined where it tells of no others.
 * It is asked before VOD is: that a file is gone, VOD says of every file that never was, so anybody could have made-up ones
 * believed, and have VOD asked about as many as a notification holds. A file that was gone before its arrival was told is
 * found missing by the sweep, once it is told.
 */
export async function dropUnknownDeletions(
  event: VodEvent,
  { subAppId, own }: Pick<Origin, 'subAppId' | 'own'>,
  ledger: Pick<Ledger, 'findFiles'>,
): Promise<VodEvent | undefined> {
  if (event.eventType !== 'FileDeleted') return event;
  const { FileIdSet: fileIds } = event.task;
  const known = new Set(await ledger.findFiles(fileIds, subAppId, own));
  if (known.size === 0) return undefined;
  if (known.size === new Set(fileIds).size) return event;
  return keepFiles(event, known);
}

/** Returns as much of an event as VOD is asked about in one go, and the rest, where there is one. */
export function splitDeletions(
  event: VodEvent,
): readonly [first: VodEvent, rest?: Deletion | undefined] {
  if (event.eventType !== 'FileDeleted') return [event];
  const fileIds = [...new Set(event.task.FileIdSet)];
  if (fileIds.length <= MOST_DELETIONS) return [event];
  const first = new Set(fileIds.slice(0, MOST_DELETIONS));
  const rest = new Set(fileIds.slice(MOST_DELETIONS));
  return [keepFiles(event, first), keepFiles(event, rest)];
}

function keepFiles({ task }: Deletion, kept: ReadonlySet<string>): Deletion {
  const { FileIdSet: fileIds, FileDeleteResultInfo: results } = task;
  const FileIdSet = [...new Set(fileIds)].filter((fileId) => kept.has(fileId));
  const FileDeleteResultInfo = Array.isArray(results)
    ? results.filter((result) => isJsonObject(result) && kept.has(String(result['FileId'])))
    : undefined;
  return {
    eventType: 'FileDeleted',
    task: { FileIdSet, ...(FileDeleteResultInfo ? { FileDeleteResultInfo } : {}) },
  };
}
