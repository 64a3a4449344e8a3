import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type COS from 'cos-nodejs-sdk-v5';
import type { Client as VodClient } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import type { ApplyUploadResponse } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { uploadFromServer } from '../local-upload-client.ts';
import { makeBytes } from '../made-file.ts';
import type { StackStage } from '../stack-stage.ts';
import type { Client, PlaylistFiles, Uploaded, UploadPlan } from './client.ts';
import {
  addressOf,
  connectApi,
  limitSpeed,
  newFile,
  SUB_APP_IDS,
  stopAfterThreeParts,
} from './client-stage.ts';

const MEBIBYTE = 1024 * 1024;

/** The files of an upload on the disk. */
interface WrittenFiles {
  readonly mediaPath: string;
  readonly coverPath: string | undefined;
  /** Paths of the playlist's other files, from its folder. */
  readonly others: readonly string[];
  readonly folder: string;
}

async function writeFiles({ dir }: StackStage, plan: UploadPlan): Promise<WrittenFiles> {
  const { media, film = makeBytes(media), cover, playlist = { [media.name]: film } } = plan;
  const folder = join(dir, 'server', String(media.seed));
  const [first = '', ...others] = Object.keys(playlist);
  for (const [path, content] of Object.entries(playlist)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const coverPath = cover && join(folder, cover.name);
  if (cover !== undefined && coverPath !== undefined) await writeFile(coverPath, makeBytes(cover));
  return { mediaPath: join(folder, first), coverPath, others, folder };
}

/** Returns the fields of ApplyUpload, which the server SDK has too. */
function fieldsOf({ wish = {}, subAppId: SubAppId = SUB_APP_IDS.own }: UploadPlan) {
  const { classId, procedure, sessionContext, storageRegion, sourceContext, expireTime } = wish;
  const fields = {
    ...{ ClassId: classId, Procedure: procedure, SessionContext: sessionContext },
    ...{ StorageRegion: storageRegion, SourceContext: sourceContext, ExpireTime: expireTime },
  };
  const chosen = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { SubAppId, ...Object.fromEntries(chosen) };
}

/** Returns an error whose message has what the vendor's client reports: a code and a message. */
function reported(error: unknown): Error {
  const { code = '', message = '' } = Object(error);
  return new Error(`${code} ${message}`, { cause: error });
}

function describeUploaded(done: {
  readonly FileId?: string | undefined;
  readonly MediaUrl?: string | undefined;
  readonly CoverUrl?: string | null | undefined;
}): Uploaded {
  const { FileId: fileId = '', MediaUrl: mediaUrl = '', CoverUrl: coverUrl } = done;
  return { fileId, mediaUrl, ...(coverUrl ? { coverUrl } : {}) };
}

/** Returns the vendor's upload SDK for Node.js, which uploads to the stage's stack. */
export function createServerSdkClient(stage: StackStage): Client {
  return {
    async upload(plan) {
      const { mediaPath, coverPath } = await writeFiles(stage, plan);
      const files = {
        MediaFilePath: mediaPath,
        ...(coverPath === undefined ? {} : { CoverFilePath: coverPath }),
      };
      const fields = { ...fieldsOf(plan), ...files };
      try {
        return describeUploaded(await uploadFromServer(stage.stack, fields, plan.secretKey));
      } catch (error) {
        throw reported(error);
      }
    },
  };
}

/**
 * Returns the vendor's clients of VOD's API and of its storage, used together as the documents describe for programs
 * without an upload SDK: ApplyUpload, storage, CommitUpload. `StorageSdk` is a version of the storage client.
 */
export function createApiClient(stage: StackStage, StorageSdk: typeof COS): Client {
  const openStorage = (applied: ApplyUploadResponse) => {
    const { SecretId, SecretKey, Token: SecurityToken } = certificateOf(applied);
    return new StorageSdk({
      ...{ SecretId, SecretKey, SecurityToken },
      ...{ Protocol: 'http:', Ip: addressOf(stage.stack), ConfCwd: stage.dir },
      ...{ SliceSize: MEBIBYTE, ChunkSize: MEBIBYTE, FileParallelLimit: 2, ChunkParallelLimit: 2 },
    });
  };
  const apply = (api: VodClient, plan: UploadPlan, { mediaPath, coverPath }: WrittenFiles) =>
    api.ApplyUpload({
      ...fieldsOf(plan),
      ...{ MediaType: typeOf(mediaPath), MediaName: 'film' },
      ...(coverPath === undefined ? {} : { CoverType: typeOf(coverPath) }),
    });
  const commit = async (api: VodClient, plan: UploadPlan, applied: ApplyUploadResponse) =>
    describeUploaded(
      await api.CommitUpload({
        ...{ VodSessionKey: applied.VodSessionKey ?? '', SubAppId: fieldsOf(plan).SubAppId },
      }),
    );

  return {
    async upload(plan) {
      const api = connectApi(stage.stack, plan.secretKey);
      const files = await writeFiles(stage, plan);
      try {
        if (plan.playlist !== undefined) await expectSegments(api, plan.playlist, files.others);
        const applied = await apply(api, plan, files);
        const storage = openStorage(applied);
        for (const [key, path] of listTargets(applied, files)) {
          await storage.uploadFile({ ...placeOf(applied), Key: key, FilePath: path });
        }
        return await commit(api, plan, applied);
      } catch (error) {
        throw reported(error);
      }
    },

    async store({ secretKey, key }) {
      const plan = { media: newFile('film.mp4', 1_000) };
      const files = await writeFiles(stage, plan);
      const applied = await apply(connectApi(stage.stack), plan, files);
      const changed = secretKey === undefined ? {} : { SecretKey: secretKey };
      const TempCertificate = { ...certificateOf(applied), ...changed };
      const [[ownKey, path] = ['', '']] = listTargets(applied, files);
      const file = { ...placeOf(applied), Key: key ?? ownKey, FilePath: path };
      try {
        await openStorage({ ...applied, TempCertificate }).uploadFile(file);
      } catch (error) {
        throw reported(error);
      }
    },

    async resume(media) {
      const api = connectApi(stage.stack);
      const files = await writeFiles(stage, { media });
      const applied = await apply(api, { media }, files);
      const [[key, path] = ['', '']] = listTargets(applied, files);
      const file = { ...placeOf(applied), Key: key, FilePath: path };
      const stopped = await stopAfterThreeParts(stage.stack);
      const interrupted = openStorage(applied);
      const begun = new Promise<string>((onTaskReady) => {
        // Its own promise is never settled.
        void interrupted.sliceUploadFile({ ...file, onTaskReady });
      });
      const stored = await stopped();
      interrupted.cancelTask(await begun);
      await limitSpeed(stage.stack, null);
      await openStorage(applied).sliceUploadFile(file);
      return { uploaded: await commit(api, { media }, applied), stored };
    },
  };
}

function certificateOf({ TempCertificate = {} }: ApplyUploadResponse) {
  const { SecretId = '', SecretKey = '', Token = '' } = TempCertificate;
  return { SecretId, SecretKey, Token };
}

function typeOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function placeOf({ StorageBucket = '', StorageRegion = '' }: ApplyUploadResponse) {
  return { Bucket: StorageBucket, Region: StorageRegion };
}

/** Returns the keys in the storage, and the files that are stored there. */
function listTargets(
  { MediaStoragePath = '', CoverStoragePath = '' }: ApplyUploadResponse,
  { mediaPath, coverPath, others, folder }: WrittenFiles,
): (readonly [key: string, path: string])[] {
  const keyOf = (path: string) => path.slice(1);
  return [
    [keyOf(MediaStoragePath), mediaPath],
    ...(coverPath === undefined ? [] : [[keyOf(CoverStoragePath), coverPath] as const]),
    ...others.map(
      (path) => [keyOf(join(dirname(MediaStoragePath), path)), join(folder, path)] as const,
    ),
  ];
}

/** VOD finds the same files in a playlist, and those in it, as the test has written. */
async function expectSegments(
  api: VodClient,
  playlist: PlaylistFiles,
  others: readonly string[],
): Promise<void> {
  const found: string[] = [];
  const parse = async (path: string): Promise<void> => {
    const { MediaSegmentSet = [] } = await api.ParseStreamingManifest({
      ...{ MediaManifestContent: playlist[path] ?? '', ManifestType: 'm3u8' },
    });
    for (const segment of MediaSegmentSet.map((name) => join(dirname(path), name))) {
      found.push(segment);
      if (segment.endsWith('.m3u8')) await parse(segment);
    }
  };
  const [first = ''] = Object.keys(playlist);
  await parse(first);
  if (found.sort().join() !== [...others].sort().join()) {
    throw new Error(`VOD finds ${found.join()} in the playlist`);
  }
}
