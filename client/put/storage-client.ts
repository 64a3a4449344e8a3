import { createHash } from 'node:crypto';
import { signCosRequest } from './cos-signature.ts';
import type { Credentials } from './credentials.ts';
import { PutError } from './put-error.ts';
import { childText, readXml, type XmlElement } from './read-xml.ts';
import { readRetryAfter } from './retry-after.ts';
import type { ServerClock } from './server-clock.ts';
import type { IncomingAnswer, OutgoingRequest, RequestBody, Transport } from './transport.ts';

/** Where an upload is stored. */
export interface StoragePlace {
  /** With the number of the account at its end. */
  readonly bucket: string;
  readonly region: string;
}

/** What storage says about bytes that it has. */
export interface StoredBytes {
  /** With its quotes. */
  readonly etag: string;
  /** Unsigned decimal; empty where storage does not say it. */
  readonly crc64: string;
}

/** A part that storage lists. */
export interface ListedPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
}

/** How a body is sent. */
export type Sending = Pick<OutgoingRequest, 'onSent' | 'signal'>;

/** Storage, for one upload. All calls make one request, and reject with a `PutError`. */
export interface StorageClient {
  /** https://cloud.tencent.com/document/product/436/7749 */
  readonly put: (key: string, body: RequestBody, sending: Sending) => Promise<StoredBytes>;
  /** Returns the upload's id: https://cloud.tencent.com/document/product/436/7746. */
  readonly initiate: (key: string) => Promise<string>;
  /** https://cloud.tencent.com/document/product/436/7750 */
  readonly putPart: (
    part: { readonly key: string; readonly uploadId: string; readonly number: number },
    body: RequestBody,
    sending: Sending,
  ) => Promise<StoredBytes>;
  /** Returns all parts; undefined without such an upload: https://cloud.tencent.com/document/product/436/7747. */
  readonly listParts: (key: string, uploadId: string) => Promise<readonly ListedPart[] | undefined>;
  /** https://cloud.tencent.com/document/product/436/7742 */
  readonly complete: (
    key: string,
    uploadId: string,
    parts: readonly Pick<ListedPart, 'number' | 'etag'>[],
  ) => Promise<StoredBytes>;
  /** https://cloud.tencent.com/document/product/436/7740 */
  readonly abort: (key: string, uploadId: string) => Promise<void>;
  /** Returns the ids of open uploads of this key: https://cloud.tencent.com/document/product/436/7736. */
  readonly listUploads: (key: string) => Promise<readonly string[]>;
  /** Returns undefined without such an object: https://cloud.tencent.com/document/product/436/7745. */
  readonly head: (key: string) => Promise<(StoredBytes & { readonly size: number }) | undefined>;
}

