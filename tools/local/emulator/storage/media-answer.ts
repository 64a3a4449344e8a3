import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseRange } from './byte-range.ts';
import type { ObjectStore, StoredObject } from './objects.ts';

/** Types that a browser plays or shows. Other files are served as bytes: they must not run as a page of this origin. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.3gp': 'video/3gpp',
  '.aac': 'audio/aac',
  '.avi': 'video/x-msvideo',
  '.bmp': 'image/bmp',
  '.flac': 'audio/flac',
  '.flv': 'video/x-flv',
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4a': 'audio/mp4',
  '.m4v': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.mov': 'video/quicktime',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.mpeg': 'video/mpeg',
  '.mpg': 'video/mpeg',
  '.ogg': 'audio/ogg',
  '.png': 'image/png',
  '.ts': 'video/mp2t',
  '.wav': 'audio/wav',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
  '.wmv': 'video/x-ms-wmv',
};

/**
 * Answers a GET or HEAD of `/media/<bucket>/<path>` with the stored object or the requested range. `path` is still
 * percent-encoded, with or without a leading slash. 404 if nothing is stored under exactly that key.
 */
export async function serveMedia(
  objects: ObjectStore,
  bucket: string,
  path: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  incoming.resume();
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    outgoing.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': 0 }).end();
    return;
  }
  const key = decodePath(path);
  const object = key === undefined ? undefined : await objects.find({ bucket, key });
  if (object === undefined) {
    outgoing.writeHead(404, { 'Content-Length': 0 }).end();
    return;
  }
  const range = parseRange(wantedRange(incoming, object), object.size);
  if (range === 'outside') {
    const headers = { 'Content-Range': `bytes */${object.size}`, 'Content-Length': 0 };
    outgoing.writeHead(416, headers).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  outgoing.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': CONTENT_TYPES[extname(object.key).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': end - start + 1,
    'Accept-Ranges': 'bytes',
    ETag: object.etag,
    'Last-Modified': new Date(object.lastModified).toUTCString(),
    'X-Content-Type-Options': 'nosniff',
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${object.size}` }),
  });
  if (incoming.method === 'HEAD') {
    outgoing.end();
    return;
  }
  // A player that seeks drops the connection, so an error cannot be reported.
  await pipeline(objects.read(object, start, end), outgoing).catch(() => outgoing.destroy());
}

/** A player that continues a file which has since been replaced gets the whole new one. */
function wantedRange({ headers }: IncomingMessage, object: StoredObject): string | undefined {
  const condition = headers['if-range'];
  return condition === undefined || condition === object.etag ? headers.range : undefined;
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path).replace(/^\//, '');
  } catch {
    return undefined;
  }
}
