import { setMaxListeners } from 'node:events';
import { createSender, type Sender } from './create-sender.ts';
import { type FileSource, openFileSource } from './file-source.ts';
import type { PutResult, StoredPart } from './journal-records.ts';
import { PART_LIMITS, streamPartBytes } from './part-plan.ts';
import { type Listener, type PutEnvironment, patienceOf } from './put-environment.ts';
import { PutError } from './put-error.ts';
import { completeParts, type ObjectTask, putObject, sendPart } from './put-object.ts';
import { abortUploads, CLEANING_MILLISECONDS } from './remove-parts.ts';
import { withRetry } from './retry.ts';
import { createStreamReader, type StreamReader } from './stream-reader.ts';
import type { AppliedUpload, UploadAccess } from './upload-access.ts';

/** Bytes that cannot be read again, and how they are uploaded. */
export interface UploadStreamRequest extends Listener {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Of the stream, where it is known before. */
  readonly size?: number | undefined;
  readonly name: string;
  readonly type: string;
  readonly cover?: { readonly path: string; readonly type: string } | undefined;
  readonly access: UploadAccess;
}

/** Most bytes of parts that are in memory at the same time, unless a single part is larger. */
const MAX_HELD_BYTES = 128 * 1024 ** 2;

/**
 * Uploads a stream: whole, or not at all. A stream that is interrupted has to begin again, so its parts are removed.
 *
 * @throws {PutError} that says why it failed, `wrong_size` if the stream has another size; the reason of the signal.
 */
export async function uploadStream(
  request: UploadStreamRequest,
  environment: PutEnvironment,
): Promise<PutResult> {
  const { access, cover, name, type, size } = request;
  const reader = createStreamReader(request.stream);
  let image: FileSource | undefined;
  try {
    image = cover && (await openFileSource(cover.path));
    const media = {
      ...{ name, type, size },
      cover: cover && { name: 'cover', type: cover.type, size: image?.size ?? 0 },
    };
    const patience = patienceOf(environment, request);
    const applied = await withRetry(access.prepare(media), patience);
    return await putApplied({ applied, reader, image, request }, environment);
  } catch (error) {
    // Whoever writes to the stream need not go on, whatever failed.
    reader.stop(error);
    throw error;
  } finally {
    await image?.close();
  }
}

/** An upload that VOD expects. */
interface Applied {
  readonly applied: AppliedUpload;
  readonly reader: StreamReader;
  readonly image: FileSource | undefined;
  readonly request: UploadStreamRequest;
}

async function putApplied(
  { applied, reader, image, request }: Applied,
  environment: PutEnvironment,
): Promise<PutResult> {
  const { access } = request;
  const patience = patienceOf(environment, request);
  const { session, grant, mediaKey } = applied;
  request.onEvent({ type: 'permitted', uploadId: session.uploadId });
  const stop = new AbortController();
  const signals = [stop.signal, ...(request.signal === undefined ? [] : [request.signal])];
  const signal = AbortSignal.any(signals);
  setMaxListeners(0, signal);
  const upload = { ...request, session, grant, record: async () => {}, signal };
  const sender = createSender(upload, environment);
  const endReading = () => reader.stop(signal.reason);
  signal.addEventListener('abort', endReading);
  try {
    signal.throwIfAborted();
    const stored = await putRead(mediaKey, reader, request, sender);
    await putCover(image, applied, sender);
    const permit = await withRetry(() => access.permit(session), patience);
    const committed = await withRetry(() => access.commit(session, permit), patience);
    return { ...committed, ...stored, uploadId: session.uploadId };
  } catch (error) {
    // Parts that are under way would be stored after the others are removed. Reading ends with it, too.
    stop.abort(error);
    const cleaning = { ...upload, signal: AbortSignal.timeout(CLEANING_MILLISECONDS) };
    // The error itself is what matters.
    await abortUploads(mediaKey, createSender(cleaning, environment)).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', endReading);
  }
}

