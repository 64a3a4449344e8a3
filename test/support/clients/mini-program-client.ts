import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MadeFile, makeBytes } from '../made-file.ts';
import {
  type FinishedUpload,
  loadMiniProgramSdk,
  type SdkUpload,
  type SdkUploader,
} from '../mini-program/sdk.ts';
import { type MiniProgram, startMiniProgram } from '../mini-program/wx.ts';
import type { StackStage } from '../stack-stage.ts';
import type { Client, Uploaded, UploadPlan } from './client.ts';
import { issueSignature, limitSpeed, stopAfterThreeParts } from './client-stage.ts';

/** The hosts that the vendor's guide has an app add to its settings. */
export const MINI_PROGRAM_HOSTS = ['vod2.qcloud.com', 'vodreport.qcloud.com'];

const IN_SMALL_PARTS = { chunkSize: 1024 * 1024, chunkParallelLimit: 2, progressInterval: 20 };

/** An upload in a mini program. */
export interface MiniProgramUpload {
  readonly program: MiniProgram;
  readonly uploader: SdkUploader;
  /** Shares of the media's bytes that the SDK has reported, 0 to 1. */
  readonly shares: readonly number[];
  /** Rejects with an error whose message has what the SDK reports. */
  readonly done: Promise<Uploaded>;
}

/** Options of an upload. */
interface StartOptions {
  /** The program's storage, which is empty at first. */
  readonly storage?: Map<string, string>;
  readonly hosts?: readonly string[];
  /** Changes what the program's `wx` is. */
  readonly wrap?: (wx: object) => object;
}

/** Returns the file that `wx.chooseVideo` or `wx.chooseImage` would return. */
async function chooseFile({ dir }: StackStage, file: MadeFile, content = makeBytes(file)) {
  const folder = join(dir, 'mini-program');
  await mkdir(folder, { recursive: true });
  // Names of temporary files are made by WeChat.
  const [, type = ''] = file.name.split('.');
  const tempFilePath = join(folder, `${String(file.seed).padStart(32, '0')}.${type}`);
  await writeFile(tempFilePath, content);
  return { tempFilePath, size: file.bytes };
}

async function describeFiles(stage: StackStage, { media, film, cover }: UploadPlan) {
  const mediaFile = await chooseFile(stage, media, film);
  const chosen = cover && (await chooseFile(stage, cover));
  if (chosen === undefined) return { mediaFile };
  const coverFile: SdkUpload['coverFile'] = {
    tempFilePaths: [chosen.tempFilePath],
    tempFiles: [{ size: chosen.size }],
  };
  return { mediaFile, coverFile };
}

/** Starts a mini program, in which the vendor's unmodified SDK uploads to the stage's stack. */
export async function startMiniProgramUpload(
  stage: StackStage,
  plan: UploadPlan,
  { storage = new Map(), hosts = MINI_PROGRAM_HOSTS, wrap = (wx) => wx }: StartOptions = {},
): Promise<MiniProgramUpload> {
  const { stack } = stage;
  const port = Number(new URL(stack.origin).port);
  const program = startMiniProgram({ port, hosts, storage });
  const files = await describeFiles(stage, plan);
  const shares: number[] = [];
  let uploadId: string | undefined;
  const sign = async () => {
    if (plan.signature !== undefined) return plan.signature;
    const issued = await issueSignature(stack, plan, { uploadId });
    uploadId = issued.uploadId;
    return issued.signature;
  };
  let resolve: (uploaded: Uploaded) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const done = new Promise<Uploaded>((...settle) => {
    [resolve, reject] = settle;
  });
  const uploader = loadMiniProgramSdk(wrap(program.wx)).start({
    ...{ ...files, ...IN_SMALL_PARTS, mediaName: 'film' },
    getSignature: (callback) => void sign().then(callback, reject),
    progress: ({ percent }) => void shares.push(percent),
    finish: (result) => resolve(describeUploaded(result, uploadId)),
    error: (error) => reject(new Error(JSON.stringify(error))),
  });
  return { program, uploader, shares, done };
}

function describeUploaded({ fileId, videoUrl = '', coverUrl }: FinishedUpload, uploadId?: string) {
  return {
    ...{ fileId, mediaUrl: videoUrl },
    ...(coverUrl === undefined ? {} : { coverUrl }),
    ...(uploadId === undefined ? {} : { uploadId }),
  };
}

/** Returns the vendor's SDK for mini programs, which uploads to the stage's stack. */
export function createMiniProgramClient(stage: StackStage): Client {
  return {
    upload: async (plan) => (await startMiniProgramUpload(stage, plan)).done,
    async resume(media) {
      const storage = new Map<string, string>();
      const stopped = await stopAfterThreeParts(stage.stack);
      const { program } = await startMiniProgramUpload(stage, { media }, { storage });
      const stored = await stopped();
      program.close();
      await limitSpeed(stage.stack, null);
      const { done } = await startMiniProgramUpload(stage, { media }, { storage });
      return { uploaded: await done, stored };
    },
  };
}
