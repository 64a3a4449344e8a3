import { CosError } from './cos-error.ts';
import { MAX_PART_NUMBER, type NamedPart, parseCompleteRequest, writeXml } from './cos-xml.ts';
import { crc64Header } from './crc64.ts';
import type { OpenUpload, StoredObject, StoredPart } from './objects.ts';
import { bodyLength, breakConnection, openBody, readXmlBody } from './request-body.ts';
import type { StorageAnswer, StorageCall, StorageServices } from './storage-call.ts';
import { encodeUriPath, queryValue } from './uri-text.ts';

/** Every part but the last has at least this many bytes. https://cloud.tencent.com/document/product/436/7742 */
const MIN_PART_BYTES = 1024 * 1024;

/** Opens an upload. https://cloud.tencent.com/document/product/436/7746 */
export async function initiateUpload(
  { objects }: StorageServices,
  { bucket, key, incoming }: StorageCall,
): Promise<StorageAnswer> {
  const contentType = incoming.headers['content-type'] ?? 'application/octet-stream';
  const { uploadId } = await objects.initiate({ bucket, key }, contentType);
  const content = { Bucket: bucket, Key: key, UploadId: uploadId };
  return xmlAnswer('InitiateMultipartUploadResult', content, { uploadId });
}

/** Stores a part. https://cloud.tencent.com/document/product/436/7750 */
export async function uploadPart(
  services: StorageServices,
  call: StorageCall,
): Promise<StorageAnswer> {
  const partNumber = partNumberOf(call);
  const { uploadId } = await demandUpload(services, call);
  const length = bodyLength(call.incoming);
  if (services.faults.take('failed-part')) {
    throw new CosError(
      'ServiceUnavailable',
      `Part ${partNumber} is refused on purpose; send it again`,
    );
  }
  const body = services.faults.take('dropped-connection')
    ? breakConnection(call.incoming, Math.floor(length / 2))
    : openBody(call.incoming, services.speed);
  const part = await services.objects.putPart(uploadId, partNumber, body, length);
  return {
    status: 200,
    headers: { ETag: part.etag, ...crc64Header(part) },
    report: { uploadId, partNumber, bytes: part.size },
  };
}

/** Joins the parts into an object; a repeated request has the same answer. https://cloud.tencent.com/document/product/436/7742 */
export async function completeUpload(
  services: StorageServices,
  call: StorageCall,
): Promise<StorageAnswer> {
  const uploadId = queryValue(call.query, 'uploadId') ?? '';
  const named = parseCompleteRequest(await readXmlBody(call.incoming));
  const object =
    (await completedBefore(services, call, uploadId)) ?? (await complete(services, call, named));
  const content = {
    Location: `https://${call.host}/${encodeUriPath(call.key)}`,
    Bucket: call.bucket,
    Key: call.key,
    ETag: object.etag,
  };
  const report = { uploadId, bytes: object.size };
  const answer = xmlAnswer('CompleteMultipartUploadResult', content, report);
  return { ...answer, headers: { ...answer.headers, ...crc64Header(object) } };
}

/** Closes an upload and deletes its parts. https://cloud.tencent.com/document/product/436/7740 */
export async function abortUpload(
  services: StorageServices,
  call: StorageCall,
): Promise<StorageAnswer> {
  const { uploadId } = await demandUpload(services, call);
  await services.objects.abort(uploadId);
  return { status: 204, report: { uploadId } };
}

/** Returns the upload that the request names. @throws CosError `NoSuchUpload` */
export async function demandUpload(
  { objects }: StorageServices,
  { bucket, key, query }: StorageCall,
): Promise<OpenUpload> {
  const uploadId = queryValue(query, 'uploadId') ?? '';
  const upload = await objects.findUpload(uploadId);
  if (upload?.bucket === bucket && upload.key === key) return upload;
  throw new CosError(
    'NoSuchUpload',
    'There is no open upload of this id and key; it was completed, aborted or has expired',
  );
}

async function completedBefore(
  { objects }: StorageServices,
  { bucket, key }: StorageCall,
  uploadId: string,
): Promise<StoredObject | undefined> {
  const object = await objects.findCompleted(uploadId);
  return object?.bucket === bucket && object.key === key ? object : undefined;
}

async function complete(
  services: StorageServices,
  call: StorageCall,
  named: readonly NamedPart[],
): Promise<StoredObject> {
  const { uploadId } = await demandUpload(services, call);
  const stored = await services.objects.listParts(uploadId);
  checkParts(named, new Map(stored.map((part) => [part.partNumber, part])));
  const partNumbers = named.map(({ partNumber }) => partNumber);
  return services.objects.complete(uploadId, partNumbers);
}

function checkParts(named: readonly NamedPart[], stored: ReadonlyMap<number, StoredPart>): void {
  let previous = 0;
  for (const [index, { partNumber, etag }] of named.entries()) {
    if (partNumber <= previous) {
      throw new CosError(
        'InvalidPartOrder',
        `Part ${partNumber} stands after part ${previous}; part numbers must ascend`,
      );
    }
    previous = partNumber;
    const part = stored.get(partNumber);
    if (part === undefined || unquoted(part.etag) !== unquoted(etag)) {
      throw new CosError(
        'InvalidPart',
        `Part ${partNumber} was not uploaded, or its ETag is another one`,
      );
    }
    if (index < named.length - 1 && part.size < MIN_PART_BYTES) {
      throw new CosError(
        'EntityTooSmall',
        `Part ${partNumber} has ${part.size} bytes; every part but the last needs ${MIN_PART_BYTES}`,
      );
    }
  }
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '').toLowerCase();
}

function partNumberOf({ query }: StorageCall): number {
  const text = queryValue(query, 'partNumber') ?? '';
  const partNumber = Number(text);
  if (/^\d+$/.test(text) && partNumber >= 1 && partNumber <= MAX_PART_NUMBER) return partNumber;
  throw new CosError(
    'InvalidArgument',
    `partNumber is "${text}", expected an integer from 1 to ${MAX_PART_NUMBER}`,
  );
}

function xmlAnswer(
  root: string,
  content: Parameters<typeof writeXml>[1],
  report: NonNullable<StorageAnswer['report']>,
): StorageAnswer {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/xml' },
    body: writeXml(root, content),
    report,
  };
}
