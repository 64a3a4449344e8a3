import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BUCKET, HOST } from './storage-server.ts';
import { completeXml, errorOf, KEY, MIB, md5, parseXml, useStorage } from './storage-stage.ts';

const { storage, call, initiate, putPart } = useStorage();

describe('ListMultipartUploads', () => {
  test('lists the open uploads of a key, page by page', async () => {
    const ids = [await initiate(), await initiate(), await initiate()].sort();
    await storage.objects.initiate({ bucket: BUCKET, key: 'other' }, 'a/b');

    const first = await call('GET', '', { uploads: '', prefix: KEY, 'max-uploads': '2' });
    const { ListMultipartUploadsResult: list } = parseXml(first);
    const second = await call('GET', '', {
      uploads: '',
      prefix: KEY,
      'key-marker': list.NextKeyMarker,
      'upload-id-marker': list.NextUploadIdMarker,
    });
    const { ListMultipartUploadsResult: rest } = parseXml(second);

    const found = [...list.Upload, ...rest.Upload];
    expect([list.IsTruncated, rest.IsTruncated]).toEqual(['true', 'false']);
    expect(found.map(({ UploadId }: { UploadId: string }) => UploadId)).toEqual(ids);
    expect(found.map(({ Key }: { Key: string }) => Key)).toEqual([KEY, KEY, KEY]);
  });
});

describe('CompleteMultipartUpload', () => {
  test('answers the same when a client repeats it after a lost answer', async () => {
    const uploadId = await initiate();
    const { headers } = await putPart(uploadId, 1, 'content');
    const xml = completeXml([[1, headers.etag]]);

    const first = await call('POST', KEY, { uploadId }, xml);
    const second = await call('POST', KEY, { uploadId }, xml);

    const etag = `"${md5(Buffer.from(md5('content'), 'base64'), 'hex')}-1"`;
    expect(parseXml(first).CompleteMultipartUploadResult).toEqual({
      Location: `https://${HOST}/${KEY}`,
      Bucket: BUCKET,
      Key: KEY,
      ETag: etag,
    });
    expect([second.status, String(second.body)]).toEqual([200, String(first.body)]);
  });

  test.each<[what: string, code: string, numbers: readonly number[], otherEtag?: string]>([
    ['a wrong ETag', 'InvalidPart', [1, 2], '"0"'],
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
  ])('checks the least size of a part that is not the last: %i bytes', async (size, code) => {
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

  test('refuses XML of more than 4 MiB', async () => {
    const uploadId = await initiate();

    const reply = await call('POST', KEY, { uploadId }, ' '.repeat(6 * MIB));

    expect(errorOf(reply)).toEqual({ status: 400, code: 'EntityTooLarge' });
  });

  test('refuses an unknown upload', async () => {
    const reply = await call('POST', KEY, { uploadId: '0'.repeat(32) }, completeXml([[1, '"x"']]));

    expect(errorOf(reply)).toEqual({ status: 404, code: 'NoSuchUpload' });
  });
});

describe('AbortMultipartUpload', () => {
  test('removes the upload', async () => {
    const uploadId = await initiate();
    await putPart(uploadId, 1, 'x');

    expect((await call('DELETE', KEY, { uploadId })).status).toBe(204);

    expect(errorOf(await call('DELETE', KEY, { uploadId })).code).toBe('NoSuchUpload');
    expect(errorOf(await call('GET', KEY, { uploadId })).code).toBe('NoSuchUpload');
  });
});
