import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { ingestProven } from '../ingest/durable.ts';
import type { Upload } from '../model/upload.ts';
import { isFinished } from '../model/upload-state.ts';
import { ITEM_PAUSE_MILLISECONDS, isItemFault } from '../runtime/item-fault.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import { MEDIA_FILTERS } from '../vod/media.ts';
import { describeTaskEvent, isUnknownToVod } from '../vod/tasks.ts';
import { scheduleCheck } from './check-schedule.ts';
import { failItem } from './fail-item.ts';
import { findArrivals } from './find-arrivals.ts';
import { endAll, endGoneApplications, noteRefusal } from './gone-applications.ts';
import { findEnd } from './overdue-upload.ts';
import { readScannedUntil } from './scan-media.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, forEachInTime, hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of uploads whose end was not reported. */
export const CHECK_COUNTS = ['checked', 'fresh', 'gone', 'expired', 'givenUp', 'setAside'] as const;

type CheckCounts = StepCounts<(typeof CHECK_COUNTS)[number]>;

const CLAIM_COUNT = 100;
const AT_ONCE = 4;

/** Most uploads of a state that are checked before they are due: the work of a few seconds. */
const HASTENED_COUNT = 250;

/** Longer than all claims of one round take. */
const LEASE_SECONDS = 300;

/**
 * Asks VOD about uploads without a report for some time, and about files that should exist; if the run looks now, also
 * about the newest unfinished uploads before they are due.
 */
export async function checkUploads(run: SweepRun, counts: CheckCounts): Promise<void> {
  const known = await endGoneApplications(run, counts);
  if (run.looksNow) await run.ledger.hastenChecks(HASTENED_COUNT);
  while (hasTime(run)) {
    const uploads = await run.ledger.claimChecks(CLAIM_COUNT, LEASE_SECONDS);
    if (uploads.length === 0) return;
    const groups = groupByApplication(uploads, run);
    const isGone = ({ subAppId }: Group) => known.gone.has(subAppId);
    for (const group of groups.filter(isGone)) await endAll(group.uploads, run, counts);
    const asked = groups.filter((group) => !isGone(group));
    await checkGroups(asked, { ...run, refused: known.refused }, counts);
  }
}

/** The applications about which VOD refused calls before. */
interface CheckRun extends SweepRun {
  readonly refused: ReadonlySet<number | undefined>;
}

async function checkGroups(
  groups: readonly Group[],
  run: CheckRun,
  counts: CheckCounts,
): Promise<void> {
  const scans = new Map<number | undefined, number | undefined>();
  for (const { subAppId } of groups) scans.set(subAppId, await findScannedUntil(subAppId, run));
  const files = await describeFiles(groups, run, counts);
  const checks = groups.flatMap(({ subAppId, uploads: some }) =>
    some.map((upload) => ({ upload, each: { ...run, subAppId } })),
  );
  await forEachInTime(checks, AT_ONCE, run, {
    work: ({ upload, each }) => {
      const findings = { files, scannedUntil: scans.get(each.subAppId) };
      return noteRefusal(each, () => checkOrPutOff(upload, findings, each, counts));
    },
    fail: counts.fail,
  });
}

/** Uploads of one application. */
interface Group {
  readonly subAppId: number | undefined;
  readonly uploads: readonly Upload[];
}

/** Uploads that were recorded before an application was configured belong to the service's own. */
function groupByApplication(
  uploads: readonly Upload[],
  { applications: [own] }: SweepRun,
): readonly Group[] {
  const applicationOf = (upload: Upload) => upload.subAppId ?? own;
  return Array.from(new Set(uploads.map(applicationOf)), (subAppId) => ({
    subAppId,
    uploads: uploads.filter((upload) => applicationOf(upload) === subAppId),
  }));
}

/** The media of a removed tenant are not scanned, so its uploads do not wait for a scan. */
async function findScannedUntil(
  subAppId: number | undefined,
  run: SweepRun,
): Promise<number | undefined> {
  return run.applications.includes(subAppId) ? readScannedUntil(subAppId, run) : run.now();
}

