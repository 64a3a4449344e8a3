import { isJsonObject } from '../validation/json-object.ts';
import type { EventTask } from './event-types.ts';

/**
 * Returns the files that are gone as a whole; of others, parts were deleted and the file is there.
 *
 * @see https://cloud.tencent.com/document/product/266/31764
 */
export function listWholeDeletions({
  FileIdSet: fileIds,
  FileDeleteResultInfo: results,
}: EventTask<'FileDeleted'>): readonly string[] {
  const items: readonly unknown[] = Array.isArray(results) ? results : [];
  const inParts = new Set(
    items.filter(isJsonObject).flatMap(({ FileId: fileId, DeleteParts: parts }) => {
      return Array.isArray(parts) && parts.length > 0 ? [fileId] : [];
    }),
  );
  return [...new Set(fileIds)].filter((fileId) => !inParts.has(fileId));
}
