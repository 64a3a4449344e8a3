import { Readable } from 'node:stream';
import type { ObjectName, ObjectStore, StoredObject } from '../storage/objects.ts';
import type { Source } from './open-source.ts';
import { sourceFailure } from './pull-failure.ts';
import type { TransferClock } from './transfer-clock.ts';

/** Bytes of a part; at most two parts of a source are in memory, whatever its size. */
const PART_BYTES = 4 * 1024 * 1024;

/**
 * Stores the body of `source` and returns its object.
 *
 * @param progress called after each part with the number of bytes so far.
 * @throws PullFailure if the source is interrupted, stalls or is empty; nothing is stored then.
 */
export async function storeSource(
  objects: ObjectStore,
  name: ObjectName,
  source: Source,
  clock: TransferClock,
  progress: (bytes: number) => void,
): Promise<StoredObject> {
  const contentType = source.contentType || 'application/octet-stream';
  const parts = collectParts(readBody(source, clock, progress));
  const { value: first } = await parts.next();
  if (first === undefined) throw sourceFailure('The source is empty');
  const { value: second } = await parts.next();
  // An upload in parts takes three times as many calls of the file system.
  if (second === undefined) return objects.put(name, toStream(first), first.length, contentType);

  const { uploadId } = await objects.initiate(name, contentType);
  try {
    let count = 0;
    const store = async (part: Buffer) => {
      count += 1;
      await objects.putPart(uploadId, count, toStream(part), part.length);
    };
    await store(first);
    await store(second);
    for await (const part of parts) await store(part);
    return await objects.complete(
      uploadId,
      Array.from({ length: count }, (_, i) => i + 1),
    );
  } catch (error) {
    await objects.abort(uploadId).catch(() => undefined);
    throw error;
  }
}

const toStream = (bytes: Buffer) => Readable.from([bytes], { objectMode: false });

/** Returns the whole body of a small source. @throws PullFailure, also if it has more than `most` bytes. */
export async function readSource(
  source: Source,
  clock: TransferClock,
  most: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readBody(source, clock, () => undefined)) {
    size += chunk.length;
    if (size > most) throw sourceFailure(`${source.url.host} sends more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* readBody(
  { body, url }: Source,
  clock: TransferClock,
  progress: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      clock.touch();
      bytes += chunk.length;
      progress(bytes);
      yield chunk;
    }
  } catch (error) {
    if (clock.signal.aborted) throw clock.signal.reason;
    throw sourceFailure(`${url.host} closed the connection after ${bytes} bytes`, { cause: error });
  }
}

async function* collectParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < PART_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}
