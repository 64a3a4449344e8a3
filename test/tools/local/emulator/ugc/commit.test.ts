import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCommitUpload } from '../../../../../tools/local/emulator/ugc/commit.ts';
import { perTest } from '../../../../support/per-test.ts';
import { blackPng, silentWav } from './media-samples.ts';
import { askUgc, callUgc, doUgc } from './upload-client.ts';
import { openUploadStage } from './upload-stage.ts';

const stage = perTest(() => openUploadStage());

const commit = (vodSessionKey: string) =>
  doUgc(stage.origin, 'CommitUploadUGC', { signature: stage.sign(), vodSessionKey });
const ask = (vodSessionKey: string) =>
  askUgc(stage.origin, 'CommitUploadUGC', { signature: stage.sign(), vodSessionKey });
const committed = () => stage.activities().filter(({ type }) => type === 'media');

/** Returns the text of a `verify_content` whose digest is correct. */
function readVerifyContent(content: string): string {
  const bytes = Buffer.from(content, 'base64');
  const text = bytes.subarray(20);
  const digest = createHmac('sha1', 'LocalVerifyKeyExample').update(text).digest();
  expect(bytes.subarray(0, 20)).toEqual(digest);
  return text.toString();
}

describe('CommitUploadUGC', () => {
  it('creates a media from the file and its cover', async () => {
    const wav = silentWav(1);
    const png = blackPng(4, 4);
    const cover = { coverName: 'beach', coverType: 'png', coverSize: png.length };
    const fields = { classId: 7, sourceContext: 'order 7', procedure: 'flow' };
    const signature = stage.sign(fields);
    const ExpireTime = '2030-01-01T09:00:00+09:00';
    const applied = await stage.upload(wav, { ...cover, signature, ExpireTime });
    const coverPath = applied.cover?.storagePath ?? '';
    stage.objects.store(coverPath, png);

    const data = await commit(applied.vodSessionKey);

    const mediaPath = applied.video?.storagePath ?? '';
    const fileId = mediaPath.split('/')[2] ?? '';
    expect(data.fileId).toBe(fileId);
    expect(data.video?.url).toBe(`http://localhost:3000/media${mediaPath}`);
    expect(data.cover?.url).toBe(`http://localhost:3000/media${coverPath}`);
    expect(stage.announced).toEqual([
      {
        fileId,
        name: 'holiday',
        type: 'wav',
        category: 'Audio',
        mediaPath,
        coverPath,
        mediaUrl: data.video?.url,
        coverUrl: data.cover?.url,
        createTime: '2023-11-14T22:13:20Z',
        updateTime: '2023-11-14T22:13:20Z',
        expireTime: '2030-01-01T00:00:00Z',
        classId: 7,
        storageRegion: 'ap-seoul',
        sourceContext: 'order 7',
        procedureTaskId: expect.stringMatching(/^1500000001-Procedure-[0-9a-f]{32}$/),
        metaData: expect.objectContaining({ Size: wav.length, Duration: 1 }),
        description: '',
        tags: [],
      },
    ]);
    expect([...stage.state.media.values()]).toEqual(stage.announced);
    expect(committed()).toEqual([
      expect.objectContaining({
        fileId,
        name: 'holiday',
        mediaUrl: data.video?.url,
        coverUrl: data.cover?.url,
        metaData: expect.objectContaining({ Duration: 1 }),
      }),
    ]);
  });

  it('returns proofs of the upload, the video under its FileId and the cover under its own id', async () => {
    const cover = { coverType: 'png', coverSize: 1 };
    const applied = await stage.upload(Buffer.alloc(10), cover);
    stage.objects.store(applied.cover?.storagePath ?? '', Buffer.alloc(1));

    const data = await commit(applied.vodSessionKey);

    const pattern = /^ExpTime=(\d+)&FileId=(\d+)$/;
    const [, expires, id] = pattern.exec(readVerifyContent(data.video?.verify_content ?? '')) ?? [];
    const [, , coverId] = pattern.exec(readVerifyContent(data.cover?.verify_content ?? '')) ?? [];
    expect(Number(expires)).toBeGreaterThan(stage.nowSeconds());
    expect(id).toBe(data.fileId);
    expect(applied.cover?.storagePath).toBe(`/vodlocal01/${id}/${coverId}.png`);
  });

  it('keeps a file for ever, in the default category, if the signature says nothing else', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));

    await commit(vodSessionKey);

    expect(stage.announced[0]).toMatchObject({
      expireTime: '9999-12-31T23:59:59Z',
      classId: 0,
      coverPath: null,
      coverUrl: '',
      sourceContext: '',
      procedureTaskId: '',
      metaData: null,
    });
  });

  it('returns the same to a retry, also later, and creates one media', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));

    const first = await commit(vodSessionKey);
    stage.passSeconds(3_000);
    const second = await commit(vodSessionKey);

    expect(second).toEqual(first);
    expect(stage.announced).toHaveLength(1);
    expect(committed()).toHaveLength(1);
  });

  it('returns the same to a retry while the first call is being processed', async () => {
    const { vodSessionKey } = await stage.upload(silentWav(1));
    const commitUpload = createCommitUpload(stage.applications);

    const [first, second] = await Promise.all(
      [1, 2].map(() => commitUpload({ signature: stage.sign(), vodSessionKey })),
    );

    expect(second?.data).toEqual(first?.data);
    expect(stage.announced).toHaveLength(1);
    expect(committed()).toHaveLength(1);
  });

  it('accepts the one-time signature of its own Apply', async () => {
    const signature = stage.sign({ oneTimeValid: 1 });
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10), { signature });

    const answer = await askUgc(stage.origin, 'CommitUploadUGC', { signature, vodSessionKey });

    expect(answer.code).toBe(0);
  });

  it('refuses with 10008 while the file is missing, and succeeds when it exists', async () => {
    const body = { videoName: 'a', videoType: 'mp4', videoSize: 3, signature: stage.sign() };
    const { vodSessionKey, video } = await doUgc(stage.origin, 'ApplyUploadUGC', body);
    const path = video?.storagePath ?? '';

    expect(await ask(vodSessionKey)).toMatchObject({
      code: 10008,
      message: expect.stringContaining(`${path.slice(1)} is not uploaded`),
    });
    expect(stage.announced).toEqual([]);
    stage.objects.store(path, Buffer.alloc(3));
    expect(await ask(vodSessionKey)).toMatchObject({ code: 0 });
  });

  it('refuses with 10008 while the announced cover is missing', async () => {
    const cover = { coverType: 'png', coverSize: 1 };
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10), cover);

    expect(await ask(vodSessionKey)).toMatchObject({ code: 10008 });
    expect(stage.announced).toEqual([]);
  });

  it.each([9, 11])('refuses with 10009 if %i bytes were stored instead of 10', async (size) => {
    const { vodSessionKey, video } = await stage.upload(Buffer.alloc(10));
    stage.objects.store(video?.storagePath ?? '', Buffer.alloc(size));

    expect(await ask(vodSessionKey)).toMatchObject({
      code: 10009,
      message: expect.stringContaining(`has ${size} bytes, 10 were declared`),
    });
  });

  it('refuses with 10009 if the cover has another size', async () => {
    const applied = await stage.upload(Buffer.alloc(10), { coverType: 'png', coverSize: 2 });
    stage.objects.store(applied.cover?.storagePath ?? '', Buffer.alloc(3));

    expect(await ask(applied.vodSessionKey)).toMatchObject({ code: 10009 });
  });

  it('refuses an unknown session and an expired one with 10005', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));
    stage.passSeconds(86_401);

    expect(await ask('nothing')).toMatchObject({ code: 10005 });
    expect(await ask(vodSessionKey)).toMatchObject({ code: 10005 });
  });

  it('refuses a request without a session key with 10001', async () => {
    const answer = await askUgc(stage.origin, 'CommitUploadUGC', { signature: stage.sign() });

    expect(answer).toMatchObject({ code: 10001, message: expect.stringContaining('vodSession') });
  });

  it('refuses an expired signature with 10010, after which the upload can still be committed', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));
    const signature = stage.sign();
    stage.passSeconds(3_601);

    const late = await askUgc(stage.origin, 'CommitUploadUGC', { signature, vodSessionKey });

    expect(late.code).toBe(10010);
    expect(await ask(vodSessionKey)).toMatchObject({ code: 0 });
  });

  it('lost-commit-answer: commits, closes the connection, and answers the retry', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));
    stage.faults.arm('lost-commit-answer');
    const body = { signature: stage.sign(), vodSessionKey };

    await expect(callUgc(stage.origin, 'CommitUploadUGC', body)).rejects.toThrow();

    expect(stage.announced).toHaveLength(1);
    expect(await commit(vodSessionKey)).toMatchObject({ fileId: stage.announced[0]?.fileId });
    expect(stage.announced).toHaveLength(1);
  });
});

