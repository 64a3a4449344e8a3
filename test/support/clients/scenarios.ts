import { expect } from 'vitest';
import { buildVideo } from '../../../tools/local/emulator/pull/sample-video.ts';
import type { LocalStack } from '../../../tools/local/local-stack.ts';
import { signFields } from '../../tools/local/emulator/ugc/upload-client.ts';
import { happens } from '../activities.ts';
import { fetchSha256, sha256 } from '../digest.ts';
import { makeBytes } from '../made-file.ts';
import type { Client, PlaylistFiles, UploadPlan } from './client.ts';
import {
  callStack,
  connectApi,
  issueSignature,
  limitSpeed,
  newFile,
  newLargeFile,
  SUB_APP_IDS,
  storedParts,
} from './client-stage.ts';

/** Checks what one client can do, or that it is refused. */
type Scenario = (client: Client, stack: LocalStack) => Promise<void>;

/** The scenarios, by their names in the tables of docs/clients.md. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  async 'small file'(client, stack) {
    const media = newFile('film.mp4', 1_000);

    const { fileId, mediaUrl } = await client.upload({ media });

    expect(await fetchSha256(mediaUrl)).toBe(sha256(makeBytes(media)));
    expect(await uploadEventOf(stack, fileId)).toMatchObject({ FileId: fileId });
  },

  async 'empty file'(client) {
    const { mediaUrl } = await client.upload({ media: newFile('film.mp4', 0) });

    expect(await fetchSha256(mediaUrl)).toBe(sha256(Buffer.alloc(0)));
  },

  async 'several parts'(client, stack) {
    const { bytes, parts } = client.inParts ?? { bytes: newLargeFile().bytes, parts: 4 };
    const media = newFile('film.mp4', bytes);

    const { fileId, mediaUrl } = await client.upload({ media });

    expect(await fetchSha256(mediaUrl)).toBe(sha256(makeBytes(media)));
    expect(storedParts(stack, fileId).sort()).toEqual(
      Array.from({ length: parts }, (_, place) => place + 1),
    );
  },

  async cover(client, stack) {
    const cover = newFile('poster.png', 500);

    const { fileId, coverUrl = '' } = await client.upload({
      media: newFile('film.mp4', 1_000),
      cover,
    });

    expect(await fetchSha256(coverUrl)).toBe(sha256(makeBytes(cover)));
    expect(await basicInfoOf(stack, fileId)).toMatchObject({ CoverUrl: coverUrl });
  },

  async procedure(client, stack) {
    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      wish: { procedure: 'LongVideoPreset', sessionContext: 'session-1' },
    });

    const { event } = await happens(
      stack,
      'notification',
      (sent) => sent.eventType === 'ProcedureStateChanged' && sent.fileId === fileId,
    );
    expect(event).toMatchObject({
      ProcedureStateChangeEvent: { SessionContext: 'session-1', Status: 'FINISH' },
    });
  },

  async class(client, stack) {
    const api = connectApi(stack);
    const { ClassId } = await api.CreateClass({
      ...{ ParentId: -1, ClassName: `films ${newFile('', 0).seed}`, SubAppId: SUB_APP_IDS.own },
    });

    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      wish: { classId: Number(ClassId) },
    });

    expect(ClassId).toBeGreaterThan(0);
    expect(await uploadEventOf(stack, fileId)).toMatchObject({ MediaBasicInfo: { ClassId } });
  },

  async region(client, stack) {
    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      wish: { storageRegion: 'ap-tokyo' },
    });

    expect(await uploadEventOf(stack, fileId)).toMatchObject({
      MediaBasicInfo: { StorageRegion: 'ap-tokyo' },
    });
  },

  async 'expiry of the media'(client, stack) {
    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      wish: { expireTime: '2098-01-01T00:00:00Z' },
    });

    expect(await uploadEventOf(stack, fileId)).toMatchObject({
      MediaBasicInfo: { ExpireTime: '2098-01-01T00:00:00Z' },
    });
  },

  async 'expiry of the media by `mediaExpireTime`'(client, stack) {
    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      wish: { mediaExpireTime: '2098-01-01T00:00:00Z' },
    });

    await expect
      .poll(() => afterSweep(stack, () => basicInfoOf(stack, fileId)))
      .toMatchObject({ ExpireTime: '2098-01-01T00:00:00Z' });
  },

  async 'source context'(client, stack) {
    const sourceContext = '한글 & =+/';

    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      wish: { sourceContext },
    });

    const { data } = await happens(
      stack,
      'webhook',
      (sent) => sent.fileId === fileId && sent.eventType.startsWith('upload.'),
    );
    expect(data).toMatchObject({ sourceContext });
  },

  async 'sub-application'(client, stack) {
    const { fileId } = await client.upload({
      media: newFile('film.mp4', 1_000),
      subAppId: SUB_APP_IDS.other,
    });

    expect(await basicInfoOf(stack, fileId, SUB_APP_IDS.other)).toMatchObject({ Type: 'mp4' });
    expect(await basicInfoOf(stack, fileId)).toBeUndefined();
  },

  'HLS playlist': (client) =>
    expectPlaylist(client, { 'live.m3u8': listSegments('a/1.ts', 'a/2.ts'), ...SEGMENTS }),

  'HLS master playlist': (client) =>
    expectPlaylist(client, {
      'master.m3u8': [
        '#EXTM3U',
        '#EXT-X-STREAM-INF:BANDWIDTH=800000',
        'a/low.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=2800000',
        'b/high.m3u8',
        '',
      ].join('\n'),
      'a/low.m3u8': listSegments('1.ts', '2.ts'),
      'b/high.m3u8': listSegments('3.ts'),
      ...SEGMENTS,
      'b/3.ts': 'third segment',
    }),

  async 'resume: only the missing parts are sent'(client, stack) {
    if (client.resume === undefined) throw new Error('The client cannot resume');
    const media = newLargeFile(7);

    const { uploaded, stored } = await client.resume(media).finally(() => limitSpeed(stack, null));

    expect(await fetchSha256(uploaded.mediaUrl)).toBe(sha256(makeBytes(media)));
    const all = storedParts(stack, uploaded.fileId);
    expect(stored.length).toBeGreaterThanOrEqual(3);
    expect(stored.map((part) => all.filter((put) => put === part))).toEqual(
      stored.map((part) => [part]),
    );
    expect(new Set(all).size).toBe(7);
  },

  'refused: wrong key': (client, stack) =>
    expectRefusal(client, stack, /invalid signature|AuthFailure\.SignatureFailure/, {
      signature: signBy(stack, {}, 'another-key-example'),
      secretKey: 'another-key-example',
    }),

  'refused: expired signature': (client, stack) =>
    expectRefusal(client, stack, /signature expired/, {
      signature: signBy(stack, {
        currentTimeStamp: nowSeconds() - 60,
        expireTime: nowSeconds() - 1,
      }),
    }),

  async 'refused: one-time signature of another upload'(client, stack) {
    const { signature } = await issueSignature(stack, {}, { oneTimeValid: true });
    await client.upload({ media: newFile('film.mp4', 1_000), signature });

    await expectRefusal(client, stack, /duplicate vod signature/, { signature });
  },

  'refused: region that is not enabled': (client, stack) =>
    expectRefusal(client, stack, /eu-moscow|StorageRegion/, {
      wish: { storageRegion: 'eu-moscow' },
    }),

  'refused: file type': (client, stack) =>
    expectRefusal(client, stack, /videoType|MediaType|media type/, {
      media: newFile('film.exe', 1_000),
    }),

  'refused: unknown application': (client, stack) =>
    expectRefusal(client, stack, /SubAppId/, {
      signature: signBy(stack, { vodSubAppId: 7 }),
      subAppId: 7,
    }),

  'refused: expiry in the past': (client, stack) =>
    expectRefusal(client, stack, /ExpireTime/, { wish: { expireTime: '2020-01-01T00:00:00Z' } }),

  'refused by the storage: wrong key': (client) =>
    expectNotStored(client, /SignatureDoesNotMatch/, { secretKey: 'another-key-example' }),

  'refused by the storage: folder of another upload': (client) =>
    expectNotStored(client, /AccessDenied/, { key: 'vodlocal01/1/film.mp4' }),

  'refused by the storage: expired credentials': (client, stack) => {
    stack.faults.arm('short-credentials', 1, 0);
    return expectNotStored(client, /AccessDenied.*expired/, {}).finally(() => stack.faults.clear());
  },

  async 'rejected afterwards: larger than `maxBytes`'(client, stack) {
    const film = buildVideo(1);

    const { fileId, uploadId } = await client.upload({
      media: newFile('film.mp4', film.length),
      film,
      wish: { maxBytes: film.length - 1 },
    });

    await expectRejection(stack, { fileId, uploadId });
  },
};

const SEGMENTS: PlaylistFiles = { 'a/1.ts': 'first segment', 'a/2.ts': 'second segment' };

function listSegments(...paths: readonly string[]): string {
  const segments = paths.flatMap((path) => ['#EXTINF:10,', path]);
  return ['#EXTM3U', '#EXT-X-TARGETDURATION:10', ...segments, '#EXT-X-ENDLIST', ''].join('\n');
}

/** Every file of a playlist is where the playlist says. */
async function expectPlaylist(client: Client, playlist: PlaylistFiles): Promise<void> {
  const { mediaUrl } = await client.upload({ media: newFile('unused.mp4', 0), playlist });

  const urls = Object.keys(playlist).map((path, place) =>
    place === 0 ? mediaUrl : new URL(path, mediaUrl).href,
  );
  const texts = await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
  expect(texts).toEqual(Object.values(playlist));
}

