import { createHash } from 'node:crypto';
import { extname } from 'node:path';
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

// Requests as the vendor's server upload SDK for PHP writes them: https://github.com/tencentyun/vod-php-sdk-v5 at 54f30d6,
// with tencentcloud-sdk-php 3.0.1656 and cos-php-sdk-v5 2.6.16, both by Guzzle 7.4.5. Calls of the API go through PHP's own
// stream of HTTP, which closes each connection; requests to storage through curl, which writes the length of a body last.

const EXPECT_BYTES = 1024 * 1024;
const PART_BYTES = 5 * 1024 * 1024;

/** Of the types of files that tests store, as in `MimeType.php` of guzzlehttp/psr7 2.6.2. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mp4: 'video/mp4',
  png: 'image/png',
  ts: 'video/mp2t',
};

/** `json_encode` with JSON_UNESCAPED_UNICODE, which escapes slashes and line separators. */
function encodeJson(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** `doRequestWithTC3` of `Common/AbstractClient.php`. */
const callApi: ServerClient['callApi'] = ({ key, host, action, parameters, seconds }) => {
  const body = encodeJson(parameters);
  const contentType = 'application/json';
  return {
    line: 'POST / HTTP/1.1',
    headers: [
      ['Content-Length', String(Buffer.byteLength(body))],
      ['User-Agent', 'GuzzleHttp/7'],
      ['Host', host],
      ['X-TC-Action', action],
      ['X-TC-RequestClient', 'SDK_PHP_3.0.1656'],
      ['X-TC-Timestamp', String(seconds)],
      ['X-TC-Version', '2018-07-17'],
      ['X-TC-Region', 'ap-guangzhou'],
      ['Content-Type', contentType],
      ['Authorization', signTc3(key, { host, contentType, body }, seconds)],
      ['Connection', 'close'],
    ],
    body,
  };
};

/** `formatRequestData` of `Common/AbstractClient.php`; PHP also escapes the tilde of a form. */
const callApiV1: ServerClient['callApiV1'] = ({ key, host, action, parameters, seconds }) => {
  const fields: Header[] = [
    ...Object.entries(parameters).map(([name, value]) => [name, String(value)] as const),
    ['Action', action],
    ['RequestClient', 'SDK_PHP_3.0.1656'],
    ['Nonce', '1596839110'],
    ['Timestamp', String(seconds)],
    ['Version', '2018-07-17'],
    ['SecretId', key.secretId],
    ['Region', 'ap-guangzhou'],
    ['SignatureMethod', 'HmacSHA256'],
  ];
  const signed: Header[] = [...fields, ['Signature', signV1(key, host, fields)]];
  const body = encodeForm(signed).replaceAll('~', '%7E');
  return {
    line: 'POST / HTTP/1.1',
    headers: [
      ['Content-Length', String(body.length)],
      ['User-Agent', 'GuzzleHttp/7'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Host', host],
      ['Connection', 'close'],
    ],
    body,
  };
};

/**
 * `Signature.php`, which signs before the tokens are added. `own` are the headers of the operation. `Expect` and the length
 * of an empty body are not signed.
 */
function request(
  { key, host, method, path, query = [], seconds }: StorageRequest,
  own: readonly Header[],
  body: string | Buffer = '',
): WireRequest {
  const length: readonly Header[] = [['Content-Length', String(body.length)]];
  const [first, last] = body.length === 0 ? [length, []] : [[], length];
  const signed = [['Host', host] as const, ...own.filter(([name]) => name !== 'Expect'), ...last];
  const authorization = signCos(key, {
    ...{ method, path, begin: seconds - 60, end: seconds + 1_800 },
    query: query.map(([name, value]) => [name.toLowerCase(), value]),
    headers: signed.map(([name, value]) => [name.toLowerCase(), value]),
  });
  const search = query.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&');
  const target = path.split('/').map(encode).join('/');
  return {
    line: `${method} ${target}${search === '' ? '' : `?${search}`} HTTP/1.1`,
    headers: [
      ['Host', host],
      ...first,
      ...own,
      ['User-Agent', 'cos-php-sdk-v5.2.6.16'],
      ['Authorization', authorization],
      ['x-ci-security-token', key.token ?? ''],
      ['x-cos-security-token', key.token ?? ''],
      ...last,
    ],
    body,
  };
}

/** Guzzle asks before it sends a large body. */
const expectFor = (body: Buffer): readonly Header[] =>
  body.length < EXPECT_BYTES ? [] : [['Expect', '100-Continue']];

function mimeTypeOf(path: string): string {
  const type = MIME_TYPES[extname(path).slice(1)];
  if (type === undefined) throw new Error(`The type of ${path} is not in the list`);
  return type;
}

/** `Client.php`, `MultipartUpload.php` and `CommandToRequestTransformer.php`. */
export const phpClient: ServerClient = {
  name: 'PHP',
  partSize: PART_BYTES,
  maxPutBytes: PART_BYTES - 1,
  callApi,
  callApiV1,
  // Guzzle finds the type of a file by its name, of one that is not empty.
  put: (storage, body) =>
    request(
      storage,
      body.length === 0 ? [] : [['Content-Type', mimeTypeOf(storage.path)], ...expectFor(body)],
      body,
    ),
  listUploads: () => undefined,
  initiate: (storage) => request({ ...storage, query: [['uploads', '']] }, []),
  // The requests of parts do not pass the filter that removes the slash at the beginning of a key.
  putPart: (storage, { uploadId, partNumber, body }) =>
    request(
      {
        ...storage,
        path: `/${storage.path}`,
        query: [
          ['partNumber', String(partNumber)],
          ['uploadId', uploadId],
        ],
      },
      [...expectFor(body), ['Content-MD5', createHash('md5').update(body).digest('base64')]],
      body,
    ),
  complete(storage, { uploadId, parts }) {
    const xml = parts.map(
      ({ partNumber, etag }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const body = `<?xml version="1.0"?>\n<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>\n`;
    return request(
      { ...storage, query: [['uploadId', uploadId]] },
      [['Content-Type', 'application/xml']],
      body,
    );
  },
};
