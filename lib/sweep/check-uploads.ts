import { ingestProven } from '../ingest/ingest-proven.ts';
import type { Upload } from '../model/upload.ts';
import { isFinished } from '../model/upload-state.ts';
import { ITEM_PAUSE_MILLISECONDS } from '../runtime/item-fault.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import { describeTaskEvent, isUnknownToVod } from '../vod/tasks.ts';
import { MISSING_PAUSE_MILLISECONDS, scheduleCheck } from './check-schedule.ts';
import { type CheckRun, describeFiles, type Finding, type Group } from './describe-files.ts';
import { failItem } from './fail-item.ts';
import { findArrivals } from './find-arrivals.ts';
import { endAll, endGoneApplications, noteRefusal } from './gone-applications.ts';
import { findEnd } from './overdue-upload.ts';
import { listRunningTasks } from './running-tasks.ts';
import { readScannedUntil } from './scan-media.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, forEachInTime, hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of uploads whose end was not reported. */
export const CHECK_COUNTS = [
  'checked',
  'fresh',
  'missing',
  'gone',
  'expired',
  'givenUp',
  'setAside',
] as const;

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

async function checkGroups(
  groups: readonly Group[],
  run: CheckRun,
  counts: CheckCounts,
): Promise<void> {
  const scans = new Map<number | undefined, number | undefined>();
  const running = new Set<string>();
  for (const { subAppId, uploads } of groups) {
    scans.set(subAppId, await findScannedUntil(subAppId, run));
    for (const taskId of await listRunningTasks(uploads, { ...run, subAppId })) running.add(taskId);
  }
  const files = await describeFiles(groups, run, counts);
  const checks = groups.flatMap(({ subAppId, uploads: some }) =>
    some.map((upload) => ({ upload, each: { ...run, subAppId } })),
  );
  await forEachInTime(checks, AT_ONCE, run, {
    work: ({ upload, each }) => {
      const findings = { files, running, scannedUntil: scans.get(each.subAppId) };
      return noteRefusal(each, () => checkOrPutOff(upload, findings, each, counts));
    },
    fail: counts.fail,
  });
}

/** Uploads that were recorded before an application was configured are looked for in the service's own. */
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
  return run.applications.includes(subAppId) ? readScannedUntil(subAppId, run) : run.clock.now();
}

/** What is known before an upload is checked. */
interface Findings {
  /** Of each file that VOD was asked about. */
  readonly files: ReadonlyMap<string, Finding>;
  readonly scannedUntil: number | undefined;
  /** Tasks that have not ended. */
  readonly running: ReadonlySet<string>;
}

/** An upload whose check fails because of itself is not checked again before the next report about it. */
async function checkOrPutOff(
  upload: Upload,
  findings: Findings,
  run: ApplicationRun,
  counts: CheckCounts,
): Promise<void> {
  const { ledger, clock, subAppId } = run;
  const { uploadId, fileId } = upload;
  try {
    await checkUpload(upload, findings, run, counts);
  } catch (error) {
    const item = { kind: 'upload', id: uploadId, subAppId, fileId } as const;
    const isDead = await failItem(item, error, run, counts);
    await ledger.setNextCheck(uploadId, isDead ? undefined : clock.now() + ITEM_PAUSE_MILLISECONDS);
  }
}

async function checkUpload(
  upload: Upload,
  { files, scannedUntil, running }: Findings,
  run: ApplicationRun,
  counts: CheckCounts,
): Promise<void> {
  const { ledger, clock, random } = run;
  const { uploadId, fileId } = upload;
  const file = fileId === undefined ? undefined : files.get(fileId);
  // VOD did not answer; the upload is due again when the lease expires.
  if (fileId !== undefined && file === undefined) return;
  if (typeof file === 'object' && 'error' in file) throw file.error;

  countChecked(file, counts);
  const news = await findNews(upload, file, running, run);
  const fresh = await ingestProven(news, run, counts);
  // The change has already set the next check.
  if (fresh > 0) return;
  if (isAbsent(file) || !(await endOverdue(upload, scannedUntil, run, counts))) {
    const next = file === 'missing' ? clock.now() + MISSING_PAUSE_MILLISECONDS : undefined;
    await ledger.setNextCheck(uploadId, next ?? scheduleCheck(upload, clock.now(), random));
  }
}

function countChecked(file: Finding | undefined, counts: CheckCounts): void {
  counts.add('checked');
  if (typeof file === 'string') counts.add(file === 'gone' ? 'gone' : 'missing');
}

/** Returns whether the deletion of the file is the end of its upload, now or soon. */
function isAbsent(file: Finding | undefined): boolean {
  return file === 'gone' || file === 'missing';
}

/** It only says that the file is gone: not who deleted it, or when. */
function describeDeletion(fileId: string | undefined) {
  const event = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: [fileId] } };
  return parseVodEvent(event);
}

/** Returns the deletion of a file that is gone, or the events that VOD has for an unfinished upload. */
async function findNews(
  upload: Upload,
  file: Exclude<Finding, { readonly error: unknown }> | undefined,
  running: Findings['running'],
  run: ApplicationRun,
) {
  if (file === 'gone') return [describeDeletion(upload.fileId)];
  if (isFinished(upload.state)) return [];
  const arrivals = typeof file === 'object' ? await findArrivals([file], run) : undefined;
  const [failure] = arrivals?.failures ?? [];
  if (failure !== undefined) throw failure.error;
  const isRunning = running.has(upload.taskId ?? '');
  return [...(arrivals?.events ?? []), ...(isRunning ? [] : await describeTask(upload, run))];
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

/** Ends the upload if it is overdue by what is known now; returns whether it did. A pull that waits here is never overdue. */
async function endOverdue(
  { uploadId, method, taskId }: Upload,
  scannedUntil: number | undefined,
  { ledger, clock }: SweepRun,
  counts: CheckCounts,
): Promise<boolean> {
  if (method === 'pull' && taskId === undefined && (await ledger.isQueued(uploadId))) return false;
  const upload = await ledger.findUpload(uploadId);
  const end = upload && findEnd(upload, { now: clock.now(), scannedUntil });
  if (end === undefined) return false;
  await ledger.transition(uploadId, end.fact, end.fields);
  counts.add(end.fact === 'expired' ? 'expired' : 'givenUp');
  return true;
}
