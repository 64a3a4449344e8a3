import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { Upload } from '../model/upload.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import { MEDIA_FILTERS } from '../vod/media.ts';
import { noteRefusal } from './gone-applications.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, forEachInTime, type SweepRun } from './sweep-run.ts';

/** Concurrent calls. */
const AT_ONCE = 4;

/** Uploads of one application. */
export interface Group {
  readonly subAppId: number | undefined;
  readonly uploads: readonly Upload[];
}

/** The applications about which VOD refused calls before. */
export interface CheckRun extends SweepRun {
  readonly refused: ReadonlySet<number | undefined>;
}

/** What VOD knows about a file: its description, that it is gone, or the error of asking about it. */
export type Finding = MediaInfo | 'gone' | { readonly error: unknown };

/** Asks VOD about the files of all these uploads in pages; returns what it knows about each that it could be asked about. */
export async function describeFiles(
  groups: readonly Group[],
  run: CheckRun,
  counts: Pick<StepCounts<never>, 'fail'>,
): Promise<ReadonlyMap<string, Finding>> {
  const questions = groups.flatMap(({ subAppId, uploads }) => {
    const fileIds = uploads.flatMap(({ fileId }) => fileId ?? []);
    return Array.from({ length: Math.ceil(fileIds.length / MAX_DESCRIBED_FILES) }, (_, i) => ({
      subAppId,
      fileIds: fileIds.slice(i * MAX_DESCRIBED_FILES, (i + 1) * MAX_DESCRIBED_FILES),
    }));
  });
  const files = new Map<string, Finding>();
  await forEachInTime(questions, AT_ONCE, run, {
    work: async ({ subAppId, fileIds }) => {
      const each = { ...run, subAppId };
      await noteRefusal(each, () => describeGroup(fileIds, each, files));
      if (subAppId === undefined || !run.refused.has(subAppId)) return;
      await run.ledger.forgetRefusedApplication(subAppId);
    },
    fail: counts.fail,
  });
  return files;
}

/** Asks about files one by one if VOD refuses them together, since one invalid file makes VOD refuse all. */
async function describeGroup(
  fileIds: readonly string[],
  run: ApplicationRun,
  files: Map<string, Finding>,
): Promise<void> {
  try {
    await describeAll(fileIds, run, files);
  } catch (error) {
    if (!isItemFault(error)) throw error;
    const [fileId = '', ...others] = fileIds;
    if (others.length === 0) files.set(fileId, { error });
    else for (const each of fileIds) await describeGroup([each], run, files);
  }
}

async function describeAll(
  fileIds: readonly string[],
  { api, subAppId, deadline }: ApplicationRun,
  files: Map<string, Finding>,
): Promise<void> {
  const request = { FileIds: [...fileIds], Filters: [...MEDIA_FILTERS] };
  const answer = await api.describeMediaInfos(request, { deadline, subAppId });
  const described: readonly unknown[] = answer.MediaInfoSet ?? [];
  for (const media of described.filter(isJsonObject)) files.set(String(media['FileId']), media);
  for (const fileId of answer.NotExistFileIdSet ?? []) files.set(fileId, 'gone');
}
