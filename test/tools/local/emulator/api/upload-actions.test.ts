import COS from 'cos-nodejs-sdk-v5';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeFolder } from '../../../../support/make-folder.ts';
import { perTest } from '../../../../support/per-test.ts';
import { blackPng, silentWav } from '../ugc/media-samples.ts';
import { type ApiStage, openApiStage, refusalOf } from './api-stage.ts';

const wav = silentWav(2);
const png = blackPng(8, 4);

const stage = perTest(() => openApiStage({ names: { classIds: [7] } }));
let dir: string;

beforeEach(async () => {
  dir = await makeFolder();
});
afterEach(() => void vi.useRealTimers());

type Applied = Awaited<ReturnType<ApiStage['client']['ApplyUpload']>>;

/** Uploads with the vendor's storage SDK and the credentials from ApplyUpload. */
function put(applied: Applied, key: string, body: Buffer) {
  const { SecretId = '', SecretKey = '', Token = '' } = applied.TempCertificate ?? {};
  const cos = new COS({
    ...{ SecretId, SecretKey, SecurityToken: Token },
    ...{ Protocol: 'http:', Ip: stage.host, ConfCwd: dir },
  });
  const target = { Bucket: applied.StorageBucket ?? '', Region: applied.StorageRegion ?? '' };
  return cos.putObject({ ...target, Key: key, Body: body });
}

const commit = (applied: Applied) =>
  stage.client.CommitUpload({ VodSessionKey: applied.VodSessionKey ?? '' });

describe('ApplyUpload and CommitUpload', () => {
  it('upload a media with its cover from a server, and cause its events', async () => {
    const applied = await stage.client.ApplyUpload({
      ...{ MediaType: 'WAV', MediaName: 'holiday', CoverType: 'png', ClassId: 7 },
      ...{ StorageRegion: 'ap-seoul', ExpireTime: '2099-01-01T00:00:00Z' },
      ...{ SourceContext: 'order 7', SessionContext: 'basket 9', Procedure: 'LongVideoPreset' },
    });
    await put(applied, applied.MediaStoragePath ?? '', wav);
    await put(applied, applied.CoverStoragePath ?? '', png);
    const committed = await commit(applied);
    const [uploaded, processed] = [await stage.receiver.next(), await stage.receiver.next()];

    expect(applied.StorageBucket).toBe('vodlocal01-1250000001');
    expect(applied.TempCertificate?.ExpiredTime).toBeGreaterThan(Date.now() / 1_000);
    expect(uploaded.body).toMatchObject({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        FileId: committed.FileId,
        MediaBasicInfo: {
          ...{ Name: 'holiday', Type: 'wav', ClassId: 7, StorageRegion: 'ap-seoul' },
          ...{ MediaUrl: committed.MediaUrl, CoverUrl: committed.CoverUrl },
          ExpireTime: '2099-01-01T00:00:00Z',
          SourceInfo: { SourceType: 'Upload', SourceContext: 'order 7' },
        },
        MetaData: { Duration: 2 },
      },
    });
    expect(processed.body).toMatchObject({
      EventType: 'ProcedureStateChanged',
      ProcedureStateChangeEvent: { FileId: committed.FileId, SessionContext: 'basket 9' },
    });
    const stored = await fetch(committed.MediaUrl ?? '');
    expect(Buffer.from(await stored.arrayBuffer())).toEqual(wav);
  });

  it('allow the segments of a playlist next to it, and nowhere else', async () => {
    const applied = await stage.client.ApplyUpload({ MediaType: 'm3u8' });
    const folder = (applied.MediaStoragePath ?? '').replace(/[^/]*$/, '');

    await put(applied, `${folder}low/0.ts`, wav);
    await put(applied, applied.MediaStoragePath ?? '', Buffer.from('#EXTM3U\nlow/0.ts\n'));
    const { FileId } = await commit(applied);

    await expect(put(applied, '/vodlocal01/other/0.ts', wav)).rejects.toThrow();
    expect((await fetch(`http://${stage.host}/media${folder}low/0.ts`)).status).toBe(200);
    await stage.client.DeleteMedia({ FileId: FileId ?? '' });
    expect((await fetch(`http://${stage.host}/media${folder}low/0.ts`)).status).toBe(404);
  });

  it('create one media, however often CommitUpload is called', async () => {
    const applied = await stage.client.ApplyUpload({ MediaType: 'wav' });
    await put(applied, applied.MediaStoragePath ?? '', wav);

    const [first, second] = await Promise.all([commit(applied), commit(applied)]);
    await stage.receiver.next();
    const third = await commit(applied);

    expect(second.FileId).toBe(first.FileId);
    expect(third.FileId).toBe(first.FileId);
    expect(stage.emulator().media()).toHaveLength(1);
  });

  it('refuse a file that is not uploaded, and accept it afterwards', async () => {
    const applied = await stage.client.ApplyUpload({ MediaType: 'wav', CoverType: 'png' });
    await put(applied, applied.MediaStoragePath ?? '', wav);

    expect(await refusalOf(commit(applied))).toMatchObject({
      code: 'ResourceNotFound',
      message: expect.stringContaining(applied.CoverStoragePath ?? ''),
    });
    await put(applied, applied.CoverStoragePath ?? '', png);
    expect((await commit(applied)).CoverUrl).toContain(applied.CoverStoragePath);
  });

  it('refuse a session that is unknown or a day old', async () => {
    const applied = await stage.client.ApplyUpload({ MediaType: 'wav' });
    const code = 'InvalidParameterValue.VodSessionKey';

    expect(await refusalOf(stage.client.CommitUpload({ VodSessionKey: 'x' }))).toMatchObject({
      code,
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_401_000 });
    expect(await refusalOf(commit(applied))).toMatchObject({ code });
  });

  it.each([
    [{ ExpireTime: 'x' }, 'InvalidParameterValue.ExpireTime'],
    [{ ExpireTime: '2001-01-01T00:00:00Z' }, 'InvalidParameter.ExpireTime'],
    [{ StorageRegion: 'ap-bangkok' }, 'InvalidParameterValue'],
    [{ MediaStoragePath: '/a.mp4' }, 'InvalidParameterValue.MediaStoragePath'],
    [{ SourceContext: 'x'.repeat(251) }, 'InvalidParameterValue'],
    [{ SessionContext: 'x'.repeat(1_001) }, 'InvalidParameterValue'],
    [{ SubAppId: 7 }, 'InvalidParameterValue.SubAppId'],
  ])('refuse %j with %s', async (change, code) => {
    const request = { MediaType: 'mp4', ...change };

    expect(await refusalOf(stage.client.ApplyUpload(request))).toMatchObject({ code });
  });

  // The suites of the SDKs for Python and Node.js compare the whole text, that for Go its beginning:
  // https://github.com/tencentyun/vod-python-sdk/blob/2de2b85/test/test_vod_upload_client.py
  // https://github.com/tencentyun/vod-go-sdk/blob/47ee658/client_test.go
  it.each([
    [{ MediaType: 'test' }, 'InvalidParameterValue.MediaType', 'invalid media type'],
    [{ MediaType: '' }, 'InvalidParameterValue.MediaType', 'invalid media type'],
    [{ CoverType: 'test' }, 'InvalidParameterValue.CoverType', 'invalid cover type'],
    [{ CoverType: 'mp4' }, 'InvalidParameterValue.CoverType', 'invalid cover type'],
  ])('refuse %j in the words that the vendor’s suites expect', async (change, code, message) => {
    const refused = refusalOf(stage.client.ApplyUpload({ MediaType: 'mp4', ...change }));

    expect(await refused).toEqual({ code, message });
  });

  it.each(['mp4', 'mpd', 'M3U8', 'mp3'])('accept %s', async (MediaType) => {
    const { MediaStoragePath } = await stage.client.ApplyUpload({ MediaType });

    expect(MediaStoragePath).toMatch(
      new RegExp(`^/vodlocal01/\\d+/\\w+\\.${MediaType.toLowerCase()}$`),
    );
  });
});

