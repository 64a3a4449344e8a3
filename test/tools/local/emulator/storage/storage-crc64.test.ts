import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { crc64BitByBit } from './crc64-bit-by-bit.ts';
import { completeXml, KEY, MIB, useStorage } from './storage-stage.ts';

const { storage, call, initiate, putPart } = useStorage();

const HEADER = 'x-cos-hash-crc64ecma';

describe('x-cos-hash-crc64ecma', () => {
  test.each([
    ['the public vector', Buffer.from('123456789'), '11051210869376104954'],
    ['no bytes', Buffer.alloc(0), '0'],
  ])(
    'of an object of %s is an unsigned decimal, on PUT, HEAD and GET',
    async (_what, body, crc) => {
      const put = await call('PUT', KEY, {}, body);
      const head = await call('HEAD', KEY);
      const get = await call('GET', KEY);

      expect([put, head, get].map(({ headers }) => headers[HEADER])).toEqual([crc, crc, crc]);
    },
  );

  test('of a range is that of the whole object', async () => {
    await call('PUT', KEY, {}, '123456789');

    const range = await call('GET', KEY, {}, '', { Range: 'bytes=0-2' });

    expect(range.status).toBe(206);
    expect(range.headers[HEADER]).toBe('11051210869376104954');
  });

  test('is of each part on its own, and of the whole object once it is complete', async () => {
    const uploadId = await initiate();
    const parts = [randomBytes(MIB), randomBytes(MIB + 12_345), randomBytes(7)];
    const etags: [number, string | undefined][] = [];
    for (const [index, part] of parts.entries()) {
      const { headers } = await putPart(uploadId, index + 1, part);
      expect(headers[HEADER]).toBe(String(crc64BitByBit(part)));
      etags.push([index + 1, headers.etag]);
    }

    const completed = await call('POST', KEY, { uploadId }, completeXml(etags));
    const repeated = await call('POST', KEY, { uploadId }, completeXml(etags));
    const head = await call('HEAD', KEY);

    const whole = String(crc64BitByBit(Buffer.concat(parts)));
    const answers = [completed, repeated, head];
    expect(answers.map(({ headers }) => headers[HEADER])).toEqual([whole, whole, whole]);
  });

  test('is of the parts in the order of their numbers, not of their arrival', async () => {
    const uploadId = await initiate();
    const parts = [randomBytes(MIB), randomBytes(MIB)];
    const second = await putPart(uploadId, 2, parts[1] ?? '');
    await putPart(uploadId, 1, 'replaced');
    const first = await putPart(uploadId, 1, parts[0] ?? '');

    const completed = await call(
      'POST',
      KEY,
      { uploadId },
      completeXml([
        [1, first.headers.etag],
        [2, second.headers.etag],
      ]),
    );

    expect(completed.headers[HEADER]).toBe(String(crc64BitByBit(Buffer.concat(parts))));
  });

  test('is not on the answer to an upload that is refused', async () => {
    const refused = await call('PUT', KEY, {}, 'content', { 'Content-MD5': 'x' });

    expect(refused.headers).not.toHaveProperty(HEADER);
    expect(storage.operations()).toMatchObject([{ code: 'InvalidDigest' }]);
  });
});
