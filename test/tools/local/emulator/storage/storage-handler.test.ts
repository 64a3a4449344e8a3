import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import COS from 'cos-nodejs-sdk-v5';
import { XMLParser } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nextActivity } from '../../../../support/activities.ts';
import {
  BUCKET,
  exampleGrant,
  HOST,
  PREFIX,
  type Reply,
  signedHeaders,
  startStorage,
} from './storage-server.ts';

const KEY = `${PREFIX}video.mp4`;
const MIB = 1024 * 1024;
const parser = new XMLParser({
  ignoreDeclaration: true,
  parseTagValue: false,
  isArray: (name) => name === 'Part' || name === 'Upload',
});

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeEach(async () => {
  storage = await startStorage();
  const grant = exampleGrant();
  storage.grants.set(grant.secretId, grant);
});
afterEach(async () => {
  expect(storage.failures).toEqual([]);
  await storage.stop();
});

/** Sends a request that is signed with the vendor's own function. */
function call(
  method: COS.Method,
  key: string,
  query: Record<string, string> = {},
  body: string | Buffer = '',
  headers: Record<string, string> = {},
): Promise<Reply> {
  const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
  return storage.send({
    method,
    path: `/${key.split('/').map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`,
    headers: signedHeaders(exampleGrant(), method, key, query, headers),
    body,
  });
}