/** The client reports `reason`, and no media has come. */
async function expectRefusal(
  client: Client,
  stack: LocalStack,
  reason: RegExp,
  plan: Partial<UploadPlan>,
): Promise<void> {
  const before = await countMedia(stack);

  await expect(client.upload({ media: newFile('film.mp4', 1_000), ...plan })).rejects.toThrow(
    reason,
  );

  expect(await countMedia(stack)).toBe(before);
}

async function expectNotStored(
  client: Client,
  reason: RegExp,
  change: { readonly secretKey?: string; readonly key?: string },
): Promise<void> {
  if (client.store === undefined) throw new Error('The client cannot store a file alone');
  await expect(client.store(change)).rejects.toThrow(reason);
}

async function countMedia(stack: LocalStack): Promise<number> {
  const { TotalCount } = await connectApi(stack).SearchMedia({ SubAppId: SUB_APP_IDS.own });
  return Number(TotalCount);
}

/** The service finds that a media exceeds its limits, and has VOD delete it. */
export async function expectRejection(
  stack: LocalStack,
  { fileId, uploadId }: { readonly fileId: string; readonly uploadId: string | undefined },
): Promise<void> {
  await expect
    .poll(() => afterSweep(stack, () => callStack(stack, 'GET', `/uploads/${uploadId}`)))
    .toMatchObject({ state: 'rejected', problem: { code: 'limits_exceeded' } });
  await expect.poll(() => afterSweep(stack, () => basicInfoOf(stack, fileId))).toBeUndefined();
}

