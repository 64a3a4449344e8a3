import { createHash } from 'node:crypto';
import { createCrc64 } from './crc64.ts';
import type { Sender } from './create-sender.ts';
import type { PartSource } from './file-source.ts';
import type { StoredPart } from './journal-records.ts';
import type { Part } from './part-plan.ts';
import { withRetry } from './retry.ts';
import type { ListedPart } from './storage-client.ts';

/** An object of which an earlier run may have sent parts. */
export interface FindRequest {
  readonly index: number;
  readonly key: string;
  readonly source: PartSource;
  /** All parts that it has. */
  readonly plan: readonly Part[];
  /** What the journal says. */
  readonly uploadId: string | undefined;
  readonly parts: readonly StoredPart[];
}

/** A multipart upload, and its parts that need not be sent. */
export interface FoundParts {
  readonly uploadId: string;
  readonly kept: readonly StoredPart[];
}

/**
 * Returns the multipart upload to continue, or a new one; `completed` if all was done, and only the answer was lost. What
 * storage lists counts, not what the journal says.
 */
export async function findParts(
  request: FindRequest,
  { storage, patience, record, slots, signal }: Sender,
): Promise<'completed' | FoundParts> {
  const { index, key, uploadId, source, parts } = request;
  const find = async (id: string): Promise<FoundParts | undefined> => {
    const listed = await withRetry(() => storage.listParts(key, id), patience);
    if (listed === undefined) return undefined;
    const kept = await slots.run((buffer) => keepParts(request, listed, buffer), signal);
    return { uploadId: id, kept };
  };
  if (uploadId !== undefined) {
    const found = await find(uploadId);
    if (found !== undefined) return recordNew(found, request, record);
    const isWhole = parts.reduce((sum, { size }) => sum + size, 0) === source.size;
    if (isWhole && (await withRetry(() => storage.head(key), patience))) return 'completed';
  }
  // One that was begun when the process ended has no line in the journal.
  const [open] = await withRetry(() => storage.listUploads(key), patience);
  const begun = open ?? (await withRetry(() => storage.initiate(key), patience));
  await record({ type: 'opened', object: index, uploadId: begun });
  return { uploadId: begun, kept: [] };
}

/** Writes the parts into the journal that it lacks. */
async function recordNew(
  found: FoundParts,
  { index, parts }: FindRequest,
  record: Sender['record'],
): Promise<FoundParts> {
  const known = new Set(parts);
  for (const part of found.kept) {
    if (!known.has(part)) await record({ type: 'part', object: index, ...part });
  }
  return found;
}

/** Returns the parts that storage has as they are in the file. */
async function keepParts(
  { source, plan, parts }: FindRequest,
  listed: readonly ListedPart[],
  buffer: Buffer,
): Promise<readonly StoredPart[]> {
  const known = new Map(parts.map((part) => [part.number, part]));
  const planned = new Map(plan.map((part) => [part.number, part]));
  const kept: StoredPart[] = [];
  for (const { number, size, etag } of listed) {
    const [before, part] = [known.get(number), planned.get(number)];
    if (part?.size !== size) continue;
    if (before?.etag === etag) kept.push(before);
    else {
      // Storage had it when the process ended, before its answer arrived.
      const found = await readPart(source, part, buffer);
      if (found.etag === etag) kept.push(found);
    }
  }
  return kept;
}

/** Returns a part as storage describes it, whose ETag is the MD5: https://cloud.tencent.com/document/product/436/7750. */
async function readPart(
  source: PartSource,
  { number, start, size }: Part,
  buffer: Buffer,
): Promise<StoredPart> {
  const [crc, md5] = [createCrc64(), createHash('md5')];
  for (let at = start; at < start + size; ) {
    const room = buffer.subarray(0, Math.min(buffer.length, start + size - at));
    const bytes = await source.read(room, at);
    crc.update(bytes);
    md5.update(bytes);
    at += bytes.length;
  }
  return { number, size, etag: `"${md5.digest('hex')}"`, crc64: crc.value() };
}
