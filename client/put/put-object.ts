import { combineCrc64, createCrc64 } from './crc64.ts';
import { type Sender, withSignal } from './create-sender.ts';
import type { PartSource } from './file-source.ts';
import { findParts } from './find-parts.ts';
import type { StoredPart } from './journal-records.ts';
import { listParts, type Part } from './part-plan.ts';
import { PutError } from './put-error.ts';
import { withRetry } from './retry.ts';
import { runTogether } from './run-together.ts';
import type { Sending, StorageClient, StoredBytes } from './storage-client.ts';
import type { RequestBody } from './transport.ts';

/** One object of an upload. */
export interface ObjectTask {
  /** Its place in the upload. */
  readonly index: number;
  readonly key: string;
  readonly source: PartSource;
  readonly partBytes: number;
}

/** What an interrupted upload left of an object. */
export interface ObjectRemains {
  readonly uploadId: string | undefined;
  readonly parts: readonly StoredPart[];
}

/** Times that storage may say another CRC-64 for the same part, before it is an error. */
const MAX_MISMATCHES = 3;

/**
 * Stores an object whole, and returns its CRC-64.
 *
 * @throws {PutError} `corrupted` if storage says another CRC-64; `file_changed`.
 */
export async function putObject(
  task: ObjectTask,
  remains: ObjectRemains,
  sender: Sender,
): Promise<string> {
  const { index, key, source, partBytes } = task;
  const { storage, slots, record, signal } = sender;
  const crc64 =
    source.size <= partBytes
      ? (
          await slots.run(
            (buffer) =>
              sendBytes({ ...source, start: 0 }, buffer, sender, (body, sending) =>
                storage.put(key, body, sending),
              ),
            signal,
          )
        ).crc64
      : await putParts(task, remains, sender);
  await record({ type: 'stored', object: index, crc64 });
  return crc64;
}

async function putParts(
  task: ObjectTask,
  { uploadId: openedBefore, parts: sentBefore }: ObjectRemains,
  sender: Sender,
): Promise<string> {
  const { source, partBytes } = task;
  const plan = listParts(source.size, partBytes);
  const order = (parts: Iterable<StoredPart>) => {
    // A part that was sent twice counts as it was sent last.
    const last = new Map([...parts].map((part) => [part.number, part]));
    return plan.flatMap(({ number }) => last.get(number) ?? []);
  };
  const remains = { uploadId: openedBefore, parts: order(sentBefore) };
  const found = await findParts({ ...task, ...remains, plan }, sender);
  if (found === 'completed') return verifyWhole(task, remains.parts, undefined, sender);
  const { uploadId, kept } = found;
  sender.onKept(countBytes(kept));
  const isKept = new Set(kept.map(({ number }) => number));
  const works = plan
    .filter(({ number }) => !isKept.has(number))
    .map((part) => (signal: AbortSignal) => {
      return sendPart(task, uploadId, part, withSignal(sender, signal));
    });
  const sent = await runTogether(works, sender.signal);
  await source.verify();
  return completeParts(task, uploadId, order([...kept, ...sent]), sender);
}

/**
 * Makes an object of all its parts, and returns its CRC-64.
 *
 * @throws {PutError} `corrupted` if storage says another one.
 */
export async function completeParts(
  task: ObjectTask,
  uploadId: string,
  parts: readonly StoredPart[],
  sender: Sender,
): Promise<string> {
  const { storage, patience } = sender;
  const work = () => completeOnce(task.key, uploadId, parts, storage);
  return verifyWhole(task, parts, await withRetry(work, patience), sender);
}

function countBytes(parts: readonly StoredPart[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** Returns undefined if the upload is no longer open, since an answer was lost. */
async function completeOnce(
  key: string,
  uploadId: string,
  parts: readonly StoredPart[],
  storage: StorageClient,
): Promise<StoredBytes | undefined> {
  return storage.complete(key, uploadId, parts).catch((error: unknown) => {
    if (error instanceof PutError && error.reason === 'NoSuchUpload') return undefined;
    throw error;
  });
}

/** @throws {PutError} `corrupted` */
async function verifyWhole(
  { key, source }: ObjectTask,
  parts: readonly StoredPart[],
  completed: StoredBytes | undefined,
  { storage, patience }: Sender,
): Promise<string> {
  const crc64 = combineCrc64(parts);
  const answered = completed?.crc64 ? completed : undefined;
  const object = answered ?? (await withRetry(() => storage.head(key), patience));
  if (object?.crc64 === crc64 && source.size === countBytes(parts)) return crc64;
  throw corrupted(object?.crc64 ?? '', crc64);
}

/** Sends a part until storage has it. */
export async function sendPart(
  { index, key, source }: ObjectTask,
  uploadId: string,
  part: Part,
  sender: Sender,
): Promise<StoredPart> {
  const { storage, slots, signal, record } = sender;
  const { number, size } = part;
  const put = (body: RequestBody, sending: Sending) =>
    storage.putPart({ key, uploadId, number }, body, sending);
  const { etag, crc64 } = await slots.run(
    (buffer) => sendBytes({ ...source, ...part }, buffer, sender, put),
    signal,
  );
  const stored = { number, size, etag, crc64 };
  await record({ type: 'part', object: index, ...stored });
  return stored;
}

/** Bytes of a source. */
type Range = PartSource & { readonly start: number };

/** Sends bytes until storage has them, and returns what it says about them. */
async function sendBytes(
  range: Range,
  buffer: Buffer,
  { rate, patience, signal, slots, onSent }: Sender,
  put: (body: RequestBody, sending: Sending) => Promise<StoredBytes>,
): Promise<StoredBytes> {
  let mismatches = 0;
  const attempt = async () => {
    const crc = createCrc64();
    let sent = 0;
    const step = buffer.subarray(0, Math.min(buffer.length, rate.step));
    const chunks = async function* () {
      const end = range.start + range.size;
      for (let at = range.start; at < end; ) {
        const room = step.subarray(0, Math.min(step.length, end - at));
        await rate.take(room.length, signal);
        const bytes = await range.read(room, at);
        crc.update(bytes);
        at += bytes.length;
        yield bytes;
      }
      await range.verify();
    };
    try {
      const stored = await put(
        { size: range.size, chunks },
        {
          signal,
          onSent(bytes) {
            sent += bytes;
            slots.sent(bytes);
            onSent(bytes);
          },
        },
      );
      if (stored.crc64 === crc.value()) return stored;
      mismatches += 1;
      throw corrupted(stored.crc64, crc.value(), mismatches < MAX_MISMATCHES);
    } catch (error) {
      onSent(-sent);
      throw error;
    }
  };
  return withRetry(attempt, {
    ...patience,
    onRetry(error) {
      slots.failed();
      patience.onRetry?.(error);
    },
  });
}

function corrupted(found: string, crc64: string, isTransient = false): PutError {
  const what = found === '' ? 'does not say a CRC-64' : `has the CRC-64 ${found}`;
  const message = `Storage ${what}; the file has ${crc64}. Nothing was made of it: upload it again.`;
  return new PutError('corrupted', message, { isTransient });
}
