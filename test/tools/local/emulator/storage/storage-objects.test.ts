import { once } from 'node:events';
import COS from 'cos-nodejs-sdk-v5';
import { describe, expect, test } from 'vitest';
import { nextActivity } from '../../../../support/activities.ts';
import { BUCKET, exampleGrant, HOST } from './storage-server.ts';
import { errorOf, KEY, md5, useStorage } from './storage-stage.ts';

const { storage, call, beginPut } = useStorage();

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
  test('checks Content-MD5, and stores nothing of a body with another digest', async () => {
    const wrong = await call('PUT', KEY, {}, 'content', { 'Content-MD5': md5('other') });
    expect(errorOf(wrong)).toEqual({ status: 400, code: 'BadDigest' });
    expect(await storage.objects.find({ bucket: BUCKET, key: KEY })).toBeUndefined();

    const malformed = await call('PUT', KEY, {}, 'content', { 'Content-MD5': 'x' });
    expect(errorOf(malformed)).toEqual({ status: 400, code: 'InvalidDigest' });

    const right = await call('PUT', KEY, {}, 'content', { 'Content-MD5': md5('content') });
    expect(right.status).toBe(200);
  });

  // https://cloud.tencent.com/document/product/436/7749
  test.each([
    ['', '0\r\n\r\n'],
    ['content', '3\r\ncon\r\n4\r\ntent\r\n0\r\n\r\n'],
  ])('accepts a body of %j in chunks, without Content-Length', async (content, chunks) => {
    const socket = beginPut({}, `Transfer-Encoding: chunked\r\n\r\n${chunks}`);

    const [answer] = await once(socket, 'data');
    socket.destroy();

    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    expect(storage.operations()).toMatchObject([{ bytes: content.length }]);
    expect(String((await call('GET', KEY)).body)).toBe(content);
  });

  test('stores nothing of a body in chunks whose connection breaks', async () => {
    const socket = beginPut({}, 'Transfer-Encoding: chunked\r\n\r\n3\r\ncon\r\n');
    await once(socket, 'connect');
    const refused = nextActivity(storage.activity, ({ type }) => type === 'storage');
    socket.end();

    expect(await refused).toMatchObject({ status: 400, code: 'IncompleteBody' });
    expect(await storage.objects.find({ bucket: BUCKET, key: KEY })).toBeUndefined();
  });

  test('answers 411 to a body of neither a length nor chunks', async () => {
    const socket = beginPut({}, '\r\n');

    const [answer] = await once(socket, 'data');
    socket.destroy();

    expect(String(answer)).toMatch(/^HTTP\/1\.1 411 /);
  });
});

describe('GetObject', () => {
  test('answers ranges, and 416 with the size beyond the end', async () => {
    await call('PUT', KEY, {}, '0123456789');

    const middle = await call('GET', KEY, {}, '', { Range: 'bytes=2-4' });
    expect([middle.status, String(middle.body)]).toEqual([206, '234']);
    expect(middle.headers['content-range']).toBe('bytes 2-4/10');

    const outside = await call('GET', KEY, {}, '', { Range: 'bytes=10-' });
    expect(errorOf(outside)).toEqual({ status: 416, code: 'InvalidRange' });
    expect(outside.headers['content-range']).toBe('bytes */10');
  });

  test('refuses a key without an object', async () => {
    expect(errorOf(await call('GET', KEY))).toEqual({ status: 404, code: 'NoSuchKey' });
  });
});
