import COS from 'cos-nodejs-sdk-v5';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { makeFolder } from '../../../../support/make-folder.ts';
import { BUCKET, exampleGrant, HOST, PREFIX, REGION } from './storage-server.ts';
import { errorOf, KEY, parseXml, useStorage } from './storage-stage.ts';

const { storage, call, initiate, putPart } = useStorage();

const WHERE = { Bucket: BUCKET, Region: REGION, Key: KEY };
const COPY_SOURCE = `${HOST}/${KEY}`;

let scratch: string;
beforeEach(async () => {
  scratch = await makeFolder();
  // Otherwise the SDK writes its files into the home directory.
  vi.stubEnv('XDG_CONFIG_HOME', scratch);
  await call('PUT', KEY, {}, 'content');
});

function client(grant = exampleGrant()): COS {
  return new COS({
    SecretId: grant.secretId,
    SecretKey: grant.secretKey,
    SecurityToken: grant.token,
    Protocol: 'http:',
    Ip: `127.0.0.1:${storage.port}`,
    ConfCwd: scratch,
  });
}

describe('an operation that the credentials of an upload do not allow', () => {
  test('is refused with the XML of COS', async () => {
    const reply = await call('DELETE', KEY);

    expect(reply.status).toBe(403);
    expect(reply.headers['content-type']).toBe('application/xml');
    expect(parseXml(reply)).toEqual({
      Error: {
        Code: 'AccessDenied',
        Message: 'The credentials of an upload are only for uploading, HEAD and GET',
        Resource: `${HOST}/${KEY}`,
        RequestId: reply.headers['x-cos-request-id'],
        TraceId: reply.headers['x-cos-request-id'],
      },
    });
  });

  test.each<[name: string, perform: (cos: COS) => Promise<unknown>]>([
    ['putObjectCopy', (cos) => cos.putObjectCopy({ ...WHERE, CopySource: COPY_SOURCE })],
    ['deleteObject', (cos) => cos.deleteObject(WHERE)],
    [
      'deleteMultipleObject',
      (cos) => cos.deleteMultipleObject({ ...WHERE, Objects: [{ Key: KEY }] }),
    ],
    ['appendObject', (cos) => cos.appendObject({ ...WHERE, Body: 'more', Position: 7 })],
    [
      'putObjectTagging',
      (cos) => cos.putObjectTagging({ ...WHERE, Tags: [{ Key: 'a', Value: 'b' }] }),
    ],
    ['getObjectTagging', (cos) => cos.getObjectTagging(WHERE)],
    ['deleteObjectTagging', (cos) => cos.deleteObjectTagging(WHERE)],
    ['putObjectAcl', (cos) => cos.putObjectAcl({ ...WHERE, ACL: 'public-read' })],
    ['getObjectAcl', (cos) => cos.getObjectAcl(WHERE)],
    [
      'restoreObject',
      (cos) =>
        cos.restoreObject({
          ...WHERE,
          RestoreRequest: { Days: 1, CASJobParameters: { Tier: 'Expedited' } },
        }),
    ],
    ['getBucket', (cos) => cos.getBucket({ ...WHERE, Prefix: PREFIX })],
    ['listObjectVersions', (cos) => cos.listObjectVersions({ ...WHERE, Prefix: PREFIX })],
    ['getBucketAcl', (cos) => cos.getBucketAcl(WHERE)],
    ['getBucketCors', (cos) => cos.getBucketCors(WHERE)],
    ['getBucketLocation', (cos) => cos.getBucketLocation(WHERE)],
    ['putBucket', (cos) => cos.putBucket(WHERE)],
    ['deleteBucket', (cos) => cos.deleteBucket(WHERE)],
  ])('is refused as AccessDenied: %s', async (_name, perform) => {
    await expect(perform(client())).rejects.toMatchObject({
      statusCode: 403,
      code: 'AccessDenied',
      message: expect.stringContaining('credentials of an upload'),
    });

    const { Body } = await client().getObject(WHERE);
    expect(String(Body)).toBe('content');
  });

  test.each(['x-cos-copy-source', 'x-amz-copy-source'])(
    'is refused as AccessDenied: a part or an object with %s',
    async (header) => {
      const uploadId = await initiate();
      const headers = { [header]: COPY_SOURCE };

      const part = await call('PUT', KEY, { partNumber: '1', uploadId }, '', headers);
      const object = await call('PUT', KEY, {}, '', headers);

      const denied = { status: 403, code: 'AccessDenied' };
      expect([errorOf(part), errorOf(object)]).toEqual([denied, denied]);
      expect(await storage.objects.listParts(uploadId)).toEqual([]);
    },
  );

  test('is refused for its signature, if that is wrong', async () => {
    const cos = client(exampleGrant({ secretKey: 'other' }));

    await expect(cos.deleteObject(WHERE)).rejects.toMatchObject({
      statusCode: 403,
      code: 'SignatureDoesNotMatch',
    });
  });
});

test('an upload is aborted with its own credentials', async () => {
  const uploadId = await initiate();
  await putPart(uploadId, 1, 'part');

  await client().multipartAbort({ ...WHERE, UploadId: uploadId });

  expect(await storage.objects.findUpload(uploadId)).toBeUndefined();
});
