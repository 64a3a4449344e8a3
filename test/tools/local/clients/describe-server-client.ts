import { randomBytes } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { perTest } from '../../../support/per-test.ts';
import { openApiStage } from '../emulator/api/api-stage.ts';
import { crc64BitByBit } from '../emulator/storage/crc64-bit-by-bit.ts';
import type { ServerClient, StorageRequest } from './server-client.ts';
import { exchange, type WireKey, type WireReply, type WireRequest } from './wire.ts';

const API_HOST = 'vod.tencentcloudapi.com';

/** The members of an API answer that the clients read. */
interface ApiResponse {
  readonly Error?: { readonly Code: string; readonly Message: string };
  readonly RequestId: string;
  readonly StorageBucket: string;
  readonly StorageRegion: string;
  readonly VodSessionKey: string;
  readonly MediaStoragePath: string;
  readonly CoverStoragePath: string;
  readonly TempCertificate: {
    readonly SecretId: string;
    readonly SecretKey: string;
    readonly Token: string;
  };
  readonly FileId: string;
  readonly MediaUrl: string;
  readonly CoverUrl: string;
}

interface CallOptions {
  readonly key?: WireKey;
  /** Unix seconds of the client's clock. */
  readonly at?: number;
  /** Whether the call has the older signature. */
  readonly older?: boolean;
}

const xml = new XMLParser({ ignoreDeclaration: true, parseTagValue: false });

/** Returns the code of a storage answer that refuses. */
function codeOf(reply: WireReply): string {
  return xml.parse(reply.body).Error?.Code;
}