describe('ParseStreamingManifest', () => {
  const parse = (MediaManifestContent: string, ManifestType?: string) =>
    stage.client.ParseStreamingManifest({
      MediaManifestContent,
      ...(ManifestType === undefined ? {} : { ManifestType }),
    });

  it('returns the files of a playlist, each once', async () => {
    const playlist = [
      '#EXTM3U',
      '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"',
      '#EXT-X-MAP:URI="init.mp4",BYTERANGE="720@0"',
      '#EXTINF:4,',
      'low/0.ts',
      '',
      '#EXTINF:4,',
      'low/1.ts',
      'low/0.ts',
      '#EXT-X-ENDLIST',
    ].join('\r\n');

    expect((await parse(playlist)).MediaSegmentSet).toEqual([
      'key.bin',
      'init.mp4',
      'low/0.ts',
      'low/1.ts',
    ]);
  });

  it('returns the files that a DASH manifest lists', async () => {
    const manifest =
      '<MPD><BaseURL>video.mp4</BaseURL><SegmentList><Initialization sourceURL="i.mp4"/><SegmentURL media="1.m4s"/></SegmentList></MPD>';

    expect((await parse(manifest, 'mpd')).MediaSegmentSet).toEqual(['video.mp4', 'i.mp4', '1.m4s']);
  });

  it.each([
    ['something that is not a playlist', 'low/0.ts', undefined],
    ['a URL', '#EXTM3U\nhttps://cdn.example.com/0.ts', undefined],
    ['an absolute path', '#EXTM3U\n/0.ts', undefined],
    ['a path that leaves the folder', '#EXTM3U\nlow/../../0.ts', undefined],
    ['something that is not a DASH manifest', '#EXTM3U', 'mpd'],
    ['numbered segments', '<MPD><SegmentTemplate media="$Number$.m4s"/></MPD>', 'mpd'],
  ])('refuses %s', async (_name, content, type) => {
    expect(await refusalOf(parse(content, type))).toMatchObject({
      code: 'InvalidParameterValue.MediaManifestContent',
    });
  });

  it('refuses another type of manifest', async () => {
    expect(await refusalOf(parse('x', 'ism'))).toMatchObject({ code: 'InvalidParameterValue' });
  });
});
