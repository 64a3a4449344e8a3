import type { Ledger } from '../ledger/ledger.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import type { Origin } from './received-event.ts';

/**
 * Answers a pushed event without the files that no upload of its application has; undefined where it tells of no others.
 *
 * That a file is gone, VOD says of every file that never was, so anybody could have made-up ones believed. A file that
 * was gone before its arrival was told is found missing by the sweep, once it is told.
 */
export async function dropUnknownDeletions(
  event: VodEvent,
  { subAppId, own }: Pick<Origin, 'subAppId' | 'own'>,
  ledger: Pick<Ledger, 'findFiles'>,
): Promise<VodEvent | undefined> {
  if (event.eventType !== 'FileDeleted') return event;
  const { FileIdSet: fileIds, FileDeleteResultInfo: results } = event.task;
  const known = await ledger.findFiles(fileIds, subAppId, own);
  if (known.length === 0) return undefined;
  if (known.length === new Set(fileIds).size) return event;
  const told: readonly unknown[] | undefined = Array.isArray(results) ? results : undefined;
  const FileDeleteResultInfo = told
    ?.filter(isJsonObject)
    .filter(({ FileId: fileId }) => typeof fileId === 'string' && known.includes(fileId));
  const FileIdSet = fileIds.filter((fileId) => known.includes(fileId));
  return parseVodEvent({
    EventType: 'FileDeleted',
    FileDeleteEvent: { FileIdSet, ...(FileDeleteResultInfo ? { FileDeleteResultInfo } : {}) },
  });
}
