import * as v from 'valibot';
import { createCrc64 } from '../../client/put/crc64.ts';
import type { FileSource } from '../../client/put/file-source.ts';
import { explainProblem } from '../../client/put/functions-access.ts';
import { callJson } from '../../client/put/json-call.ts';
import { PutError } from '../../client/put/put-error.ts';
import { type Patience, withRetry } from '../../client/put/retry.ts';
import type { Transport } from '../../client/put/transport.ts';

/** Where to ask for media that are there. */
export interface ExistingRequest {
  /** Address of `uploads`, without `/uploads`. */
  readonly endpoint: string;
  readonly token: string;
  readonly transport: Transport;
  /** How a question that fails is repeated. */
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

/** A media with the same content, of the same owner. */
export interface ExistingMedia {
  readonly uploadId: string;
  readonly fileId: string;
  readonly mediaUrl: string | undefined;
  readonly size: number;
  readonly crc64: string;
}

const page = v.object({
  items: v.array(
    v.object({
      uploadId: v.string(),
      state: v.string(),
      fileId: v.optional(v.string()),
      mediaUrl: v.optional(v.string()),
    }),
  ),
});

/** States in which VOD has the file, and nobody has asked for its end. */
const PRESENT: ReadonlySet<string> = new Set(['uploaded', 'processing', 'ready']);

/** The most that the list has of one content. */
const LIMIT = 100;

const BUFFER_BYTES = 1024 ** 2;

/**
 * Returns the newest media of the caller with the same size and CRC-64 as the file, which is read for that; undefined if there
 * is none of which both were reported.
 *
 * @throws {PutError} if the file cannot be read, or the functions refuse; the reason of the signal.
 */
export async function findExisting(
  file: FileSource,
  request: ExistingRequest,
): Promise<ExistingMedia | undefined> {
  const crc64 = await readCrc64(file, request.signal);
  const { size } = file;
  const items = await withRetry(() => list(`${size}-${crc64}`, request), request.patience);
  for (const { uploadId, state, fileId, mediaUrl } of items) {
    if (fileId !== undefined && PRESENT.has(state)) {
      return { uploadId, fileId, mediaUrl, size, crc64 };
    }
  }
  return undefined;
}

async function readCrc64(file: FileSource, signal: AbortSignal | undefined): Promise<string> {
  const crc = createCrc64();
  const buffer = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, Math.max(1, file.size)));
  for (let start = 0; start < file.size; ) {
    signal?.throwIfAborted();
    const bytes = await file.read(buffer, start);
    if (bytes.length === 0)
      throw new PutError('file_changed', 'A file became shorter while it was read.');
    crc.update(bytes);
    start += bytes.length;
  }
  await file.verify();
  return crc.value();
}

async function list(content: string, { endpoint, token, transport, signal }: ExistingRequest) {
  const url = new URL(`${endpoint}/uploads?limit=${LIMIT}&content=${content}`);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await callJson(transport, { method: 'GET', url, headers, signal });
  const { success, output } = v.safeParse(page, answer.json);
  if (answer.status === 200 && success) return output.items;
  throw explainProblem(answer);
}
