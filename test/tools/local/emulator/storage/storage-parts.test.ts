import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { nextActivity } from '../../../../support/activities.ts';
import { BUCKET, PREFIX } from './storage-server.ts';
import { completeXml, errorOf, KEY, MIB, md5, parseXml, useStorage } from './storage-stage.ts';

const { storage, call, beginPut, initiate, putPart } = useStorage();

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

  test('discards a body that ends early', async () => {
    const uploadId = await initiate();
    const query = { partNumber: '1', uploadId };
    const reported = nextActivity(storage.activity, () => true);

    const socket = beginPut(query, 'Content-Length: 2000000\r\n\r\n');
    socket.write(randomBytes(1_000_000), () => socket.destroy());

    expect(await reported).toMatchObject({
      operation: 'UploadPart',
      code: 'IncompleteBody',
      partNumber: 1,
      uploadId,
    });
    expect(await storage.objects.listParts(uploadId)).toEqual([]);
  });

  test('stores nothing of a part that the fault "failed-part" refuses', async () => {
    const uploadId = await initiate();
    storage.faults.arm('failed-part');

    const refused = await putPart(uploadId, 1, randomBytes(2 * MIB));
    expect(errorOf(refused)).toEqual({ status: 503, code: 'ServiceUnavailable' });
    expect(await storage.objects.listParts(uploadId)).toEqual([]);

    expect((await putPart(uploadId, 1, 'x')).status).toBe(200);
  });

  test('closes the connection amid a part by the fault "dropped-connection"', async () => {
    const uploadId = await initiate();
    storage.faults.arm('dropped-connection');

    await expect(putPart(uploadId, 1, randomBytes(4 * MIB))).rejects.toThrow(
      /ECONNRESET|EPIPE|hang up/,
    );

    expect(await storage.objects.listParts(uploadId)).toEqual([]);
    // The client may see the end of the connection first.
    const last = () => storage.operations().at(-1);
    await expect.poll(last).toMatchObject({ code: 'IncompleteBody', partNumber: 1 });
  });

  test('does not spend a fault on a request that is not authorized', async () => {
    storage.faults.arm('failed-part');

    await storage.send({ method: 'PUT', path: `/${KEY}?partNumber=1&uploadId=U`, body: 'x' });

    expect(storage.faults.armed()).toHaveLength(1);
  });
});

describe('the speed limit', () => {
  test('applies to uploaded objects and parts alone', async () => {
    const paced = vi.spyOn(storage.speed, 'pace');

    const uploadId = await initiate();
    const { headers } = await putPart(uploadId, 1, 'content');
    await call('PUT', `${PREFIX}cover.png`, {}, 'cover');
    await call('POST', KEY, { uploadId }, completeXml([[1, headers.etag]]));
    await call('GET', KEY);

    expect(paced).toHaveBeenCalledTimes(2);
  });

  test('can be lifted amid a part', async () => {
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
      const { ListPartsResult: list } = parseXml(reply);
      pages.push(list.Part.map((part: { PartNumber: string }) => part.PartNumber));
      truncated = list.IsTruncated;
      marker = list.NextPartNumberMarker;
    }

    expect(pages.map((page) => page.length)).toEqual([1000, 1000, 300]);
    expect(pages.flat()).toEqual(numbers.map(String));
  });

  test('lists at most max-parts, with the MD5 of each part', async () => {
    const uploadId = await initiate();
    await putPart(uploadId, 2, 'two');
    await putPart(uploadId, 1, 'one');

    const reply = await call('GET', KEY, { uploadId, 'max-parts': '1' });

    expect(parseXml(reply).ListPartsResult).toMatchObject({
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