/** Returns what there is once everything that is due has been done. */
async function afterSweep<Result>(stack: LocalStack, look: () => Promise<Result>): Promise<Result> {
  await callStack(stack, 'POST', '/__local/sweep');
  return look();
}

/** The notification that a media came, without its envelope of VOD's names. */
async function uploadEventOf(stack: LocalStack, fileId: string): Promise<unknown> {
  const { event } = await happens(
    stack,
    'notification',
    (sent) => sent.eventType === 'NewFileUpload' && sent.fileId === fileId,
  );
  return event['FileUploadEvent'];
}

/** Returns what VOD's API says about a media of an application; undefined if it has no such media. */
export async function basicInfoOf(
  stack: LocalStack,
  fileId: string,
  SubAppId: number = SUB_APP_IDS.own,
) {
  const { MediaInfoSet = [] } = await connectApi(stack).DescribeMediaInfos({
    ...{ FileIds: [fileId], SubAppId },
  });
  return MediaInfoSet[0]?.BasicInfo;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

/** Signs fields that the `signature` function would not sign. */
function signBy(
  { account }: LocalStack,
  fields: Readonly<Record<string, number>>,
  secretKey = account.secretKey,
): string {
  const times = { currentTimeStamp: nowSeconds(), expireTime: nowSeconds() + 600 };
  const who = { secretId: account.secretId, vodSubAppId: account.subAppId, random: 4_711 };
  return signFields(secretKey, { ...who, ...times, ...fields });
}
