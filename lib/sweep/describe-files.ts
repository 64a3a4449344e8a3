import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { Upload } from '../model/upload.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { defined, isJsonObject } from '../validation/json-object.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import { MEDIA_FILTERS } from '../vod/media.ts';
import { MISSING_PATIENCE } from './check-schedule.ts';
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

/**
 * What VOD knows about a file: its description, that it does not have it, or the error of asking about it. It is `gone` if VOD has
 * said so for a day; `elsewhere` if it may be in another application than the one that was asked; otherwise `missing`.
 */
export type Finding = MediaInfo | 'gone' | 'missing' | 'elsewhere' | { readonly error: unknown };

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
  for (const group of groups) await weighFindings(group, files, run);
  return files;
}

/**
 * Decides which files are gone. An upload that was recorded without an application belongs to the service's own; but that may be
 * another one since then, which has never had its file.
 */
async function weighFindings(
  { subAppId, uploads }: Group,
  files: Map<string, Finding>,
  { ledger, report }: SweepRun,
): Promise<void> {
  const isNamed = (upload: Upload) => upload.subAppId === subAppId;
  const select = (isWanted: (found: Finding | undefined) => boolean) =>
    uploads.filter(({ fileId }) => fileId !== undefined && isWanted(files.get(fileId)));
  const idsOf = (some: readonly Upload[]) => some.flatMap(({ fileId }) => fileId ?? []);

  const listed = select((found) => typeof found === 'object' && !('error' in found));
  await ledger.forgetMissingFiles(idsOf(listed), subAppId);
  const unnamed = listed.filter((upload) => !isNamed(upload)).map(({ uploadId }) => uploadId);
  if (subAppId !== undefined) await ledger.nameApplication(unnamed, subAppId);

  const absent = select((found) => found === 'gone');
  const elsewhere = absent.filter((upload) => !isNamed(upload));
  for (const fileId of idsOf(elsewhere)) files.set(fileId, 'elsewhere');
  if (elsewhere.length > 0) report(explainElsewhere(elsewhere.length, subAppId));
  const named = idsOf(absent.filter(isNamed));
  const gone = new Set(await ledger.noteMissingFiles(named, subAppId, MISSING_PATIENCE));
  for (const fileId of named.filter((each) => !gone.has(each))) files.set(fileId, 'missing');
}

function explainElsewhere(count: number, subAppId: number | undefined): LogFields {
  const reason = `The application ${subAppId} does not have the files of ${count} uploads that were recorded before VOD_SUB_APP_ID was set. They may be in the application that was used then, so the uploads stay as they are.`;
  return { level: 'warn', ...defined({ subAppId }), reason };
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