type Finding = MediaInfo | 'gone' | { readonly error: unknown };

/** What is known before an upload is checked. */
interface Findings {
  /** For each file that VOD was asked about: its description, that it is gone, or the error. */
  readonly files: ReadonlyMap<string, Finding>;
  readonly scannedUntil: number | undefined;
}

async function describeFiles(
  groups: readonly Group[],
  run: CheckRun,
  counts: CheckCounts,
): Promise<Findings['files']> {
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

/** An upload whose check fails because of itself is not checked again before the next report about it. */
async function checkOrPutOff(
  upload: Upload,
  findings: Findings,
  run: ApplicationRun,
  counts: CheckCounts,
): Promise<void> {
  const { ledger, now, subAppId } = run;
  const { uploadId, fileId } = upload;
  try {
    await checkUpload(upload, findings, run, counts);
  } catch (error) {
    const item = { kind: 'upload', id: uploadId, subAppId, fileId } as const;
    const isDead = await failItem(item, error, run, counts);
    await ledger.setNextCheck(uploadId, isDead ? undefined : now() + ITEM_PAUSE_MILLISECONDS);
  }
}

async function checkUpload(
  upload: Upload,
  { files, scannedUntil }: Findings,
  run: ApplicationRun,
  counts: CheckCounts,
): Promise<void> {
  const { ledger, now, random } = run;
  const { uploadId, fileId } = upload;
  const file = fileId === undefined ? undefined : files.get(fileId);
  // VOD did not answer; the upload is due again when the lease expires.
  if (fileId !== undefined && file === undefined) return;
  if (typeof file === 'object' && 'error' in file) throw file.error;

  counts.add('checked');
  if (file === 'gone') counts.add('gone');
  const news = file === 'gone' ? [describeDeletion(fileId)] : await findNews(upload, file, run);
  const fresh = await ingestProven(news, run, counts);
  // The change has already set the next check.
  if (fresh > 0) return;
  if (file === 'gone' || !(await endOverdue(uploadId, scannedUntil, run, counts))) {
    await ledger.setNextCheck(uploadId, scheduleCheck(upload, now(), random));
  }
}

/** It only says that the file is gone: not who deleted it, or when. */
function describeDeletion(fileId: string | undefined) {
  const event = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: [fileId] } };
  return parseVodEvent(event);
}

/** Returns the events that VOD has for an unfinished upload. */
async function findNews(upload: Upload, file: MediaInfo | undefined, run: ApplicationRun) {
  if (isFinished(upload.state)) return [];
  const arrivals = file === undefined ? undefined : await findArrivals([file], run);
  const [failure] = arrivals?.failures ?? [];
  if (failure !== undefined) throw failure.error;
  return [...(arrivals?.events ?? []), ...(await describeTask(upload, run))];
}

async function describeTask(
  { taskId }: Upload,
  { api, subAppId, deadline }: ApplicationRun,
): Promise<readonly VodEvent[]> {
  if (taskId === undefined) return [];
  try {
    const options = { deadline, subAppId };
    const detail = await api.describeTaskDetail({ TaskId: taskId }, options);
    const event = describeTaskEvent(detail);
    return event === undefined ? [] : [event];
  } catch (error) {
    // VOD no longer knows the task, as after three days.
    if (isUnknownToVod(error)) return [];
    throw error;
  }
}

/** Ends the upload if it is overdue by what is known now; returns whether it did. */
async function endOverdue(
  uploadId: string,
  scannedUntil: number | undefined,
  { ledger, now }: SweepRun,
  counts: CheckCounts,
): Promise<boolean> {
  const upload = await ledger.findUpload(uploadId);
  const end = upload && findEnd(upload, { now: now(), scannedUntil });
  if (end === undefined) return false;
  await ledger.transition(uploadId, end.fact, end.fields);
  counts.add(end.fact === 'expired' ? 'expired' : 'givenUp');
  return true;
}
