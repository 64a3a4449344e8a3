import { Readable } from 'node:stream';
import type { ObjectName, ObjectStore, StoredObject } from '../storage/objects.ts';
import type { Source } from './open-source.ts';
import { sourceFailure } from './pull-failure.ts';
import type { TransferClock } from './transfer-clock.ts';

/** Most bytes of a source in memory, whatever its size. */
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
  const { uploadId } = await objects.initiate(name, contentType);
  try {
    const numbers: number[] = [];
    for await (const part of collectParts(readBody(source, clock, progress))) {
      const partNumber = numbers.length + 1;
      const body = Readable.from([part], { objectMode: false });
      await objects.putPart(uploadId, partNumber, body, part.length);
      numbers.push(partNumber);
    }
    if (numbers.length === 0) throw sourceFailure('The source is empty');
    return await objects.complete(uploadId, numbers);
  } catch (error) {
    await objects.abort(uploadId).catch(() => undefined);
    throw error;
  }
}

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

async function* collectParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
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