/** Begins a signed PUT with what no client would send; `rest` follows the headers. */
function sendRaw(query: Record<string, string>, rest: string) {
  const headers = { Host: HOST, ...signedHeaders(exampleGrant(), 'PUT', KEY, query) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(storage.port, '127.0.0.1');
  socket.write(`PUT /${KEY}?${new URLSearchParams(query)} HTTP/1.1\r\n${lines.join('')}${rest}`);
  return socket;
}

const md5 = (content: string | Buffer, encoding: 'base64' | 'hex' = 'base64') =>
  createHash('md5').update(content).digest(encoding);

function errorOf(reply: Reply) {
  const { Error: error } = parser.parse(reply.body.toString());
  return { status: reply.status, code: error?.Code };
}

async function initiate(): Promise<string> {
  const reply = await call('POST', KEY, { uploads: '' });
  return parser.parse(reply.body.toString()).InitiateMultipartUploadResult.UploadId;
}

function putPart(uploadId: string, partNumber: number, body: Buffer | string): Promise<Reply> {
  return call('PUT', KEY, { partNumber: String(partNumber), uploadId }, body);
}

function completeXml(parts: readonly (readonly [number, string | undefined])[]): string {
  const xml = parts.map(([number, etag = '']) => {
    return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
  });
  return `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`;
}

describe('CORS', () => {
  test('answers a preflight without a signature, naming the headers asked for', async () => {
    const reply = await storage.send({
      method: 'OPTIONS',
      path: `/${KEY}?partNumber=1&uploadId=U`,
      headers: {
        Origin: 'http://localhost:3000',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization,x-cos-security-token,content-md5',
      },
    });

    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:3000',
      'access-control-allow-methods': 'GET,PUT,POST,HEAD,DELETE',
      'access-control-allow-headers': 'authorization,x-cos-security-token,content-md5',
    });
    expect(storage.operations()).toEqual([]);
  });

  test('lets a page read the probe that is refused', async () => {
    const reply = await storage.send({
      method: 'HEAD',
      path: '/',
      headers: { Origin: 'http://localhost:3000' },
    });

    expect(reply.status).toBe(403);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:3000',
      'access-control-expose-headers': 'ETag, Date, x-cos-request-id, Content-Length',
      server: 'tencent-cos',
      'x-cos-request-id': expect.stringMatching(/./),
      date: expect.stringMatching(/GMT$/),
    });
    expect(storage.operations()).toMatchObject([
      { operation: 'HeadBucket', status: 403, code: 'AccessDenied', bucket: BUCKET, key: '' },
    ]);
  });

  test('says nothing about origins to a client that is no page', async () => {
    const reply = await storage.send({ method: 'HEAD', path: '/' });

    expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('refusals', () => {
  test('are COS error XML', async () => {
    const reply = await storage.send({ method: 'GET', path: `/${KEY}` });

    expect(reply.status).toBe(403);
    expect(reply.headers['content-type']).toBe('application/xml');
    expect(parser.parse(reply.body.toString())).toEqual({
      Error: {
        Code: 'AccessDenied',
        Message: 'The request is not signed',
        Resource: `${HOST}/${KEY}`,
        RequestId: reply.headers['x-cos-request-id'],
        TraceId: reply.headers['x-cos-request-id'],
      },
    });
  });

  test.each([
    ['another kind of authorization', { Authorization: 'Bearer example' }],
    ['half a COS signature', { Authorization: 'q-sign-algorithm=sha1' }],
    ['half an AWS signature', { Authorization: 'AWS4-HMAC-SHA256 Credential=a' }],
  ])('answer %s with InvalidArgument', async (_what, headers) => {
    const reply = await storage.send({ method: 'GET', path: `/${KEY}`, headers });

    expect(errorOf(reply)).toEqual({ status: 400, code: 'InvalidArgument' });
  });

  test('answer a host that is no bucket', async () => {
    const reply = await storage.send({ method: 'GET', path: '/', headers: { Host: 'localhost' } });

    expect(errorOf(reply)).toEqual({ status: 404, code: 'NoSuchBucket' });
  });

  test('answer a path that is not percent-encoded UTF-8', async () => {
    const reply = await storage.send({ method: 'GET', path: '/%ff' });

    expect(errorOf(reply)).toEqual({ status: 400, code: 'InvalidURI' });
  });

  test.each([
    ['GET', PREFIX, {}, 404],
    ['PUT', KEY, { acl: '' }, 405],
    ['GET', KEY, { tagging: '' }, 405],
    ['DELETE', KEY, {}, 405],
    ['GET', '', {}, 403],
  ] as const)('answer %s %s %o with %i', async (method, key, query, status) => {
    await storage.objects.put({ bucket: BUCKET, key: KEY }, Readable.from(['x']), 1, 'a/b');

    expect((await call(method, key, query)).status).toBe(status);

    const object = await storage.objects.find({ bucket: BUCKET, key: KEY });
    expect(object?.size).toBe(1);
  });

  test('answer a copy', async () => {
    const headers = { 'x-cos-copy-source': `${HOST}/other` };

    expect(errorOf(await call('PUT', KEY, {}, '', headers))).toEqual({
      status: 501,
      code: 'NotImplemented',
    });
  });

  test('leave the connection usable for a client that is still sending', async () => {
    const reply = await storage.send({
      method: 'PUT',
      path: `/${KEY}`,
      headers: { Authorization: 'Bearer example' },
      body: randomBytes(8 * MIB),
    });

    expect(reply.status).toBe(400);
  });

  test.each([`${PREFIX}../other`, 'other/a', PREFIX.slice(0, -1), `/${PREFIX}a`])(
    'keep %s apart from the keys of the grant',
    async (key) => {
      const reply = await call('PUT', key, {}, 'x');

      const inside = key.startsWith(PREFIX);
      expect(reply.status).toBe(inside ? 200 : 403);
      expect(await storage.objects.find({ bucket: BUCKET, key: 'other' })).toBeUndefined();
    },
  );
});

describe('links', () => {
  test('open an object with the signature in the query', async () => {
    await call('PUT', KEY, {}, 'content');
    const grant = exampleGrant();
    const authorization = COS.getAuthorization({
      SecretId: grant.secretId,
      SecretKey: grant.secretKey,
      Method: 'GET',
      Key: KEY,
      Headers: { Host: HOST },
    });
    const query = new URLSearchParams(authorization);
    query.set('x-cos-security-token', grant.token);

    const reply = await storage.send({ method: 'GET', path: `/${KEY}?${query}` });

    expect(reply.status).toBe(200);
    expect(String(reply.body)).toBe('content');
  });
});

describe('PutObject', () => {
  test('checks Content-MD5 and keeps nothing of a body that has another', async () => {
    const wrong = await call('PUT', KEY, {}, 'content', { 'Content-MD5': md5('other') });
    expect(errorOf(wrong)).toEqual({ status: 400, code: 'BadDigest' });
    expect(await storage.objects.find({ bucket: BUCKET, key: KEY })).toBeUndefined();

    const malformed = await call('PUT', KEY, {}, 'content', { 'Content-MD5': 'x' });
    expect(errorOf(malformed)).toEqual({ status: 400, code: 'InvalidDigest' });

    const right = await call('PUT', KEY, {}, 'content', { 'Content-MD5': md5('content') });
    expect(right.status).toBe(200);
  });

  test('demands a Content-Length', async () => {
    const socket = sendRaw({}, 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n');

    const [answer] = await once(socket, 'data');
    socket.destroy();

    expect(String(answer)).toMatch(/^HTTP\/1\.1 411 /);
  });
});

describe('GetObject', () => {
  test('answers ranges, and 416 with the size where there is nothing', async () => {
    await call('PUT', KEY, {}, '0123456789');

    const middle = await call('GET', KEY, {}, '', { Range: 'bytes=2-4' });
    expect([middle.status, String(middle.body)]).toEqual([206, '234']);
    expect(middle.headers['content-range']).toBe('bytes 2-4/10');

    const outside = await call('GET', KEY, {}, '', { Range: 'bytes=10-' });
    expect(errorOf(outside)).toEqual({ status: 416, code: 'InvalidRange' });
    expect(outside.headers['content-range']).toBe('bytes */10');
  });

  test('refuses a key that holds nothing', async () => {
    expect(errorOf(await call('GET', KEY))).toEqual({ status: 404, code: 'NoSuchKey' });
  });
});

describe('UploadPart', () => {
  test.each(['0', '10001', '-1', '1.5', 'x', ''])(
    'refuses the part number "%s"',
    async (number) => {
      const uploadId = await initiate();

      const reply = await call('PUT', KEY, { partNumber: number, uploadId }, 'x');

      expect(errorOf(reply)).toEqual({ status: 400, code: 'InvalidArgument' });
    },
  );

  test('refuses an upload that is unknown or belongs to another key', async () => {
    const uploadId = await initiate();
    const gone = { status: 404, code: 'NoSuchUpload' };

    expect(errorOf(await putPart('0'.repeat(32), 1, 'x'))).toEqual(gone);
    const other = await call('PUT', `${KEY}.other`, { partNumber: '1', uploadId }, 'x');
    expect(errorOf(other)).toEqual(gone);
  });

  test('discards a body that is cut off', async () => {
    const uploadId = await initiate();
    const query = { partNumber: '1', uploadId };
    const reported = nextActivity(storage.activity, () => true);

    const socket = sendRaw(query, 'Content-Length: 2000000\r\n\r\n');
    socket.write(randomBytes(1_000_000), () => socket.destroy());

    expect(await reported).toMatchObject({
      operation: 'UploadPart',
      code: 'IncompleteBody',
      partNumber: 1,
      uploadId,
    });
    expect(await storage.objects.listParts(uploadId)).toEqual([]);
  });

  test('keeps nothing of a part that is refused on purpose', async () => {
    const uploadId = await initiate();
    storage.faults.arm('failed-part');

    const refused = await putPart(uploadId, 1, randomBytes(2 * MIB));
    expect(errorOf(refused)).toEqual({ status: 503, code: 'ServiceUnavailable' });
    expect(await storage.objects.listParts(uploadId)).toEqual([]);

    expect((await putPart(uploadId, 1, 'x')).status).toBe(200);
  });

  test('closes the connection in the middle of a part on purpose', async () => {
    const uploadId = await initiate();
    storage.faults.arm('dropped-connection');

    await expect(putPart(uploadId, 1, randomBytes(4 * MIB))).rejects.toThrow(
      /ECONNRESET|EPIPE|hang up/,
    );

    expect(await storage.objects.listParts(uploadId)).toEqual([]);
    expect(storage.operations().at(-1)).toMatchObject({ code: 'IncompleteBody', partNumber: 1 });
  });

  test('does not spend a fault on a request that is not let in', async () => {
    storage.faults.arm('failed-part');

    await storage.send({ method: 'PUT', path: `/${KEY}?partNumber=1&uploadId=U`, body: 'x' });

    expect(storage.faults.armed()).toHaveLength(1);
  });
});

describe('the speed limit', () => {
  test('holds what is uploaded, and only that', async () => {
    const paced = vi.spyOn(storage.speed, 'pace');

    const uploadId = await initiate();
    const { headers } = await putPart(uploadId, 1, 'content');
    await call('PUT', `${PREFIX}cover.png`, {}, 'cover');
    await call('POST', KEY, { uploadId }, completeXml([[1, headers.etag]]));
    await call('GET', KEY);

    expect(paced).toHaveBeenCalledTimes(2);
  });

  test('can be lifted in the middle of a part', async () => {
    storage.speed.set(1);
    const uploadId = await initiate();
    const pacing = new Promise<void>((resolve) => {
      const { pace } = storage.speed;
      vi.spyOn(storage.speed, 'pace').mockImplementation((chunks) => {
        resolve();
        return pace(chunks);
      });
    });
    const sent = putPart(uploadId, 1, randomBytes(100_000));

    await pacing;
    expect(await storage.objects.listParts(uploadId)).toEqual([]);
    storage.speed.set(null);

    expect((await sent).status).toBe(200);
  });
});

describe('ListParts', () => {
  test('pages through more than 1,000 parts', async () => {
    const uploadId = await initiate();
    const numbers = Array.from({ length: 2_300 }, (_, index) => index + 1);
    for (const number of numbers) {
      await storage.objects.putPart(uploadId, number, Readable.from([Buffer.from('x')]), 1);
    }

    const pages: string[][] = [];
    let marker = '0';
    for (let truncated = 'true'; truncated === 'true'; ) {
      const reply = await call('GET', KEY, { uploadId, 'part-number-marker': marker });
      const { ListPartsResult: list } = parser.parse(reply.body.toString());
      pages.push(list.Part.map((part: { PartNumber: string }) => part.PartNumber));
      truncated = list.IsTruncated;
      marker = list.NextPartNumberMarker;
    }

    expect(pages.map((page) => page.length)).toEqual([1000, 1000, 300]);
    expect(pages.flat()).toEqual(numbers.map(String));
  });

  test('keeps to max-parts and tells the MD5 of each part', async () => {
    const uploadId = await initiate();
    await putPart(uploadId, 2, 'two');
    await putPart(uploadId, 1, 'one');

    const reply = await call('GET', KEY, { uploadId, 'max-parts': '1' });

    expect(parser.parse(reply.body.toString()).ListPartsResult).toMatchObject({
      Bucket: BUCKET,
      Key: KEY,
      UploadId: uploadId,
      MaxParts: '1',
      IsTruncated: 'true',
      NextPartNumberMarker: '1',
      Part: [
        {
          PartNumber: '1',
          Size: '3',
          ETag: `"${md5('one', 'hex')}"`,
        },
      ],
    });
    const refused = await call('GET', KEY, { uploadId, 'max-parts': 'x' });
    expect(errorOf(refused).code).toBe('InvalidArgument');
  });
});

describe('ListMultipartUploads', () => {
  test('lists the open uploads of a key, page by page', async () => {
    const ids = [await initiate(), await initiate(), await initiate()].sort();
    await storage.objects.initiate({ bucket: BUCKET, key: 'other' }, 'a/b');

    const first = await call('GET', '', { uploads: '', prefix: KEY, 'max-uploads': '2' });
    const { ListMultipartUploadsResult: list } = parser.parse(first.body.toString());
    const second = await call('GET', '', {
      uploads: '',
      prefix: KEY,
      'key-marker': list.NextKeyMarker,
      'upload-id-marker': list.NextUploadIdMarker,
    });
    const { ListMultipartUploadsResult: rest } = parser.parse(second.body.toString());

    const found = [...list.Upload, ...rest.Upload];
    expect([list.IsTruncated, rest.IsTruncated]).toEqual(['true', 'false']);
    expect(found.map(({ UploadId }: { UploadId: string }) => UploadId)).toEqual(ids);
    expect(found.map(({ Key }: { Key: string }) => Key)).toEqual([KEY, KEY, KEY]);
  });
});

describe('CompleteMultipartUpload', () => {
  test('answers the same twice, as a client repeats it whose answer was lost', async () => {
    const uploadId = await initiate();
    const { headers } = await putPart(uploadId, 1, 'content');
    const xml = completeXml([[1, headers.etag]]);

    const first = await call('POST', KEY, { uploadId }, xml);
    const second = await call('POST', KEY, { uploadId }, xml);

    const etag = `"${md5(Buffer.from(md5('content'), 'base64'), 'hex')}-1"`;
    expect(parser.parse(first.body.toString()).CompleteMultipartUploadResult).toEqual({
      Location: `https://${HOST}/${KEY}`,
      Bucket: BUCKET,
      Key: KEY,
      ETag: etag,
    });
    expect([second.status, String(second.body)]).toEqual([200, String(first.body)]);
  });

  test.each<[what: string, code: string, numbers: readonly number[], otherEtag?: string]>([
    ['an ETag that is another', 'InvalidPart', [1, 2], '"0"'],
    ['a part never sent', 'InvalidPart', [1, 3]],
    ['parts out of order', 'InvalidPartOrder', [2, 1]],
    ['a part named twice', 'InvalidPartOrder', [1, 1]],
    ['no part', 'MalformedXML', []],
  ])('refuses %s', async (_what, code, numbers, otherEtag) => {
    const uploadId = await initiate();
    const bytes = randomBytes(MIB);
    const { headers } = await putPart(uploadId, 1, bytes);
    await putPart(uploadId, 2, bytes);

    const named = numbers.map(
      (number, place) => [number, (place > 0 && otherEtag) || headers.etag] as const,
    );
    const reply = await call('POST', KEY, { uploadId }, completeXml(named));

    expect(errorOf(reply)).toEqual({ status: 400, code });
    expect(await storage.objects.findUpload(uploadId)).toBeDefined();
  });

  test.each([
    [MIB - 1, 'EntityTooSmall'],
    [MIB, undefined],
  ])('judges a first part of %i bytes', async (size, code) => {
    const uploadId = await initiate();
    const first = await putPart(uploadId, 1, randomBytes(size));
    const last = await putPart(uploadId, 2, 'x');
    const xml = completeXml([
      [1, first.headers.etag],
      [2, last.headers.etag],
    ]);

    const reply = await call('POST', KEY, { uploadId }, xml);

    expect(errorOf(reply).code).toBe(code);
  });

  test('checks Content-MD5 of the request', async () => {
    const uploadId = await initiate();
    const { headers } = await putPart(uploadId, 1, 'x');
    const other = { 'Content-MD5': md5('another') };

    const reply = await call('POST', KEY, { uploadId }, completeXml([[1, headers.etag]]), other);

    expect(errorOf(reply)).toEqual({ status: 400, code: 'BadDigest' });
  });

  test('refuses XML of more than 4 MiB and still answers', async () => {
    const uploadId = await initiate();

    const reply = await call('POST', KEY, { uploadId }, ' '.repeat(6 * MIB));

    expect(errorOf(reply)).toEqual({ status: 400, code: 'EntityTooLarge' });
  });

  test('refuses an upload that is unknown', async () => {
    const reply = await call('POST', KEY, { uploadId: '0'.repeat(32) }, completeXml([[1, '"x"']]));

    expect(errorOf(reply)).toEqual({ status: 404, code: 'NoSuchUpload' });
  });
});

describe('AbortMultipartUpload', () => {
  test('forgets the upload', async () => {
    const uploadId = await initiate();
    await putPart(uploadId, 1, 'x');

    expect((await call('DELETE', KEY, { uploadId })).status).toBe(204);

    expect(errorOf(await call('DELETE', KEY, { uploadId })).code).toBe('NoSuchUpload');
    expect(errorOf(await call('GET', KEY, { uploadId })).code).toBe('NoSuchUpload');
  });
});

test('every operation is reported once, with its place and size', async () => {
  const uploadId = await initiate();
  const { headers } = await putPart(uploadId, 1, 'content');
  await call('GET', KEY, { uploadId });
  await call('POST', KEY, { uploadId }, completeXml([[1, headers.etag]]));
  await call('GET', KEY, {}, '', { Range: 'bytes=0-2' });

  const place = { type: 'storage', status: 200, bucket: BUCKET, key: KEY };
  expect(storage.operations()).toEqual(
    [
      { ...place, operation: 'InitiateMultipartUpload', uploadId },
      { ...place, operation: 'UploadPart', uploadId, partNumber: 1, bytes: 7 },
      { ...place, operation: 'ListParts', uploadId },
      { ...place, operation: 'CompleteMultipartUpload', uploadId, bytes: 7 },
      { ...place, operation: 'GetObject', status: 206, bytes: 3 },
    ].map((activity) => ({ ...activity, seq: expect.any(Number), at: expect.any(String) })),
  );
});
