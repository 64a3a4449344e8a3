import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { XMLParser } from 'fast-xml-parser';
import * as v from 'valibot';
import { CosError } from '../../../tools/local/emulator/storage/cos-error.ts';
import {
  readCosSignature,
  verifyCosSignature,
} from '../../../tools/local/emulator/storage/cos-signature.ts';
import { writeXml, type XmlValue } from '../../../tools/local/emulator/storage/cos-xml.ts';
import { headerValue } from '../../../tools/local/emulator/storage/signed-request.ts';
import {
  encodeUriText,
  parseQuery,
  type Query,
  queryValue,
} from '../../../tools/local/emulator/storage/uri-text.ts';
import { CLOUD_ACCOUNT, findCloudKey } from './account.ts';
import type { Bucket, CloudState, StoredObject } from './cloud-state.ts';

/** A request to the storage as it was sent. */
export interface CosCall {
  readonly action: CosAction;
  readonly host: string;
  readonly region: string;
  /** Empty if the call is about all buckets. */
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

/** An answer of the storage. */
export interface CosAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

type CosAction =
  | 'GetService'
  | 'PutBucket'
  | 'HeadBucket'
  | 'GetBucket'
  | 'DeleteBucket'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteMultipleObjects';

const COS_HOST = /^(?:([a-z0-9][a-z0-9-]*)\.)?cos\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$/;
const SERVICE_HOST = 'service.cos.myqcloud.com';
/** https://cloud.tencent.com/document/product/436/13312: 60 bytes with the account's id. */
const BUCKET_NAME = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?-\d+$/;
const MAX_NAME_BYTES = 60;
/** https://cloud.tencent.com/document/product/436/7734 */
const MAX_KEYS = 1_000;

/** Returns whether a host is one of the storage's. */
export function isCosHost(host: string): boolean {
  return host === SERVICE_HOST || COS_HOST.test(host);
}

/** Returns the call in a request. @throws CosError if there is no such operation. */
export function readCosCall(request: IncomingMessage, host: string, body: Buffer): CosCall {
  const [path = '/', queryText = ''] = (request.url ?? '/').split('?');
  const [, bucket = '', region = ''] = COS_HOST.exec(host) ?? [];
  const key = decodeURIComponent(path).slice(1);
  const query = parseQuery(queryText);
  const action = nameAction(request.method ?? '', bucket, key, query);
  return { action, host, region, bucket, key, query, request, body };
}

function nameAction(method: string, bucket: string, key: string, query: Query): CosAction {
  const known: Readonly<Record<string, CosAction>> = {
    'GET /': 'GetService',
    'PUT /bucket': 'PutBucket',
    'HEAD /bucket': 'HeadBucket',
    'GET /bucket': 'GetBucket',
    'DELETE /bucket': 'DeleteBucket',
    'POST /bucket?delete': 'DeleteMultipleObjects',
    'PUT /bucket/key': 'PutObject',
    'GET /bucket/key': 'GetObject',
    'HEAD /bucket/key': 'HeadObject',
    'DELETE /bucket/key': 'DeleteObject',
  };
  const place = bucket === '' ? '/' : `/bucket${key === '' ? '' : '/key'}`;
  // Parameters that choose another operation are not known to this storage.
  const others = query
    .map(([name]) => name)
    .filter((name) => !/^(?:prefix|marker|max-keys|delimiter|encoding-type|q-.*)$/.test(name));
  const action = known[`${method} ${place}${others.map((name) => `?${name}`).join('')}`];
  if (action !== undefined) return action;
  throw new CosError('NotImplemented', `${method} ${place} with ${others} is not known here`);
}

/** Does what a call asks for. @throws CosError if it is refused. */
export function performCosCall(call: CosCall, state: CloudState, now: Date): CosAnswer {
  authorize(call, now);
  switch (call.action) {
    case 'GetService':
      return getService(call, state);
    case 'PutBucket':
      return putBucket(call, state, now);
    case 'HeadBucket':
      demandBucket(call, state);
      return { status: 200 };
    case 'GetBucket':
      return getBucket(call, demandBucket(call, state));
    case 'DeleteBucket':
      return deleteBucket(call, state);
    case 'PutObject':
      return putObject(call, demandBucket(call, state), now);
    case 'GetObject':
    case 'HeadObject':
      return answerObject(demandObject(call, demandBucket(call, state)));
    case 'DeleteObject':
      demandBucket(call, state).objects.delete(call.key);
      return { status: 204 };
    case 'DeleteMultipleObjects':
      return deleteObjects(call, demandBucket(call, state));
  }
}

/** Returns a refusal as the storage writes it; any other error is an internal failure of the storage. */
export function describeCosRefusal(
  error: unknown,
  requestId: string,
): CosAnswer & { code: string } {
  const known =
    error instanceof CosError
      ? error
      : new CosError('InternalError', String(error), { cause: error });
  const content = { Code: known.code, Message: known.message, RequestId: requestId };
  return { ...xmlAnswer('Error', content), status: known.status, code: known.code };
}

/** https://cloud.tencent.com/document/product/436/7778 */
function authorize({ request, host, key, query }: CosCall, now: Date): void {
  const signature = readCosSignature(headerValue(request.headers, 'authorization'), query);
  if (signature === undefined) throw new CosError('AccessDenied', 'The request is not signed');
  const known = findCloudKey(signature.secretId);
  if (known === undefined) {
    throw new CosError('InvalidAccessKeyId', 'The key that signed the request does not exist');
  }
  const path = `/${key}`;
  const { method = '', headers } = request;
  const seconds = Math.floor(now.getTime() / 1_000);
  verifyCosSignature(
    { method, path, query, headers, hosts: [host] },
    signature,
    known.secretKey,
    seconds,
  );
  if (known.token !== headerValue(headers, 'x-cos-security-token')) {
    throw new CosError('AccessDenied', 'The security token does not belong to the key');
  }
}

/** https://cloud.tencent.com/document/product/436/8291 */
function getService({ region }: CosCall, { buckets }: CloudState): CosAnswer {
  const here = [...buckets].filter(([, bucket]) => region === '' || bucket.region === region);
  return xmlAnswer('ListAllMyBucketsResult', {
    Owner: { ID: owner(), DisplayName: CLOUD_ACCOUNT.uin },
    Buckets: {
      Bucket: here.map(([Name, bucket]) => ({
        Name,
        Location: bucket.region,
        CreationDate: bucket.createdAt.toISOString(),
      })),
    },
  });
}

/** https://cloud.tencent.com/document/product/436/7738 */
function putBucket({ bucket, region }: CosCall, { buckets }: CloudState, now: Date): CosAnswer {
  const isName =
    BUCKET_NAME.test(bucket) &&
    bucket.length <= MAX_NAME_BYTES &&
    bucket.endsWith(`-${CLOUD_ACCOUNT.appId}`);
  if (!isName) throw new CosError('InvalidArgument', `${bucket} cannot be the name of a bucket`);
  if (buckets.has(bucket)) return refuse(409, 'BucketAlreadyOwnedByYou');
  buckets.set(bucket, { region, createdAt: now, objects: new Map() });
  return { status: 200 };
}

/** https://cloud.tencent.com/document/product/436/7732 */
function deleteBucket(call: CosCall, state: CloudState): CosAnswer {
  if (demandBucket(call, state).objects.size > 0) return refuse(409, 'BucketNotEmpty');
  state.buckets.delete(call.bucket);
  return { status: 204 };
}

/** https://cloud.tencent.com/document/product/436/7734 */
function getBucket({ bucket, query }: CosCall, { objects }: Bucket): CosAnswer {
  const prefix = queryValue(query, 'prefix') ?? '';
  const marker = queryValue(query, 'marker') ?? '';
  const most = Math.min(Number(queryValue(query, 'max-keys') ?? MAX_KEYS), MAX_KEYS);
  const isEncoded = queryValue(query, 'encoding-type') === 'url';
  const write = (key: string) => (isEncoded ? encodeUriText(key) : key);
  const all = [...objects.keys()].sort().filter((key) => key.startsWith(prefix) && key > marker);
  const page = all.slice(0, most);
  const isTruncated = page.length < all.length;
  return xmlAnswer('ListBucketResult', {
    ...(isEncoded ? { EncodingType: 'url' } : {}),
    ...{ Name: bucket, Prefix: write(prefix), Marker: write(marker), MaxKeys: most },
    IsTruncated: isTruncated,
    ...(isTruncated ? { NextMarker: write(page.at(-1) ?? '') } : {}),
    Contents: page.map((key) => {
      const object = objects.get(key);
      return {
        Key: write(key),
        LastModified: object?.lastModified.toISOString() ?? '',
        ETag: object?.etag ?? '',
        Size: object?.body.length ?? 0,
        Owner: { ID: String(CLOUD_ACCOUNT.appId) },
        StorageClass: 'STANDARD',
      };
    }),
  });
}

/** https://cloud.tencent.com/document/product/436/7749 */
function putObject({ key, body, request }: CosCall, bucket: Bucket, now: Date): CosAnswer {
  const { headers } = request;
  const digest = createHash('md5').update(body);
  const given = headerValue(headers, 'content-md5');
  if (given !== undefined && given !== digest.copy().digest('base64')) {
    throw new CosError('BadDigest', 'Content-MD5 is not that of the body');
  }
  const etag = `"${digest.digest('hex')}"`;
  const kept = Object.entries(headers).filter(([name]) => name.startsWith('x-cos-meta-'));
  bucket.objects.set(key, {
    ...{ body, etag, lastModified: now },
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
  });
  return { status: 200, headers: { ETag: etag } };
}

function answerObject({ body, etag, lastModified, headers }: StoredObject): CosAnswer {
  const common = { ETag: etag, 'Last-Modified': lastModified.toUTCString() };
  return { status: 200, headers: { ...headers, ...common }, body };
}

const DELETION = v.object({
  Delete: v.object({ Object: v.array(v.object({ Key: v.string() })) }),
});

/** https://cloud.tencent.com/document/product/436/8289 */
function deleteObjects({ body, request }: CosCall, { objects }: Bucket): CosAnswer {
  const digest = createHash('md5').update(body).digest('base64');
  if (headerValue(request.headers, 'content-md5') !== digest) {
    throw new CosError('InvalidDigest', 'Content-MD5 must be that of the body');
  }
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Object' });
  const asked = v.safeParse(DELETION, parser.parse(body));
  if (!asked.success) throw new CosError('MalformedXML', 'Expected <Delete> with <Object>s');
  const keys = asked.output.Delete.Object.map(({ Key }) => Key);
  for (const key of keys) objects.delete(key);
  return xmlAnswer('DeleteResult', { Deleted: keys.map((Key) => ({ Key })) });
}

function demandBucket({ bucket, region }: CosCall, { buckets }: CloudState): Bucket {
  const found = buckets.get(bucket);
  if (found?.region === region) return found;
  throw new CosError('NoSuchBucket', 'The specified bucket does not exist.');
}

function demandObject({ key }: CosCall, { objects }: Bucket): StoredObject {
  const found = objects.get(key);
  if (found !== undefined) return found;
  throw new CosError('NoSuchKey', 'The specified key does not exist.');
}

function refuse(status: number, code: string): CosAnswer {
  return { ...xmlAnswer('Error', { Code: code, Message: code }), status };
}

function xmlAnswer(root: string, content: XmlValue): CosAnswer {
  const headers = { 'Content-Type': 'application/xml' };
  return { status: 200, headers, body: writeXml(root, content) };
}

function owner(): string {
  return `qcs::cam::uin/${CLOUD_ACCOUNT.uin}:uin/${CLOUD_ACCOUNT.uin}`;
}
