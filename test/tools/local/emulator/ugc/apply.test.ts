import { describe, expect, it } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import { askUgc, callUgc, doUgc } from './upload-client.ts';
import { openUploadStage } from './upload-stage.ts';

const stage = perTest(() => openUploadStage());

const video = { videoName: 'holiday', videoType: 'mp4', videoSize: 1_000, uploadFromWeb: true };
const cover = { coverName: 'beach', coverType: 'png', coverSize: 50 };

const apply = (body: Readonly<Record<string, unknown>>) =>
  doUgc(stage.origin, 'ApplyUploadUGC', { signature: stage.sign(), ...body });
const ask = (body: Readonly<Record<string, unknown>>) =>
  askUgc(stage.origin, 'ApplyUploadUGC', { signature: stage.sign(), ...body });

describe('ApplyUploadUGC of a new file', () => {
  it('returns where to store the file and its cover, and with which credentials', async () => {
    const data = await apply({ ...video, ...cover });

    expect(data).toMatchObject({
      storageAppId: 1250000001,
      storageBucket: 'vodlocal01',
      storageRegionV5: 'ap-seoul',
      StorageRegionV5: 'ap-seoul',
      domain: 'vod2.qcloud.com',
      appId: 1500000001,
      timestamp: 1_700_000_000,
    });
    const path = data.video?.storagePath ?? '';
    expect(path).toMatch(/^\/vodlocal01\/\d{19}\/[0-9a-f]+\.mp4$/);
    expect(data.cover?.storagePath).toMatch(/^\/vodlocal01\/\d{19}\/\d{19}\.png$/);
    const fileId = path.split('/')[2] ?? '';
    expect(BigInt(fileId)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(data.tempCertificate.expiredTime).toBe(1_700_000_000 + 1_800);
    expect(stage.state.grants.get(data.tempCertificate.secretId)).toEqual({
      secretId: data.tempCertificate.secretId,
      secretKey: data.tempCertificate.secretKey,
      token: data.tempCertificate.token,
      expiresAt: 1_700_001_800,
      bucket: 'vodlocal01-1250000001',
      region: 'ap-seoul',
      prefix: `vodlocal01/${fileId}/`,
    });
  });

  it('needs no sizes, which the mini program does not send', async () => {
    const unsized = { videoSize: undefined, coverSize: undefined };

    const { vodSessionKey, cover: announced } = await apply({ ...video, ...cover, ...unsized });

    expect(announced?.storagePath).toMatch(/\.png$/);
    expect(stage.state.sessions.get(vodSessionKey)).toMatchObject({
      video: { size: null },
      cover: { size: null },
    });
  });

  it('returns no cover if none was announced', async () => {
    expect(await apply(video)).not.toHaveProperty('cover');
  });

  it('records the request and its result', async () => {
    const signature = stage.sign({ sourceContext: 'order 7' });
    const data = await apply({ ...video, signature });

    expect(stage.activities()).toEqual([
      expect.objectContaining({
        type: 'ugc',
        action: 'ApplyUploadUGC',
        host: 'vod2.qcloud.com',
        code: 0,
        vodSessionKey: data.vodSessionKey,
        fileId: data.video?.storagePath.split('/')[2],
        storagePath: data.video?.storagePath,
        sourceContext: 'order 7',
      }),
    ]);
  });

  it('accepts types in capitals too', async () => {
    expect((await apply({ ...video, videoType: 'MOV' })).video?.storagePath).toMatch(/\.mov$/);
  });

  it('accepts a name of 200 bytes', async () => {
    expect(await ask({ ...video, videoName: `${'한'.repeat(66)}ab` })).toMatchObject({ code: 0 });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a name of 201 bytes', { videoName: '한'.repeat(67) }, 'videoName: must not be longer'],
    ['an empty name', { videoName: '' }, 'videoName: must not be empty'],
    ...[...'\\/:*?"<>|'].map((sign): [string, Record<string, unknown>, string] => [
      `a name with ${sign}`,
      { videoName: `a${sign}b` },
      'videoName: must not contain',
    ]),
    ['an unknown type', { videoType: 'exe' }, 'videoType: is not a type of media'],
    ['a type with a path', { videoType: 'mp4/../x' }, 'videoType: is not a type of media'],
    ['a missing type', { videoType: undefined }, 'videoType'],
    ['a fractional size', { videoSize: 0.5 }, 'videoSize'],
    ['a negative size', { videoSize: -1 }, 'videoSize'],
    ['a size that is text', { videoSize: '1000' }, 'videoSize'],
    ['an unknown cover type', { ...cover, coverType: 'mp4' }, 'coverType: is not a type of cover'],
    ['a cover size that is text', { ...cover, coverSize: '50' }, 'coverSize'],
    ['a cover name with a slash', { ...cover, coverName: 'a/b' }, 'coverName: must not contain'],
    ['an ExpireTime in words', { ExpireTime: 'tomorrow' }, 'ExpireTime: must be ISO 8601'],
    [
      'an ExpireTime that does not exist',
      { ExpireTime: '2026-13-01T00:00:00Z' },
      'a time that exists',
    ],
    ['an ExpireTime in the past', { ExpireTime: '2023-11-14T22:13:20Z' }, 'is over'],
  ])('refuses %s with 10001', async (_name, change, detail) => {
    expect(await ask({ ...video, ...change })).toMatchObject({
      code: 10001,
      message: expect.stringContaining(detail),
    });
    expect(stage.state.sessions.size).toBe(0);
  });
});

describe('ApplyUploadUGC and the region', () => {
  it.each([
    ['the nearest region without a request', {}, {}, 'ap-seoul'],
    ['the requested region', {}, { storageRegion: 'ap-chongqing' }, 'ap-chongqing'],
    ['the nearest region if a closed one is requested', {}, { storageRegion: 'eu' }, 'ap-seoul'],
    [
      "the signature's region rather than the requested one",
      { storageRegion: 'ap-tokyo' },
      { storageRegion: 'ap-seoul' },
      'ap-tokyo',
    ],
  ])('uses %s', async (_name, signed, body, expected) => {
    const data = await apply({ ...video, ...body, signature: stage.sign(signed) });

    expect(data.StorageRegionV5).toBe(expected);
    expect(stage.state.grants.get(data.tempCertificate.secretId)?.region).toBe(expected);
  });

  it('refuses a signature with a closed region with 10006', async () => {
    const signature = stage.sign({ storageRegion: 'ap-mumbai' });

    expect(await ask({ ...video, signature })).toMatchObject({ code: 10006 });
  });
});

describe('ApplyUploadUGC that continues an upload', () => {
  it('returns the same paths with new credentials; the old ones stay valid', async () => {
    const first = await apply({ ...video, ...cover });
    stage.passSeconds(1_000);

    const again = await apply({ vodSessionKey: first.vodSessionKey });

    expect(again.vodSessionKey).toBe(first.vodSessionKey);
    expect(again.video?.storagePath).toBe(first.video?.storagePath);
    expect(again.cover?.storagePath).toBe(first.cover?.storagePath);
    expect(again.tempCertificate.secretId).not.toBe(first.tempCertificate.secretId);
    expect(again.tempCertificate.expiredTime).toBe(first.tempCertificate.expiredTime + 1_000);
    expect(stage.state.grants.has(first.tempCertificate.secretId)).toBe(true);
  });

  it('uses the session key if the file is named too, as mobile SDKs do', async () => {
    const first = await apply(video);

    const again = await apply({ ...video, videoType: 'exe', vodSessionKey: first.vodSessionKey });

    expect(again.video?.storagePath).toBe(first.video?.storagePath);
  });

  it('is possible for 24 hours and no longer', async () => {
    const { vodSessionKey } = await apply(video);
    stage.passSeconds(86_400);
    expect(await ask({ vodSessionKey })).toMatchObject({ code: 0 });

    stage.passSeconds(1);
    expect(await ask({ vodSessionKey })).toMatchObject({ code: 10005 });
  });

  it('is refused with 10005 if the session is unknown', async () => {
    expect(await ask({ vodSessionKey: 'nothing' })).toMatchObject({ code: 10005 });
  });

  it('is refused with 10005 after the upload is committed', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));
    await doUgc(stage.origin, 'CommitUploadUGC', { signature: stage.sign(), vodSessionKey });

    expect(await ask({ vodSessionKey })).toMatchObject({ code: 10005 });
  });
});

