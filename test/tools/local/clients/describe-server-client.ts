import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { perTest } from '../../../support/per-test.ts';
import { openApiStage } from '../emulator/api/api-stage.ts';
import type { ServerClient } from './server-client.ts';
import { createSteps, nowSeconds, readStorageError, type StorageTarget } from './upload-steps.ts';

/** Sends what `client` sends in uploads and refusals that are in no scenario of the tables. */
export function describeServerClient(client: ServerClient): void {
  const stage = perTest(() => openApiStage());
  const { ask, call, targetOf, store, initiate, send } = createSteps(client, () => ({
    ...{ port: Number(stage.host.split(':')[1]), account: stage.account },
  }));

  describe(`an upload of ${client.name}`, () => {
    // All of them send it in one request, and the client for PHP asks before it sends this many bytes.
    it('stores a file of 1 MiB', async () => {
      const bytes = randomBytes(1024 * 1024);
      const applied = await call('ApplyUpload', { MediaType: 'mp4', MediaName: 'film' });

      await store(targetOf(applied, applied.MediaStoragePath), bytes);
      const { MediaUrl } = await call('CommitUpload', { VodSessionKey: applied.VodSessionKey });

      const stored = Buffer.from(await (await fetch(MediaUrl)).arrayBuffer());
      expect(stored.equals(bytes)).toBe(true);
    });

    it.each([
      ['TC3-HMAC-SHA256', false],
      ['HmacSHA256', true],
    ])('keeps texts that the client escapes in its own way, with %s', async (_what, older) => {
      const SourceContext = '<a href="/b?c=d&e">é한글\u2028😀</a> ~*+%';
      const applied = await ask(
        'ApplyUpload',
        { MediaType: 'mp4', MediaName: 'film & more', SourceContext },
        { older },
      );

      await store(targetOf(applied, applied.MediaStoragePath), randomBytes(10));
      await call('CommitUpload', { VodSessionKey: applied.VodSessionKey });

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
      const answer = await ask('ApplyUpload', { ...request, ...change });

      expect(answer.Error).toEqual({ Code, Message });
      expect(answer.RequestId).toMatch(/./);
    });

    it.each([
      ['another secret key', 'AuthFailure.SignatureFailure', { secretKey: 'another' }, 0],
      ['an unknown key id', 'AuthFailure.SecretIdNotFound', { secretId: 'AKIDother' }, 0],
      ['a clock of an hour ago', 'AuthFailure.SignatureExpire', {}, -3_600],
    ])('%s', async (_what, Code, change, late) => {
      const key = { ...stage.account, ...change };
      const at = nowSeconds() + late;
      const answer = await ask('ApplyUpload', request, { key, at });
      const older = await ask('ApplyUpload', request, { key, at, older: true });

      expect([answer.Error, older.Error]).toMatchObject([{ Code }, { Code }]);
    });

    it.each([
      ['a session that is not known', 'InvalidParameterValue.VodSessionKey'],
      ['a commit before the upload', 'ResourceNotFound'],
    ])('%s', async (what, Code) => {
      const { VodSessionKey } = await ask('ApplyUpload', request);
      const sent = what.startsWith('a session') ? 'other' : VodSessionKey;

      expect((await ask('CommitUpload', { VodSessionKey: sent })).Error).toMatchObject({
        Code,
      });
    });

    it.each<
      [what: string, code: string, change: (target: StorageTarget) => Partial<StorageTarget>]
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
      ['a signature of yesterday', 'AccessDenied', () => ({ seconds: nowSeconds() - 86_400 })],
    ])('%s', async (_what, code, change) => {
      const applied = await ask('ApplyUpload', request);
      const target = targetOf(applied, applied.MediaStoragePath);
      const put = { ...target, ...change(target), method: 'PUT' };

      const reply = await send(client.put(put, randomBytes(100)));

      expect(reply.status).toBe(403);
      expect(readStorageError(reply).Code).toBe(code);
      expect(
        (await ask('CommitUpload', { VodSessionKey: applied.VodSessionKey })).Error,
      ).toMatchObject({ Code: 'ResourceNotFound' });
    });

    it('credentials that expire between two parts', async () => {
      stage.faults.arm('short-credentials', 1, 20);
      const applied = await call('ApplyUpload', request);
      const target = targetOf(applied, applied.MediaStoragePath);
      const part = { uploadId: await initiate(target), partNumber: 1, body: randomBytes(100) };

      stage.passSeconds(21);
      const late = { ...target, method: 'PUT', seconds: target.seconds + 21 };
      const reply = await send(client.putPart(late, part));

      expect(reply.status).toBe(403);
      expect(readStorageError(reply)).toMatchObject({
        ...{ Code: 'AccessDenied', Message: expect.stringContaining('expired') },
      });
    });
  });
}
