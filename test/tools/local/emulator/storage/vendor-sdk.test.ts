import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import COS from 'cos-nodejs-sdk-v5';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeFolder } from '../../../../support/make-folder.ts';
import { BUCKET, exampleGrant, PREFIX, REGION, startStorage } from './storage-server.ts';

const MIB = 1024 * 1024;
const WHERE = { Bucket: BUCKET, Region: REGION };

let storage: Awaited<ReturnType<typeof startStorage>>;
let scratch: string;
beforeEach(async () => {
  scratch = await makeFolder();
  vi.stubEnv('XDG_CONFIG_HOME', scratch);
  storage = await startStorage();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  expect(storage.failures).toEqual([]);
  await storage.stop();
});

function client(grant = exampleGrant(), options: COS.COSOptions = {}): COS {
  storage.grants.set(grant.secretId, grant);
  return clientOf(grant, options);
}

function clientOf(grant: ReturnType<typeof exampleGrant>, options: COS.COSOptions = {}): COS {
  return new COS({
    SecretId: grant.secretId,
    SecretKey: grant.secretKey,
    SecurityToken: grant.token,
    Protocol: 'http:',
    Ip: `127.0.0.1:${storage.port}`,
    ConfCwd: scratch,
    ...options,
  });
}

async function tempFile(bytes: Buffer): Promise<string> {
  const path = join(scratch, 'file.bin');
  await writeFile(path, bytes);
  return path;
}

function operationNames(): string[] {
  return storage.operations().map(({ operation }) => operation);
}

