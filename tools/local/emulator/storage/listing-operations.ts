import { CosError } from './cos-error.ts';
import { writeXml } from './cos-xml.ts';
import { demandUpload } from './multipart-operations.ts';
import type { OpenUpload } from './objects.ts';
import type { StorageAnswer, StorageCall, StorageServices } from './storage-call.ts';
import { encodeUriText, queryValue, toKey } from './uri-text.ts';

/** A page of a list has at most this many entries. https://cloud.tencent.com/document/product/436/7747 */
const MAX_PAGE = 1_000;

/** Lists the open uploads under a prefix. https://cloud.tencent.com/document/product/436/7736 */
export async function listUploads(
  { objects }: StorageServices,
  { bucket, query }: StorageCall,
): Promise<StorageAnswer> {
  const prefix = queryValue(query, 'prefix') ?? '';
  const keyMarker = queryValue(query, 'key-marker') ?? '';
  const uploadIdMarker = queryValue(query, 'upload-id-marker') ?? '';
  const max = pageSize(query, 'max-uploads');
  const all = [...(await objects.listUploads(bucket, toKey(prefix)))].sort(byKeyAndId);
  const rest = all.filter((upload) => isAfter(upload, keyMarker, uploadIdMarker));
  const page = rest.slice(0, max);
  const last = page.at(-1);
  const truncated = last !== undefined && rest.length > page.length;
  const encode = encoderOf(query);
  const content = {
    Bucket: bucket,
    'Encoding-type': queryValue(query, 'encoding-type') ?? '',
    KeyMarker: encode(keyMarker),
    UploadIdMarker: uploadIdMarker,
    MaxUploads: max,
    Prefix: encode(prefix),
    Delimiter: '',
    IsTruncated: truncated,
    ...(truncated ? { NextKeyMarker: encode(last.key), NextUploadIdMarker: last.uploadId } : {}),
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.uploadId,
      StorageClass: 'STANDARD',
      ...owners(),
      Initiated: upload.initiated,
    })),
  };
  return xmlAnswer('ListMultipartUploadsResult', content);
}

/** Lists the stored parts of an upload, by number. https://cloud.tencent.com/document/product/436/7747 */
export async function listParts(
  services: StorageServices,
  call: StorageCall,
): Promise<StorageAnswer> {
  const { uploadId } = await demandUpload(services, call);
  const marker = wholeNumber(call.query, 'part-number-marker') ?? 0;
  const max = pageSize(call.query, 'max-parts');
  const all = await services.objects.listParts(uploadId);
  const rest = all.filter((part) => part.partNumber > marker);
  const page = rest.slice(0, max);
  const last = page.at(-1);
  const truncated = last !== undefined && rest.length > page.length;
  const content = {
    Bucket: call.bucket,
    'Encoding-type': queryValue(call.query, 'encoding-type') ?? '',
    Key: encoderOf(call.query)(call.key),
    UploadId: uploadId,
    ...owners(),
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    ...(truncated ? { NextPartNumberMarker: last.partNumber } : {}),
    MaxParts: max,
    IsTruncated: truncated,
    Part: page.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: part.lastModified,
      ETag: part.etag,
      Size: part.size,
    })),
  };
  return { ...xmlAnswer('ListPartsResult', content), report: { uploadId } };
}

function byKeyAndId(left: OpenUpload, right: OpenUpload): number {
  if (left.key !== right.key) return left.key < right.key ? -1 : 1;
  return left.uploadId < right.uploadId ? -1 : 1;
}

function isAfter(upload: OpenUpload, keyMarker: string, uploadIdMarker: string): boolean {
  if (upload.key !== keyMarker) return upload.key > keyMarker;
  return uploadIdMarker !== '' && upload.uploadId > uploadIdMarker;
}

function pageSize(query: StorageCall['query'], name: string): number {
  return Math.min(wholeNumber(query, name) ?? MAX_PAGE, MAX_PAGE);
}

function wholeNumber(query: StorageCall['query'], name: string): number | undefined {
  const text = queryValue(query, name);
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CosError('InvalidArgument', `${name} is "${text}", expected a whole number`);
}

function encoderOf(query: StorageCall['query']): (text: string) => string {
  return queryValue(query, 'encoding-type') === 'url' ? encodeUriText : (text) => text;
}

function owners() {
  const owner = { ID: 'local', DisplayName: 'local' };
  return { Initiator: owner, Owner: owner };
}

function xmlAnswer(root: string, content: Parameters<typeof writeXml>[1]): StorageAnswer {
  const headers = { 'Content-Type': 'application/xml' };
  return { status: 200, headers, body: writeXml(root, content) };
}