/** Sends what `client` sends for each of its ways to upload a file, and for each refusal. */
export function describeServerClient(client: ServerClient): void {
  const stage = perTest(() => openApiStage());
  const seconds = () => Math.floor(Date.now() / 1_000);
  const send = (request: WireRequest) => exchange(Number(stage.host.split(':')[1]), request);

  async function callApi(
    action: string,
    parameters: Record<string, unknown>,
    { key = stage.account, at = seconds(), older = false }: CallOptions = {},
  ): Promise<ApiResponse> {
    const { secretId, secretKey } = key;
    const request = { key: { secretId, secretKey }, host: API_HOST, action, parameters };
    const write = older ? client.callApiV1 : client.callApi;
    const reply = await send(write({ ...request, seconds: at }));
    expect(reply.status).toBe(200);
    // The client for Python reads an error only from an answer of exactly this type.
    expect(reply.headers['content-type']).toBe('application/json');
    return JSON.parse(reply.body).Response;
  }

  function storageOf(applied: ApiResponse, method: string, path: string): StorageRequest {
    const { SecretId: secretId, SecretKey: secretKey, Token: token } = applied.TempCertificate;
    const host = `${applied.StorageBucket}.cos.${applied.StorageRegion}.myqcloud.com`;
    return { key: { secretId, secretKey, token }, host, method, path, seconds: seconds() };
  }

  /** The client for Go fails if the CRC-64 is not that of what it sent. */
  function expectStored(reply: WireReply, bytes: Buffer): void {
    expect(reply.status).toBe(200);
    expect(reply.headers['x-cos-hash-crc64ecma']).toBe(String(crc64BitByBit(bytes)));
  }

  async function put(applied: ApiResponse, path: string, bytes: Buffer): Promise<void> {
    expectStored(await send(client.put(storageOf(applied, 'PUT', path), bytes)), bytes);
  }

  async function putParts(applied: ApiResponse, path: string, bytes: Buffer): Promise<void> {
    const looked = client.listUploads(storageOf(applied, 'GET', '/'), path);
    if (looked !== undefined) {
      const { ListMultipartUploadsResult } = xml.parse((await send(looked)).body);
      expect(ListMultipartUploadsResult).not.toHaveProperty('Upload');
    }
    const initiated = await send(client.initiate(storageOf(applied, 'POST', path)));
    const { UploadId: uploadId } = xml.parse(initiated.body).InitiateMultipartUploadResult;
    const parts: { partNumber: number; etag: string }[] = [];
    for (let begin = 0; begin < bytes.length; begin += client.partSize) {
      const body = bytes.subarray(begin, begin + client.partSize);
      const part = { uploadId, partNumber: parts.length + 1, body };
      const reply = await send(client.putPart(storageOf(applied, 'PUT', path), part));
      expectStored(reply, body);
      parts.push({ partNumber: part.partNumber, etag: reply.headers['etag'] ?? '' });
    }
    const upload = { uploadId, parts };
    const completed = await send(client.complete(storageOf(applied, 'POST', path), upload));
    expectStored(completed, bytes);
    // An answer without this is a failure for all of them.
    expect(xml.parse(completed.body).CompleteMultipartUploadResult.ETag).toMatch(/-3"$/);
  }

  async function fetchBytes(url: string): Promise<Buffer> {
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  }

  async function commit({ VodSessionKey }: ApiResponse): Promise<ApiResponse> {
    const committed = await callApi('CommitUpload', { VodSessionKey });
    expect(committed.FileId).toMatch(/^\d+$/);
    return committed;
  }

  describe(`an upload of ${client.name}`, () => {
    it.each([
      ['a small file', randomBytes(7_001)],
      ['an empty file', Buffer.alloc(0)],
      ['a file that is a little smaller than a part', randomBytes(client.partSize - 1)],
    ])('stores %s', async (_what, bytes) => {
      const applied = await callApi('ApplyUpload', { MediaType: 'mp4', MediaName: 'film' });

      await put(applied, applied.MediaStoragePath, bytes);
      const { MediaUrl } = await commit(applied);

      expect((await fetchBytes(MediaUrl)).equals(bytes)).toBe(true);
    });

    it('stores a file in several parts', async () => {
      const bytes = randomBytes(2 * client.partSize + 17);
      const applied = await callApi('ApplyUpload', { MediaType: 'mp4', MediaName: 'film' });

      await putParts(applied, applied.MediaStoragePath, bytes);
      const { MediaUrl } = await commit(applied);

      expect((await fetchBytes(MediaUrl)).equals(bytes)).toBe(true);
    });

    it('stores a cover next to the file', async () => {
      const [film, cover] = [randomBytes(5_000), randomBytes(3_000)];
      const applied = await callApi('ApplyUpload', {
        ...{ MediaType: 'mp4', MediaName: 'film', CoverType: 'png' },
      });

      await put(applied, applied.MediaStoragePath, film);
      await put(applied, applied.CoverStoragePath, cover);
      const { MediaUrl, CoverUrl } = await commit(applied);

      expect((await fetchBytes(MediaUrl)).equals(film)).toBe(true);
      expect((await fetchBytes(CoverUrl)).equals(cover)).toBe(true);
    });

    it.each([
      ['TC3-HMAC-SHA256', false],
      ['HmacSHA256', true],
    ])('keeps texts that the client escapes in its own way, with %s', async (_what, older) => {
      const SourceContext = '<a href="/b?c=d&e">é한글\u2028😀</a> ~*+%';
      const applied = await callApi(
        'ApplyUpload',
        { MediaType: 'mp4', MediaName: 'film & more', SourceContext },
        { older },
      );

      await put(applied, applied.MediaStoragePath, randomBytes(10));
      await commit(applied);

      const { body } = await stage.receiver.next();
      expect(body).toMatchObject({
        FileUploadEvent: {
          MediaBasicInfo: { Name: 'film & more', SourceInfo: { SourceContext } },
        },
      });
    });
  });

  describe(`a refusal is an error for ${client.name}:`, () => {
    const request = { MediaType: 'mp4', MediaName: 'film' };

    it.each<[what: string, code: string, change: Record<string, unknown>, message?: string]>([
      [
        'a media type',
        'InvalidParameterValue.MediaType',
        { MediaType: 'test' },
        'invalid media type',
      ],
      [
        'a cover type',
        'InvalidParameterValue.CoverType',
        { CoverType: 'test' },
        'invalid cover type',
      ],
      ['an application of others', 'InvalidParameterValue.SubAppId', { SubAppId: 7 }],
      ['a region that is not enabled', 'InvalidParameterValue', { StorageRegion: 'ap-bangkok' }],
      [
        'an expiry in the past',
        'InvalidParameter.ExpireTime',
        { ExpireTime: '2001-01-01T00:00:00Z' },
      ],
    ])('%s', async (_what, Code, change, Message = expect.any(String)) => {
      const answer = await callApi('ApplyUpload', { ...request, ...change });

      expect(answer.Error).toEqual({ Code, Message });
      expect(answer.RequestId).toMatch(/./);
    });

    it.each([
      ['another secret key', 'AuthFailure.SignatureFailure', { secretKey: 'another' }, 0],
      ['an unknown key id', 'AuthFailure.SecretIdNotFound', { secretId: 'AKIDother' }, 0],
      ['a clock of an hour ago', 'AuthFailure.SignatureExpire', {}, -3_600],
    ])('%s', async (_what, Code, change, late) => {
      const key = { ...stage.account, ...change };
      const at = seconds() + late;
      const answer = await callApi('ApplyUpload', request, { key, at });
      const older = await callApi('ApplyUpload', request, { key, at, older: true });

      expect([answer.Error, older.Error]).toMatchObject([{ Code }, { Code }]);
    });

    it.each([
      ['a session that is not known', 'InvalidParameterValue.VodSessionKey'],
      ['a commit before the upload', 'ResourceNotFound'],
    ])('%s', async (what, Code) => {
      const { VodSessionKey } = await callApi('ApplyUpload', request);
      const sent = what.startsWith('a session') ? 'other' : VodSessionKey;

      expect((await callApi('CommitUpload', { VodSessionKey: sent })).Error).toMatchObject({
        Code,
      });
    });

    it.each<
      [what: string, code: string, change: (storage: StorageRequest) => Partial<StorageRequest>]
    >([
      [
        'storage with another secret key',
        'SignatureDoesNotMatch',
        ({ key }) => ({ key: { ...key, secretKey: 'another' } }),
      ],
      [
        'storage with an unknown key id',
        'InvalidAccessKeyId',
        ({ key }) => ({ key: { ...key, secretId: 'AKIDother' } }),
      ],
      [
        'storage with another token',
        'AccessDenied',
        ({ key }) => ({ key: { ...key, token: 'another' } }),
      ],
      [
        'a file outside the folder of the upload',
        'AccessDenied',
        () => ({ path: '/vodlocal01/other/film.mp4' }),
      ],
      ['another bucket', 'AccessDenied', ({ host }) => ({ host: `x${host}` })],
      ['a signature of yesterday', 'AccessDenied', () => ({ seconds: seconds() - 86_400 })],
    ])('%s', async (_what, code, change) => {
      const applied = await callApi('ApplyUpload', request);
      const storage = storageOf(applied, 'PUT', applied.MediaStoragePath);

      const reply = await send(client.put({ ...storage, ...change(storage) }, randomBytes(100)));

      expect(reply.status).toBe(403);
      expect(codeOf(reply)).toBe(code);
      expect(
        (await callApi('CommitUpload', { VodSessionKey: applied.VodSessionKey })).Error,
      ).toMatchObject({ Code: 'ResourceNotFound' });
    });
  });
}