describe('a new cover for a media', () => {
  const cover = { coverName: 'new', coverType: 'jpg', coverSize: 5 };

  it('replaces the old one and causes no event', async () => {
    const { vodSessionKey } = await stage.upload(Buffer.alloc(10));
    const { fileId } = await commit(vodSessionKey);
    stage.passSeconds(60);

    const body = { signature: stage.sign(), fileId, ...cover };
    const applied = await doUgc(stage.origin, 'ApplyUploadUGC', body);
    const path = applied.cover?.storagePath ?? '';
    stage.objects.store(path, Buffer.alloc(5));
    const data = await commit(applied.vodSessionKey);

    expect(applied).not.toHaveProperty('video');
    expect(path).toMatch(new RegExp(`^/vodlocal01/${fileId}/\\d{19}\\.jpg$`));
    expect(data).not.toHaveProperty('video');
    expect(data).toMatchObject({
      fileId,
      cover: { url: `http://localhost:3000/media${path}` },
    });
    expect(stage.state.media.get(fileId)).toMatchObject({
      coverPath: path,
      coverUrl: data.cover?.url,
      createTime: '2023-11-14T22:13:20Z',
      updateTime: '2023-11-14T22:14:20Z',
    });
    expect(stage.announced).toHaveLength(1);
  });

  it('is refused with 10001 if the media is unknown', async () => {
    const body = { signature: stage.sign(), fileId: '5285890784273533167', ...cover };

    expect(await askUgc(stage.origin, 'ApplyUploadUGC', body)).toMatchObject({
      code: 10001,
      message: expect.stringContaining('5285890784273533167 is not a media'),
    });
  });
});