describe('ApplyUploadUGC with a one-time signature', () => {
  it('returns the same session to a retry, even with another requested region', async () => {
    const signature = stage.sign({ oneTimeValid: 1 });

    const [first, second] = await Promise.all([
      apply({ ...video, signature }),
      apply({ ...video, signature, storageRegion: 'ap-tokyo' }),
    ]);

    expect(second?.vodSessionKey).toBe(first?.vodSessionKey);
    expect(second?.video?.storagePath).toBe(first?.video?.storagePath);
    expect(stage.state.sessions.size).toBe(1);
  });

  it('is refused with 10003 for another file', async () => {
    const signature = stage.sign({ oneTimeValid: 1 });
    await apply({ ...video, signature });

    expect(await ask({ ...video, videoSize: 1_001, signature })).toMatchObject({ code: 10003 });
  });

  it('is refused with 10003 for the same file after it is committed', async () => {
    const bytes = Buffer.alloc(10);
    const signature = stage.sign({ oneTimeValid: 1 });
    const { vodSessionKey } = await stage.upload(bytes, { signature });
    await doUgc(stage.origin, 'CommitUploadUGC', { signature, vodSessionKey });

    const again = { videoName: 'holiday', videoType: 'wav', videoSize: 10, signature };

    expect(await ask(again)).toMatchObject({ code: 10003 });
  });

  it('is refused with 10003 to continue, or to commit, another upload', async () => {
    const signature = stage.sign({ oneTimeValid: 1 });
    await apply({ ...video, signature });
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));

    expect(await ask({ vodSessionKey, signature })).toMatchObject({ code: 10003 });
    expect(
      await askUgc(stage.origin, 'CommitUploadUGC', { signature, vodSessionKey }),
    ).toMatchObject({ code: 10003 });
  });

  it('can be a new one at each step', async () => {
    const sign = () => stage.sign({ oneTimeValid: 1 });
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10), { signature: sign() });
    await apply({ vodSessionKey, signature: sign() });

    const commit = { vodSessionKey, signature: sign() };

    expect(await askUgc(stage.origin, 'CommitUploadUGC', commit)).toMatchObject({ code: 0 });
  });
});

