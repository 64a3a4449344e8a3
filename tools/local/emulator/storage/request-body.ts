import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { announcedDigests, checkDigests } from './body-digests.ts';
import { CosError } from './cos-error.ts';
import type { SpeedLimit } from './speed-limit.ts';

/** A part or an object put at once has at most this many bytes. https://cloud.tencent.com/document/product/436/14518 */
const MAX_BODY_BYTES = 5 * 1024 ** 3;

/** The XML of a request: 10,000 parts need less than 1 MiB. */
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

/** Returns the body at the speed the limit allows; it ends with an error if a digest of its headers is not its own. */
export function openBody(incoming: IncomingMessage, speed: SpeedLimit): Readable {
  const digests = announcedDigests(incoming.headers);
  return Readable.from(checkDigests(speed.pace(chunksOf(incoming)), digests), {
    objectMode: false,
  });
}

/** Returns the body as text. @throws CosError `EntityTooLarge`, or for a digest that is not its own. */
export async function readXmlBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of checkDigests(chunksOf(incoming), announcedDigests(incoming.headers))) {
    size += chunk.length;
    if (size > MAX_XML_BYTES) {
      throw new CosError(
        'EntityTooLarge',
        `The XML of a request has at most ${MAX_XML_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
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

/** Does not close the connection when its reader stops early: the refusal still has to go out on it. */
function chunksOf(incoming: IncomingMessage): AsyncIterable<Buffer> {
  return incoming.iterator({ destroyOnReturn: false });
}