/** Dependencies of a storage client. */
export interface StorageDependencies {
  readonly transport: Transport;
  readonly clock: ServerClock;
  readonly credentials: Credentials;
  /** Address under which an emulator answers for the cloud's hosts, such as `http://localhost:3000/__vod`. */
  readonly cloudUrl: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Parameters = Readonly<Record<string, string>>;

/** What a request is about. */
interface Call extends Sending {
  readonly method: OutgoingRequest['method'];
  readonly key: string;
  readonly parameters?: Parameters;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

/** Creates a client for the objects of one upload. */
export function createStorageClient(
  { bucket, region }: StoragePlace,
  dependencies: StorageDependencies,
): StorageClient {
  const call = (request: Call) =>
    perform(`${bucket}.cos.${region}.myqcloud.com`, request, dependencies);
  return {
    put: async (key, body, sending) =>
      readStored(await call({ method: 'PUT', key, body, ...sending })),
    async initiate(key) {
      const { text } = await call({ method: 'POST', key, parameters: { uploads: '' } });
      return childText(readXml(text), 'UploadId');
    },
    async putPart({ key, uploadId, number }, body, sending) {
      const parameters = { partNumber: String(number), uploadId };
      return readStored(await call({ method: 'PUT', key, parameters, body, ...sending }));
    },
    async listParts(key, uploadId) {
      const parts: ListedPart[] = [];
      for (let marker = '0'; ; ) {
        const parameters = { uploadId, 'part-number-marker': marker, 'max-parts': '1000' };
        const answer = await call({ method: 'GET', key, parameters }).catch(ignoreAbsent);
        if (answer === undefined) return undefined;
        const list = readXml(answer.text);
        parts.push(...readParts(list));
        if (childText(list, 'IsTruncated') !== 'true') return parts;
        marker = childText(list, 'NextPartNumberMarker');
      }
    },
    async complete(key, uploadId, parts) {
      const body = writeParts(parts);
      const headers = { 'Content-MD5': createHash('md5').update(body).digest('base64') };
      const content = { size: body.length, chunks: () => [body] };
      const answer = await call({
        method: 'POST',
        key,
        parameters: { uploadId },
        headers,
        body: content,
      });
      return { ...readStored(answer), etag: childText(readXml(answer.text), 'ETag') };
    },
    async abort(key, uploadId) {
      await call({ method: 'DELETE', key, parameters: { uploadId } }).catch(ignoreAbsent);
    },
    async listUploads(key) {
      const { text } = await call({
        method: 'GET',
        key: '',
        parameters: { uploads: '', prefix: key },
      });
      const uploads = readXml(text)?.children.filter(({ name }) => name === 'Upload') ?? [];
      return uploads
        .filter((upload) => childText(upload, 'Key') === key)
        .map((upload) => childText(upload, 'UploadId'));
    },
    async head(key) {
      const answer = await call({ method: 'HEAD', key }).catch(ignoreAbsent);
      if (answer === undefined) return undefined;
      return { ...readStored(answer), size: Number(answer.headers['content-length']) };
    },
  };
}

async function perform(
  host: string,
  { method, key, parameters = {}, headers = {}, body, onSent, signal }: Call,
  dependencies: StorageDependencies,
): Promise<IncomingAnswer> {
  const { transport, clock, credentials, cloudUrl } = dependencies;
  const grant = await credentials.current();
  const signed = { host };
  const path = `/${key}`;
  const authorization = signCosRequest(
    { method: method.toLowerCase() as Lowercase<typeof method>, path, parameters, headers: signed },
    grant,
    clock.now(),
  );
  const base = cloudUrl === undefined ? `https://${host}` : `${cloudUrl}/${host}`;
  const answer = await transport.send({
    ...{ method, url: new URL(`${base}${encodePath(path)}${writeQuery(parameters)}`) },
    headers: {
      ...headers,
      Authorization: authorization,
      'x-cos-security-token': grant.token,
    },
    ...(body === undefined ? {} : { body }),
    ...(onSent === undefined ? {} : { onSent }),
    signal: signal ?? dependencies.signal,
  });
  // Completing an upload may fail after storage has begun its answer.
  const isFailed = answer.status >= 300 || readXml(answer.text)?.name === 'Error';
  if (!isFailed) {
    credentials.accepted(grant);
    return answer;
  }
  const isClockNew = clock.adjust(answer.headers.date);
  const mayRepeat = answer.status === 403 && (isClockNew || credentials.refused(grant));
  throw explainRefusal(answer, mayRepeat);
}

/** Codes that another attempt may not get: https://cloud.tencent.com/document/product/436/7730. */
const TRANSIENT = new Set(['IncompleteBody', 'RequestTimeout', 'SlowDown', 'BadDigest']);

/** @param mayRepeat whether the reason has been removed. */
function explainRefusal(answer: IncomingAnswer, mayRepeat: boolean): PutError {
  const { status, text } = answer;
  const code =
    childText(readXml(text), 'Code') || (status === 404 ? 'NoSuchKey' : `HTTP ${status}`);
  const isTransient = status >= 500 || status === 408 || status === 429 || TRANSIENT.has(code);
  return new PutError('refused', `Storage refuses with ${code}.`, {
    reason: code,
    isTransient: isTransient || mayRepeat,
    retryAfter: readRetryAfter(answer),
  });
}

const ABSENT = new Set(['NoSuchKey', 'NoSuchUpload']);

/** Returns undefined if storage does not have what was asked for. @throws any other error. */
function ignoreAbsent(error: unknown): undefined {
  if (error instanceof PutError && ABSENT.has(error.reason ?? '')) return undefined;
  throw error;
}

function readParts(list: XmlElement | undefined): readonly ListedPart[] {
  const listed = list?.children.filter(({ name }) => name === 'Part') ?? [];
  return listed.map((part) => ({
    number: Number(childText(part, 'PartNumber')),
    size: Number(childText(part, 'Size')),
    etag: childText(part, 'ETag'),
  }));
}

function readStored({ headers }: IncomingAnswer): StoredBytes {
  return { etag: headers.etag ?? '', crc64: String(headers['x-cos-hash-crc64ecma'] ?? '') };
}

function writeParts(parts: readonly Pick<ListedPart, 'number' | 'etag'>[]): Buffer {
  const list = parts.map(
    ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  return Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function writeQuery(parameters: Parameters): string {
  const pairs = Object.entries(parameters).map(([name, value]) =>
    value === '' ? name : `${name}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
