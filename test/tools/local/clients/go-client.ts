import { createHash } from 'node:crypto';
import type { ServerClient, StorageRequest } from './server-client.ts';
import {
  encode,
  encodeForm,
  type Header,
  signCos,
  signTc3,
  signV1,
  type WireRequest,
} from './wire.ts';

// Requests as the vendor's server upload SDK for Go writes them: https://github.com/tencentyun/vod-go-sdk at 47ee658,
// with the versions in its go.mod, tencentcloud-sdk-go 1.0.493 and cos-go-sdk-v5 0.7.25, or with a newer COS SDK, and
// net/http of Go: the target, Host, User-Agent and the length first, the other headers sorted, Accept-Encoding last.

const MEBIBYTE = 1024 * 1024;

/** What differs between versions of cos-go-sdk-v5: https://github.com/tencentyun/cos-go-sdk-v5 */
interface CosVersion {
  readonly version: string;
  /** Newer versions sign the token, and a length of 0 that they write themselves. */
  readonly isNew: boolean;
}

/** The API client: `common/client.go` and `common/http/request.go`. */
const callApi: ServerClient['callApi'] = ({ key, host, action, parameters, seconds }) => {
  const body = escapeAsGo(JSON.stringify(parameters));
  const contentType = 'application/json';
  return {
    line: 'POST / HTTP/1.1',
    headers: [
      ['Host', host],
      ['User-Agent', 'Go-http-client/1.1'],
      ['Content-Length', String(Buffer.byteLength(body))],
      ['Authorization', signTc3(key, { host, contentType, body }, seconds)],
      ['Content-Type', contentType],
      ['X-TC-Action', action],
      ['X-TC-Language', 'zh-CN'],
      ['X-TC-Region', 'ap-guangzhou'],
      ['X-TC-RequestClient', 'SDK_GO_1.0.493'],
      ['X-TC-Timestamp', String(seconds)],
      ['X-TC-Version', '2018-07-17'],
      ['Accept-Encoding', 'gzip'],
    ],
    body,
  };
};

/** `common/sign.go` and `common/http/request.go`; a form of net/url is sorted. */
const callApiV1: ServerClient['callApiV1'] = ({ key, host, action, parameters, seconds }) => {
  const fields: Header[] = [
    ...Object.entries(parameters).map(([name, value]) => [name, String(value)] as const),
    ['Action', action],
    ['Language', 'zh-CN'],
    ['Nonce', '5577006791947779410'],
    ['Region', 'ap-guangzhou'],
    ['RequestClient', 'SDK_GO_1.0.493'],
    ['SecretId', key.secretId],
    ['SignatureMethod', 'HmacSHA256'],
    ['Timestamp', String(seconds)],
    ['Version', '2018-07-17'],
  ];
  const signed: Header[] = [...fields, ['Signature', signV1(key, host, fields)]];
  const body = encodeForm(signed.sort(([left], [right]) => (left < right ? -1 : 1)));
  return {
    line: 'POST / HTTP/1.1',
    headers: [
      ['Host', host],
      ['User-Agent', 'Go-http-client/1.1'],
      ['Content-Length', String(body.length)],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Accept-Encoding', 'gzip'],
    ],
    body,
  };
};

/** Go's encoding/json writes these characters so that the text can stand in HTML. */
function escapeAsGo(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Returns the client with a version of cos-go-sdk-v5: `auth.go`, `cos.go`, `object.go` and `object_part.go`. */
export function goClient({ version, isNew }: CosVersion): ServerClient {
  /** `framing` is how the body's length is written, `length` whether a header of the SDK's own names it. */
  const request = (
    storage: StorageRequest,
    { length, framing, more = [] }: { length?: number; framing: Header; more?: readonly Header[] },
    body: string | Buffer = '',
  ): WireRequest => {
    const { key, host, method, path, query = [], seconds } = storage;
    const token: Header = ['X-Cos-Security-Token', key.token ?? ''];
    const own = length === undefined ? [] : [['Content-Length', String(length)] as const];
    const signed = [['Host', host] as const, ...own, ...more, ...(isNew ? [token] : [])];
    const authorization = signCos(key, {
      ...{ method, path, begin: seconds, end: seconds + 3_600 },
      query: query.map(([name, value]) => [name.toLowerCase(), value]),
      headers: signed.map(([name, value]) => [name.toLowerCase(), value]),
    });
    const search = query.map(([name, value]) => (value === '' ? name : `${name}=${value}`));
    const target = `/${encode(path.slice(1))}${search.length === 0 ? '' : `?${search.join('&')}`}`;
    return {
      line: `${method} ${target} HTTP/1.1`,
      headers: [
        ['Host', host],
        ['User-Agent', `cos-go-sdk-v5/${version}`],
        framing,
        ['Authorization', authorization],
        ...more,
        token,
        ['Accept-Encoding', 'gzip'],
      ],
      body,
    };
  };
  const sized = (size: number): Header => ['Content-Length', String(size)];
  const zero = isNew ? { length: 0, framing: sized(0) } : { framing: sized(0) };
  return {
    name: `Go, with cos-go-sdk-v5 ${version}`,
    partSize: MEBIBYTE,
    maxPutBytes: 5 * MEBIBYTE - 1,
    callApi,
    callApiV1,
    put(storage, body) {
      // A file without bytes has no length for older versions: net/http sends it in chunks.
      if (body.length === 0 && !isNew) {
        return request(storage, { framing: ['Transfer-Encoding', 'chunked'] }, '0\r\n\r\n');
      }
      return request(storage, { length: body.length, framing: sized(body.length) }, body);
    },
    listUploads: () => undefined,
    initiate: (storage) => request({ ...storage, query: [['uploads', '']] }, zero),
    putPart: (storage, { uploadId, partNumber, body }) =>
      request(
        {
          ...storage,
          query: [
            ['partNumber', String(partNumber)],
            ['uploadId', uploadId],
          ],
        },
        { length: body.length, framing: sized(body.length) },
        body,
      ),
    complete(storage, { uploadId, parts }) {
      const xml = parts.map(
        ({ partNumber, etag }) =>
          `<Part><ETag>${etag.replaceAll('"', '&#34;')}</ETag><PartNumber>${partNumber}</PartNumber></Part>`,
      );
      const body = `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`;
      const more: Header[] = [
        ['Content-MD5', createHash('md5').update(body).digest('base64')],
        ['Content-Type', 'application/xml'],
      ];
      const length = isNew ? { length: body.length } : {};
      return request(
        { ...storage, query: [['uploadId', uploadId]] },
        { ...length, framing: sized(body.length), more },
        body,
      );
    },
  };
}