async function putCover(
  image: FileSource | undefined,
  { coverKey }: AppliedUpload,
  sender: Sender,
): Promise<void> {
  if (image === undefined || coverKey === undefined) return;
  const partBytes = PART_LIMITS.maxBytes;
  const remains = { uploadId: undefined, parts: [] };
  await putObject({ index: 1, key: coverKey, source: image, partBytes }, remains, sender);
}

/** Returns size and CRC-64 of the stream. */
async function putRead(
  key: string,
  reader: StreamReader,
  { size }: Pick<UploadStreamRequest, 'size'>,
  sender: Sender,
): Promise<Pick<PutResult, 'size' | 'crc64'>> {
  const first = await reader.read(partBytesOf(1, size));
  if (first.length === 0) {
    throw new PutError(
      'wrong_size',
      'The stream has no bytes: what should write to it may have failed.',
    );
  }
  const task = { index: 0, key, partBytes: first.length };
  if (first.length < partBytesOf(1, size) || reader.isEnded()) {
    checkSize(first.length, size, true);
    const whole = { ...task, source: hold(first) };
    const crc64 = await putObject(whole, { uploadId: undefined, parts: [] }, sender);
    return { size: first.length, crc64 };
  }
  const { storage, patience } = sender;
  const uploadId = await withRetry(() => storage.initiate(key), patience);
  const parts = await sendStream(
    first,
    reader,
    async (number, bytes) => {
      const part = { ...task, source: hold(bytes) };
      return sendPart(part, uploadId, { number, start: 0, size: bytes.length }, sender);
    },
    size,
  );
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  checkSize(total, size, true);
  const source = { ...hold(first), size: total };
  return { size: total, crc64: await completeParts({ ...task, source }, uploadId, parts, sender) };
}

/** Reads parts while others are sent. */
async function sendStream(
  first: Buffer,
  reader: StreamReader,
  send: (number: number, bytes: Buffer) => Promise<StoredPart>,
  size: number | undefined,
): Promise<readonly StoredPart[]> {
  const sent: Promise<StoredPart>[] = [];
  const open = new Set<Promise<unknown>>();
  let total = 0;
  let bytes = first;
  for (let number = 1; bytes.length > 0; number += 1) {
    total += bytes.length;
    checkSize(total, size, false);
    if (number > PART_LIMITS.maxParts) {
      throw new PutError('wrong_size', `A stream may have ${total - bytes.length} bytes at most.`);
    }
    const sending = send(number, bytes);
    sent.push(sending);
    const ending = sending.finally(() => open.delete(ending));
    open.add(ending);
    // The stream may be idle: a failure ends the wait for its next bytes.
    ending.catch(reader.stop);
    const next = partBytesOf(number + 1, size);
    const room = Math.max(1, Math.floor(MAX_HELD_BYTES / next));
    if (open.size >= room) await Promise.race(open);
    bytes = await reader.read(next);
  }
  return Promise.all(sent);
}

/** Parts of a stream are in memory, so those of one whose size is known are as small as possible. */
function partBytesOf(number: number, size: number | undefined): number {
  if (size === undefined) return streamPartBytes(number);
  const least =
    Math.ceil(size / PART_LIMITS.maxParts / PART_LIMITS.minBytes) * PART_LIMITS.minBytes;
  return Math.max(least, streamPartBytes(1));
}

function checkSize(found: number, size: number | undefined, isEnded: boolean): void {
  if (size === undefined || found === size || (found < size && !isEnded)) return;
  const what = isEnded ? `${found}` : 'more';
  throw new PutError('wrong_size', `The stream has ${what} bytes; ${size} were announced.`);
}

/** Returns bytes as a source that never changes. */
function hold(bytes: Buffer): ObjectTask['source'] {
  return {
    size: bytes.length,
    read: async (buffer, start) => bytes.subarray(start, start + buffer.length),
    verify: async () => {},
  };
}