describe('ApplyUploadUGC with a reusable signature', () => {
  it('begins a new upload each time', async () => {
    const signature = stage.sign();

    const first = await apply({ ...video, signature });
    const second = await apply({ ...video, signature });

    expect(second.vodSessionKey).not.toBe(first.vodSessionKey);
    expect(second.video?.storagePath).not.toBe(first.video?.storagePath);
  });
});

describe('ApplyUploadUGC under faults', () => {
  it('expired-signature: refuses once with 10010', async () => {
    stage.faults.arm('expired-signature');

    expect(await ask(video)).toMatchObject({ code: 10010 });
    expect(await ask(video)).toMatchObject({ code: 0 });
  });

  it('reused-signature: refuses only a one-time signature', async () => {
    stage.faults.arm('reused-signature');

    expect(await ask(video)).toMatchObject({ code: 0 });
    const signature = stage.sign({ oneTimeValid: 1 });
    expect(await ask({ ...video, signature })).toMatchObject({ code: 10003 });
    expect(await ask({ ...video, signature })).toMatchObject({ code: 0 });
  });

  it('apply-unavailable: answers 503, which a page can read', async () => {
    stage.faults.arm('apply-unavailable');
    const body = { ...video, signature: stage.sign() };

    const response = await callUgc(stage.origin, 'ApplyUploadUGC', body);

    expect(response.status).toBe(503);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(stage.state.sessions.size).toBe(0);
  });

  it.each([
    [undefined, 20],
    [90, 90],
  ])('short-credentials: with value %s they are valid for %i seconds', async (value, seconds) => {
    stage.faults.arm('short-credentials', 1, value);

    const { tempCertificate, timestamp } = await apply(video);

    expect(tempCertificate.expiredTime - timestamp).toBe(seconds);
  });
});
