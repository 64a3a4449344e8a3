import type { RefusedApplication } from '../ledger/gone-applications.ts';
import type { MediaFields, Upload } from '../model/upload.ts';
import { isFinished, type UploadFact } from '../model/upload-state.ts';
import { Problem } from '../problem.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, forEachInTime, hasTime, type SweepRun } from './sweep-run.ts';

type GoneCounts = StepCounts<'gone'>;

/** How long VOD must have refused an application: an operator who removed it by mistake can repair that until then. */
const GRACE_MILLISECONDS = 24 * 60 * 60_000;

/** Codes with which VOD may refuse any call about an application that it does not have. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...['InvalidParameterValue.SubAppId', 'FailedOperation.InvalidVodUser'],
  'ResourceNotFound.UserNotExist',
]);

const PAGE_SIZE = 100;

/** Does `work`, and records its application if VOD refuses that, perhaps because it does not have it any more. */
export async function noteRefusal(
  { subAppId, ledger }: Pick<ApplicationRun, 'subAppId' | 'ledger'>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (subAppId !== undefined && isRefusal(error)) await ledger.noteRefusedApplication(subAppId);
    throw error;
  }
}

/** Returns whether VOD has refused a call because of its application. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Problem && REFUSALS.has(error.vod?.code ?? '');
}

/** The applications that VOD refused, of which those that are gone are not asked about. */
interface KnownApplications {
  readonly gone: ReadonlySet<number | undefined>;
  readonly refused: ReadonlySet<number | undefined>;
}

/** Finds out which of the refused applications VOD no longer has, and ends their uploads. */
export async function endGoneApplications(
  run: SweepRun,
  counts: GoneCounts,
): Promise<KnownApplications> {
  const { ledger, clock } = run;
  const refused = await ledger.listRefusedApplications();
  const old = refused.filter(
    ({ goneAt, refusedAt }) =>
      goneAt === undefined && clock.now() - refusedAt >= GRACE_MILLISECONDS,
  );
  const newlyGone = await selectGone(old, run).catch((error: unknown) => {
    counts.fail(error);
    return [];
  });
  for (const { subAppId } of newlyGone) {
    if (await ledger.markApplicationGone(subAppId)) report(subAppId, run);
  }
  const gone = [...newlyGone, ...refused.filter(({ goneAt }) => goneAt !== undefined)];
  for (const application of gone) await endUploads(application, run, counts);
  const listIds = (some: readonly RefusedApplication[]) =>
    new Set(some.map((each) => each.subAppId));
  return { gone: listIds(gone), refused: listIds(refused) };
}

/**
 * Asks VOD for the applications of the account. One that is configured is gone only if VOD says that it was destroyed; one
 * that is not configured also if VOD does not name it but names a configured one, which proves that it is the account of
 * this service. So a wrong key, or the key of another account, ends nothing.
 */
async function selectGone(
  refused: readonly RefusedApplication[],
  { api, applications, deadline }: SweepRun,
): Promise<readonly RefusedApplication[]> {
  if (refused.length === 0) return [];
  const states = new Map<number, string>();
  for (let isLast = false; !isLast; ) {
    const page = { Offset: states.size, Limit: 200 };
    const { SubAppIdInfoSet: some } = await api.describeSubAppIds(page, { deadline });
    for (const { SubAppId, Status } of some ?? []) states.set(SubAppId ?? 0, Status ?? '');
    isLast = (some ?? []).length < page.Limit;
  }
  const isOwnAccount = applications.some((each) => each !== undefined && states.has(each));
  return refused.filter(({ subAppId }) => {
    const state = states.get(subAppId);
    if (state !== undefined) return state === 'Destroyed';
    return isOwnAccount && !applications.includes(subAppId);
  });
}

function report(subAppId: number, { applications, report: write }: SweepRun): void {
  const next = applications.includes(subAppId)
    ? 'Remove its tenant, or set VOD_SUB_APP_ID to another application, and deploy.'
    : 'Nothing is left to do, unless it belongs to another account: then restore the database.';
  const reason = `VOD no longer has the application ${subAppId}: its uploads end, and VOD is not asked about them any more. ${next}`;
  write({ level: 'error', subAppId, reason });
}

/** Ends the uploads of an application page by page, and continues in the next sweep if there is no time. */
async function endUploads(
  { subAppId, endedTo }: RefusedApplication,
  run: SweepRun,
  counts: GoneCounts,
): Promise<void> {
  const { ledger } = run;
  let cursor = endedTo;
  while (cursor !== '' && hasTime(run)) {
    const page = await ledger.listUploads({ subAppId, limit: PAGE_SIZE, cursor });
    await endAll(page.items, run, counts);
    if (!hasTime(run)) return;
    cursor = page.cursor ?? '';
    await ledger.saveEndedUploads(subAppId, cursor);
  }
}

/** Ends uploads of an application that is gone; those that have ended and have no file are left as they are. */
export async function endAll(
  uploads: readonly Upload[],
  run: Pick<SweepRun, 'ledger' | 'deadline'>,
  counts: GoneCounts,
): Promise<void> {
  await forEachInTime(uploads, 1, run, {
    work: (upload) => endOne(upload, run, counts),
    fail: counts.fail,
  });
}

async function endOne(
  upload: Upload,
  { ledger }: Pick<SweepRun, 'ledger'>,
  counts: GoneCounts,
): Promise<void> {
  const { uploadId, fileId, state } = upload;
  const end = chooseEnd(upload);
  if (end !== undefined && (fileId !== undefined || !isFinished(state))) {
    if (state !== 'deleted') counts.add('gone');
    await ledger.transition(uploadId, end.fact, end.fields);
  }
  await ledger.setNextCheck(uploadId, undefined);
}

interface End {
  readonly fact: UploadFact;
  readonly fields: MediaFields;
}

function chooseEnd({ state, method, fileId }: Upload): End | undefined {
  if (fileId !== undefined) return { fact: 'deleted', fields: {} };
  if (isFinished(state)) return undefined;
  const fields = { problem: APPLICATION_GONE };
  return { fact: method === 'pull' ? 'pullFailed' : 'expired', fields };
}

const APPLICATION_GONE = {
  code: 'application_gone',
  detail: 'VOD no longer has the application that this upload was for.',
};