describe('cos-nodejs-sdk-v5', () => {
  test('puts, heads and gets an object', async () => {
    const cos = client();
    const Key = `${PREFIX}a b+c/é&(1)!'*.mp4`;
    const body = randomBytes(100_000);
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;

    const put = await cos.putObject({ ...WHERE, Key, Body: body, ContentType: 'video/mp4' });
    const head = await cos.headObject({ ...WHERE, Key });
    const got = await cos.getObject({ ...WHERE, Key });
    const range = await cos.getObject({ ...WHERE, Key, Range: 'bytes=10-19' });

    expect(put.ETag).toBe(etag);
    expect(head.headers).toMatchObject({
      'content-length': '100000',
      'content-type': 'video/mp4',
      etag,
      'accept-ranges': 'bytes',
    });
    expect(got.Body.equals(body)).toBe(true);
    expect(range.statusCode).toBe(206);
    expect(range.Body.equals(body.subarray(10, 20))).toBe(true);
  });

  test('reports that a key has no object', async () => {
    const cos = client();

    await expect(cos.headObject({ ...WHERE, Key: `${PREFIX}none` })).rejects.toMatchObject({
      statusCode: 404,
    });
  });

  test('uploads a file in slices', async () => {
    const cos = client();
    const Key = `${PREFIX}video.mp4`;
    const bytes = randomBytes(10 * MIB + 17);
    const FilePath = await tempFile(bytes);

    const done = await cos.sliceUploadFile({ ...WHERE, Key, FilePath });

    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-11"$/);
    const object = await storage.objects.find({ bucket: BUCKET, key: Key });
    expect(object?.size).toBe(bytes.length);
    const got = await cos.getObject({ ...WHERE, Key });
    expect(got.Body.equals(bytes)).toBe(true);
    expect(operationNames().filter((name) => name === 'UploadPart')).toHaveLength(11);
    const parts = storage.operations().filter(({ operation }) => operation === 'UploadPart');
    expect(parts.reduce((sum, { bytes: size = 0 }) => sum + size, 0)).toBe(bytes.length);
  });

  test('resumes an upload with only the missing parts', async () => {
    const cos = client();
    const Key = `${PREFIX}video.mp4`;
    const bytes = randomBytes(5 * MIB);
    const FilePath = await tempFile(bytes);
    const { UploadId } = await cos.multipartInit({ ...WHERE, Key });
    for (const PartNumber of [1, 3]) {
      const Body = bytes.subarray((PartNumber - 1) * MIB, PartNumber * MIB);
      await cos.multipartUpload({ ...WHERE, Key, UploadId, PartNumber, Body });
    }

    const done = await cos.sliceUploadFile({ ...WHERE, Key, FilePath });

    const sent = storage.operations().filter(({ operation }) => operation === 'UploadPart');
    expect(sent.map(({ partNumber }) => partNumber).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(sent.map(({ uploadId }) => uploadId))).toEqual(new Set([UploadId]));
    expect(done.ETag).toMatch(/-5"$/);
    expect((await cos.getObject({ ...WHERE, Key })).Body.equals(bytes)).toBe(true);
  });

  test('sends a refused part again', async () => {
    const cos = client();
    const Key = `${PREFIX}video.mp4`;
    const bytes = randomBytes(3 * MIB);
    storage.faults.arm('failed-part', 2);

    await cos.sliceUploadFile({ ...WHERE, Key, FilePath: await tempFile(bytes) });

    const refused = storage.operations().filter(({ status }) => status === 503);
    expect(refused.map(({ operation, code }) => [operation, code])).toEqual([
      ['UploadPart', 'ServiceUnavailable'],
      ['UploadPart', 'ServiceUnavailable'],
    ]);
    expect((await cos.getObject({ ...WHERE, Key })).Body.equals(bytes)).toBe(true);
  });

  test('sends a part again after its connection was interrupted', async () => {
    const cos = client();
    const Key = `${PREFIX}video.mp4`;
    const bytes = randomBytes(3 * MIB);
    storage.faults.arm('dropped-connection');

    await cos.sliceUploadFile({ ...WHERE, Key, FilePath: await tempFile(bytes) });

    const broken = storage.operations().filter(({ code }) => code === 'IncompleteBody');
    expect(broken).toHaveLength(1);
    expect((await cos.getObject({ ...WHERE, Key })).Body.equals(bytes)).toBe(true);
  });

  test('corrects a clock that is an hour behind', async () => {
    const grant = exampleGrant();
    const cos = client(grant, { CorrectClockSkew: true, SystemClockOffset: -3_600_000 });
    const complaint = vi.spyOn(console, 'error').mockReturnValue(undefined);

    await cos.putObject({ ...WHERE, Key: `${PREFIX}a`, Body: 'x' });

    expect(storage.operations().map(({ status }) => status)).toEqual([403, 200]);
    complaint.mockRestore();
  });

  test.each([
    ['an unknown key id', 'InvalidAccessKeyId', { secretId: 'AKIDother' }],
    ['a wrong secret key', 'SignatureDoesNotMatch', { secretKey: 'other' }],
    ['a wrong token', 'AccessDenied', { token: 'other' }],
  ])('is refused with %s', async (_what, code, change) => {
    client();
    const cos = clientOf(exampleGrant(change));

    await expect(cos.putObject({ ...WHERE, Key: `${PREFIX}a`, Body: 'x' })).rejects.toMatchObject({
      statusCode: 403,
      code,
    });
    expect(await storage.objects.find({ bucket: BUCKET, key: `${PREFIX}a` })).toBeUndefined();
  });

  test.each([
    ['expired credentials', { expiresAt: 1_700_000_000 }],
    ['a grant for another prefix', { prefix: 'vodlocal01/2/' }],
    ['a grant for another bucket', { bucket: 'other-1250000001' }],
    ['a grant for another region', { region: 'ap-seoul' }],
  ])('is refused with %s', async (_what, change) => {
    const cos = client(exampleGrant(change));
    const Key = `${PREFIX}a`;
    const denied = { statusCode: 403, code: 'AccessDenied' };

    await expect(cos.putObject({ ...WHERE, Key, Body: 'x' })).rejects.toMatchObject(denied);
    await expect(cos.multipartInit({ ...WHERE, Key })).rejects.toMatchObject(denied);
    await expect(cos.multipartList({ ...WHERE, Prefix: Key, Delimiter: '' })).rejects.toMatchObject(
      denied,
    );
  });
});

// The SDK that the npm build of the Web SDK includes and uses with storageType 's3'.
const loadForWebSdk = createRequire(import.meta.resolve('vod-js-sdk-v6/package.json'));

interface S3Upload {
  done(): Promise<{ readonly ETag?: string; readonly Location?: string }>;
}
interface S3Modules {
  readonly S3Client: new (options: object) => object;
  readonly Upload: new (options: object) => S3Upload;
}

describe('the Web SDK in S3 mode', () => {
  function s3Client({ S3Client }: S3Modules, grant: ReturnType<typeof exampleGrant>) {
    const httpAgent = new Agent({
      lookup: (_host, _options, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    return new S3Client({
      endpoint: `http://cos.${REGION}.myqcloud.com:${storage.port}`,
      credentials: {
        accessKeyId: grant.secretId,
        secretAccessKey: grant.secretKey,
        sessionToken: grant.token,
      },
      region: REGION,
      forcePathStyle: false,
      maxAttempts: 2,
      requestHandler: { httpAgent },
    });
  }
  const modules: S3Modules = {
    ...loadForWebSdk('@aws-sdk/client-s3'),
    ...loadForWebSdk('@aws-sdk/lib-storage'),
  };

  test.each([
    ['one request', 70_000],
    ['several parts', 12 * MIB],
  ])('uploads in %s', async (_what, size) => {
    const grant = exampleGrant();
    storage.grants.set(grant.secretId, grant);
    const bytes = randomBytes(size);
    const Key = `${PREFIX}a b/é(1).mp4`;

    const done = await new modules.Upload({
      client: s3Client(modules, grant),
      params: { Bucket: BUCKET, Key, Body: bytes },
      partSize: 5 * MIB,
      queueSize: 3,
    }).done();

    expect(storage.operations().map(({ status }) => status)).not.toContain(403);
    const object = await storage.objects.find({ bucket: BUCKET, key: Key });
    expect(object).toMatchObject({ size, etag: done.ETag });
    const hash = createHash('md5');
    if (object)
      for await (const chunk of storage.objects.read(object, 0, size - 1)) hash.update(chunk);
    expect(hash.digest('hex')).toBe(createHash('md5').update(bytes).digest('hex'));
  });

  test.each([
    ['a wrong secret key', 'SignatureDoesNotMatch', { secretKey: 'other' }],
    ['a wrong token', 'AccessDenied', { token: 'other' }],
    ['an unknown key id', 'InvalidAccessKeyId', { secretId: 'AKIDother' }],
  ])('is refused with %s', async (_what, name, change) => {
    const grant = exampleGrant();
    storage.grants.set(grant.secretId, grant);

    const upload = new modules.Upload({
      client: s3Client(modules, exampleGrant(change)),
      params: { Bucket: BUCKET, Key: `${PREFIX}a`, Body: Buffer.from('x') },
    });

    await expect(upload.done()).rejects.toMatchObject({ name });
  });
});
