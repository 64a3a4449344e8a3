import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BUCKET, HOST, PREFIX } from './storage-server.ts';
import { completeXml, errorOf, KEY, MIB, parseXml, useStorage } from './storage-stage.ts';

const { storage, call, initiate, putPart } = useStorage();

describe('CORS', () => {
  test('answers a preflight without a signature, and allows the requested headers', async () => {
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

  test('lets a page read the answer to a HEAD that is refused', async () => {
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

  test('names no origin to a client that sends none', async () => {
    const reply = await storage.send({ method: 'HEAD', path: '/' });

    expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('refusals', () => {
  test('are COS error XML', async () => {
    const reply = await storage.send({ method: 'GET', path: `/${KEY}` });

    expect(reply.status).toBe(403);
    expect(reply.headers['content-type']).toBe('application/xml');
    expect(parseXml(reply)).toEqual({
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

  test('answer a host that is not a bucket with NoSuchBucket', async () => {
    const reply = await storage.send({ method: 'GET', path: '/', headers: { Host: 'localhost' } });

    expect(errorOf(reply)).toEqual({ status: 404, code: 'NoSuchBucket' });
  });

  test('answer a path that is not percent-encoded UTF-8 with InvalidURI', async () => {
    const reply = await storage.send({ method: 'GET', path: '/%ff' });

    expect(errorOf(reply)).toEqual({ status: 400, code: 'InvalidURI' });
  });

  test.each([
    ['GET', PREFIX, 404, 'NoSuchKey'],
    ['PATCH', KEY, 405, 'MethodNotAllowed'],
  ] as const)('answer %s %s with %i %s', async (method, key, status, code) => {
    expect(errorOf(await call(method, key))).toEqual({ status, code });
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

  test.each([`${PREFIX}../other`, 'other/a', PREFIX.slice(0, -1), `//${PREFIX}a`])(
    'compare the key %s literally with the prefix of the grant',
    async (key) => {
      const reply = await call('PUT', key, {}, 'x');

      const inside = key.startsWith(PREFIX);
      expect(reply.status).toBe(inside ? 200 : 403);
      expect(await storage.objects.find({ bucket: BUCKET, key: 'other' })).toBeUndefined();
    },
  );
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
