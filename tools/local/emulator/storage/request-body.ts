import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { announcedDigests, checkDigests } from './body-digests.ts';
import { CosError } from './cos-error.ts';
import type { SpeedLimit } from './speed-limit.ts';

/** Most bytes of a part, or of an object in one request. https://cloud.tencent.com/document/product/436/14518 */
const MAX_BODY_BYTES = 5 * 1024 ** 3;

/** Most bytes of a request's XML; 10,000 parts need less than 1 MiB. */
const MAX_XML_BYTES = 4 * 1024 * 1024;

/** Returns `Content-Length`. @throws CosError `MissingContentLength` or `EntityTooLarge` */
export function bodyLength(incoming: IncomingMessage): number {
  const header = incoming.headers['content-length'];
  if (header === undefined) {
    throw new CosError('MissingContentLength', 'The request needs a Content-Length');
  }
  const length = Number(header);
  if (length > MAX_BODY_BYTES) {
    throw new CosError('EntityTooLarge', `The body has ${length} bytes, at most ${MAX_BODY_BYTES}`);
  }
  return length;
}

/**
 * Returns `Content-Length`, undefined if the body is sent in chunks, whose length is known at its end.
 * https://cloud.tencent.com/document/product/436/7749
 *
 * @throws CosError `MissingContentLength` or `EntityTooLarge`
 */
export function chunkedBodyLength(incoming: IncomingMessage): number | undefined {
  const encoding = incoming.headers['transfer-encoding'];
  return encoding?.toLowerCase() === 'chunked' ? undefined : bodyLength(incoming);
}

/**
 * Returns the body at the speed that the limit allows; it ends with an error if it does not match a digest in its
 * headers.
 */
export function openBody(incoming: IncomingMessage, speed: SpeedLimit): Readable {
  const digests = announcedDigests(incoming.headers);
  const chunks = limitBytes(chunksOf(incoming), MAX_BODY_BYTES, 'A body');
  return Readable.from(checkDigests(speed.pace(chunks), digests), { objectMode: false });
}

/** Returns the body as text. @throws CosError `EntityTooLarge`, or for a digest that does not match. */
export async function readXmlBody(incoming: IncomingMessage): Promise<string> {
  const digests = announcedDigests(incoming.headers);
  const body = limitBytes(chunksOf(incoming), MAX_XML_BYTES, 'The XML of a request');
  const chunks: Buffer[] = [];
  for await (const chunk of checkDigests(body, digests)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Passes `chunks` on. @throws CosError `EntityTooLarge` after more than `most` bytes. */
async function* limitBytes(chunks: AsyncIterable<Buffer>, most: number, what: string) {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > most) throw new CosError('EntityTooLarge', `${what} has at most ${most} bytes`);
    yield chunk;
  }
}

/** Returns a body whose connection breaks after `bytes`. */
export function breakConnection(incoming: IncomingMessage, bytes: number): Readable {
  return Readable.from(chunksUntil(incoming, bytes), { objectMode: false });
}

async function* chunksUntil(incoming: IncomingMessage, bytes: number) {
  let received = 0;
  for await (const chunk of chunksOf(incoming)) {
    yield chunk;
    received += chunk.length;
    if (received >= bytes) break;
  }
  incoming.socket.destroy();
  throw new CosError(
    'IncompleteBody',
    `The connection was closed on purpose after ${received} bytes`,
  );
}

/** Does not close the connection when the reader stops early: the refusal must still be sent on it. */
function chunksOf(incoming: IncomingMessage): AsyncIterable<Buffer> {
  return incoming.iterator({ destroyOnReturn: false });
}
