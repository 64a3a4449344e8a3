import { parseRange } from './byte-range.ts';
import { CosError } from './cos-error.ts';
import { crc64Header } from './crc64.ts';
import type { StoredObject } from './objects.ts';
import { chunkedBodyLength, openBody } from './request-body.ts';
import type { StorageAnswer, StorageCall, StorageServices } from './storage-call.ts';

/** Stores an object that is sent in one request. https://cloud.tencent.com/document/product/436/7749 */
export async function putObject(
  { objects, speed }: StorageServices,
  { bucket, key, incoming }: StorageCall,
): Promise<StorageAnswer> {
  const length = chunkedBodyLength(incoming);
  const contentType = incoming.headers['content-type'] ?? 'application/octet-stream';
  const body = openBody(incoming, speed);
  const stored = await objects.put({ bucket, key }, body, length, contentType);
  return {
    status: 200,
    headers: { ETag: stored.etag, ...crc64Header(stored) },
    report: { bytes: stored.size },
  };
}

/** Describes an object. https://cloud.tencent.com/document/product/436/7745 */
export async function headObject(
  services: StorageServices,
  call: StorageCall,
): Promise<StorageAnswer> {
  const object = await demandObject(services, call);
  return { status: 200, headers: { ...describe(object), 'Content-Length': object.size } };
}

/** Sends an object, or the requested range. https://cloud.tencent.com/document/product/436/7753 */
export async function getObject(
  services: StorageServices,
  call: StorageCall,
): Promise<StorageAnswer> {
  const object = await demandObject(services, call);
  const range = parseRange(call.incoming.headers.range, object.size);
  if (range === 'outside') {
    throw new CosError('InvalidRange', `The object has ${object.size} bytes`, {
      headers: { 'Content-Range': `bytes */${object.size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  const bytes = end - start + 1;
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...describe(object),
      'Content-Length': bytes,
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${object.size}` }),
    },
    body: services.objects.read(object, start, end),
    report: { bytes },
  };
}

async function demandObject(
  { objects }: StorageServices,
  { bucket, key }: StorageCall,
): Promise<StoredObject> {
  const object = await objects.find({ bucket, key });
  if (object !== undefined) return object;
  throw new CosError('NoSuchKey', 'There is no object of this key');
}

function describe(object: StoredObject): Record<string, string | number> {
  return {
    'Content-Type': object.contentType,
    'Accept-Ranges': 'bytes',
    ETag: object.etag,
    ...crc64Header(object),
    'Last-Modified': new Date(object.lastModified).toUTCString(),
  };
}
