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

// Requests as the vendor's server upload SDK for Python writes them: https://github.com/tencentyun/vod-python-sdk at
// 2de2b85, with tencentcloud-sdk-python 3.1.162 and cos-python-sdk-v5 5.1.9.41, and requests 2.28: the headers of its session
// first, then those of the SDK, then the length, which is signed, then Authorization.

const MEBIBYTE = 1024 * 1024;

/** The headers that a session of requests has by itself. */
const sessionHeaders = (userAgent: string): Header[] => [
  ['User-Agent', userAgent],
  ['Accept-Encoding', 'gzip, deflate'],
  ['Accept', '*/*'],
  ['Connection', 'keep-alive'],
];

/** `json.dumps`: a space after commas and colons, and only ASCII. */
function dumpJson(value: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${JSON.stringify(member)}`,
  );
  return `{${members.join(', ')}}`.replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `common/abstract_client.py` and `common/http/request.py`. */
const callApi: ServerClient['callApi'] = ({ key, host, action, parameters, seconds }) => {
  const body = dumpJson(parameters);
  const contentType = 'application/json';
  return {
    line: 'POST / HTTP/1.1',
    headers: [
      ...sessionHeaders('python-requests/2.28.1'),
      ['X-TC-TraceId', '6e0a7bd5-1a4e-4b7f-9d6f-4d3a7c1b2e90'],
      ['Content-Type', contentType],
      ['Host', host],
      ['X-TC-Action', action],
      ['X-TC-RequestClient', 'SDK_PYTHON_3.1.162'],
      ['X-TC-Timestamp', String(seconds)],
      ['X-TC-Version', '2018-07-17'],
      ['X-TC-Region', 'ap-guangzhou'],
      ['X-TC-Language', 'zh-CN'],
      ['Authorization', signTc3(key, { host, contentType, body }, seconds)],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
  };
};

/** `_build_req_with_old_signature` of `common/abstract_client.py`. */
const callApiV1: ServerClient['callApiV1'] = ({ key, host, action, parameters, seconds }) => {
  const fields: Header[] = [
    ...Object.entries(parameters).map(([name, value]) => [name, String(value)] as const),
    ['Action', action],
    ['RequestClient', 'SDK_PYTHON_3.1.162'],
    ['Nonce', '4848458286008773179'],
    ['Timestamp', String(seconds)],
    ['Version', '2018-07-17'],
    ['Region', 'ap-guangzhou'],
    ['SecretId', key.secretId],
    ['SignatureMethod', 'HmacSHA256'],
    ['Language', 'zh-CN'],
  ];
  const body = encodeForm([...fields, ['Signature', signV1(key, host, fields)]]);
  return {
    line: 'POST / HTTP/1.1',
    headers: [
      ...sessionHeaders('python-requests/2.28.1'),
      ['X-TC-TraceId', 'ece5cba8-0013-4a1b-a16f-897ca09ec04a'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Host', host],
      ['Content-Length', String(body.length)],
    ],
    body,
  };
};

/** `cos_auth.py` and `send_request` of `cos_client.py`; `framing` is how the body's length is written. */
function request(
  { key, host, method, path, query = [], seconds }: StorageRequest,
  framing: readonly Header[],
  body: string | Buffer = '',
): WireRequest {
  const token: Header = ['x-cos-security-token', key.token ?? ''];
  const authorization = signCos(key, {
    ...{ method, path, begin: seconds - 60, end: seconds + 10_000 },
    query: query.map(([name, value]) => [name.toLowerCase(), value]),
    headers: [['host', host], token, ...framing.map(lowerName)],
  });
  const search = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const target = path.split('/').map(encode).join('/');
  return {
    line: `${method} ${target}${search === '' ? '' : `?${search}`} HTTP/1.1`,
    headers: [
      ['Host', host],
      ...sessionHeaders('cos-python-sdk-v5.1.9.41'),
      token,
      ...framing,
      ['Authorization', authorization],
    ],
    body,
  };
}

const lowerName = ([name, value]: Header): Header => [name.toLowerCase(), value];
const sized = (body: string | Buffer): Header[] => [['Content-Length', String(body.length)]];

/** Methods of `cos_client.py`. */
export const pythonClient: ServerClient = {
  name: 'Python',
  partSize: MEBIBYTE,
  maxPutBytes: MEBIBYTE,
  callApi,
  callApiV1,
  // requests takes a file without bytes for a stream of unknown length.
  put: (storage, body) =>
    body.length === 0
      ? request(storage, [['Transfer-Encoding', 'chunked']], '0\r\n\r\n')
      : request(storage, sized(body), body),
  listUploads: (storage, path) =>
    request(
      {
        ...storage,
        query: [
          ['uploads', ''],
          ['prefix', path.slice(1)],
          ['delimiter', ''],
          ['key-marker', ''],
          ['upload-id-marker', ''],
          ['max-uploads', '1000'],
          ['encoding-type', 'url'],
        ],
      },
      [],
    ),
  initiate: (storage) => request({ ...storage, query: [['uploads', '']] }, sized('')),
  putPart: (storage, { uploadId, partNumber, body }) =>
    request(
      {
        ...storage,
        query: [
          ['partNumber', String(partNumber)],
          ['uploadId', uploadId],
        ],
      },
      sized(body),
      body,
    ),
  complete(storage, { uploadId, parts }) {
    // minidom escapes quotes in texts.
    const xml = parts.map(
      ({ partNumber, etag }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Part>`,
    );
    const body = `<?xml version="1.0" encoding="utf-8"?><CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`;
    return request({ ...storage, query: [['uploadId', uploadId]] }, sized(body), body);
  },
};
