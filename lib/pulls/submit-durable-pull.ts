import type { Upload } from '../model/upload.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import { refuseFields } from '../validation/parse-fields.ts';
import type { CallOptions } from '../vod/call.ts';
import type { PullUploadOutcome } from '../vod/client.ts';
import type { AuthorizedPull } from './authorize-pulls.ts';
import { idempotencyConflict } from './idempotency-memory.ts';
import {
  type DurablePullDependencies,
  type IdentifiedPull,
  identifyPulls,
  preparePull,
} from './identify-pulls.ts';
import { issuePulls, type NextPulls } from './issue-pulls.ts';
import type { PullJob } from './pull-upload.ts';
import type { SubmittedPull } from './submit-pull.ts';
import { toUploadProblem } from './upload-problem.ts';

/** How long VOD knows a `SessionId` again, in milliseconds: https://cloud.tencent.com/document/product/266/35575. */
const SESSION_MILLISECONDS = 3 * 24 * 60 * 60 * 1_000;

/** What VOD may be asked for again later: it was not reached, broke, or had no room. */
const PASSING: ReadonlySet<ProblemCode> = new Set([
  'upstream_busy',
  'upstream_failed',
  'upstream_timeout',
]);

/**
 * Returns the upload that VOD fetches for `pull`, and keeps it in the ledger: the same idempotency key of the same
 * owner stands for the same upload for ever, in every instance. Where VOD cannot take it now, it waits for its turn.
 *
 * @throws {Problem} `invalid_request`, `idempotency_conflict`, `quota_exceeded`, `upstream_…` where VOD refused it, or
 * `ledger_unavailable`.
 */
export async function submitDurablePull(
  pull: AuthorizedPull,
  dependencies: DurablePullDependencies,
  options: CallOptions,
): Promise<SubmittedPull> {
  const prepared = preparePull(pull, dependencies);
  const { storageRegion } = pull.request;
  if (storageRegion !== undefined) {
    const { subAppId } = pull;
    const error = await dependencies.checkRegion(storageRegion, { ...options, subAppId });
    if (error !== undefined) throw refuseFields([error]);
  }
  const [identified] = await identifyPulls([prepared], dependencies);
  if (identified === undefined || identified.kind === 'conflict') throw idempotencyConflict();
  const { kept } = identified;
  if (identified.kind === 'new') {
    await issuePull({ sent: [kept], waiting: [] }, pull, dependencies);
    return sendIssuedPull(kept, pull.idempotencyKey, dependencies, options);
  }
  if (isUnsent(identified, dependencies.now())) {
    await issuePull({ sent: [], waiting: [kept] }, pull, dependencies);
  }
  return describeUpload(identified);
}

async function issuePull(
  next: NextPulls,
  { quotas }: AuthorizedPull,
  { ledger }: DurablePullDependencies,
): Promise<void> {
  for (const problem of (await issuePulls(next, quotas, ledger)).values()) throw problem;
}

/**
 * Sends a pull whose upload was issued.
 *
 * @throws {Problem} `upstream_…` where VOD refused it; its upload has failed then, and its key is forgotten.
 */
export async function sendIssuedPull(
  kept: PullJob,
  idempotencyKey: string | undefined,
  { api, ledger }: Pick<DurablePullDependencies, 'api' | 'ledger'>,
  options: CallOptions,
): Promise<SubmittedPull> {
  const { uploadId, owner, request, fields } = kept;
  let outcome: PullUploadOutcome;
  try {
    outcome = await api.pullUpload(request, { ...options, subAppId: fields.subAppId });
  } catch (error) {
    if (error instanceof Problem && PASSING.has(error.code)) {
      await ledger((each) => each.enqueuePulls([kept]));
      return { uploadId, state: 'issued' };
    }
    const problem = { ...toUploadProblem(error) };
    // What cannot be noted now is found out when the pull is sent again; the caller is to know why it was refused.
    await Promise.allSettled([
      ledger((each) => each.transition(uploadId, 'pullFailed', { problem })),
      idempotencyKey !== undefined &&
        ledger((each) => each.forgetRequest({ owner, key: idempotencyKey, uploadId })),
    ]);
    throw error;
  }
  if (outcome.kind === 'duplicate') return { uploadId, state: 'issued' };
  const { taskId } = outcome;
  // VOD has the pull whatever becomes of this note, and its event tells the task again.
  const saved = await ledger((each) => each.transition(uploadId, 'issued', { taskId })).catch(
    () => undefined,
  );
  return { uploadId, taskId, state: saved?.state ?? 'issued' };
}

/** Returns the upload of a pull as it is now, or will be once it is issued. */
export function describeUpload({
  kept,
  upload,
}: {
  readonly kept: PullJob;
  readonly upload?: Upload | undefined;
}): SubmittedPull {
  const { taskId, state = 'issued' } = upload ?? {};
  return { uploadId: kept.uploadId, ...(taskId === undefined ? {} : { taskId }), state };
}

/**
 * Returns whether a known pull may still have to be sent: anyone who brought it first may have ended before VOD had it, or
 * before that was noted. Sent once more, VOD knows it again, as long as it remembers it.
 */
export function isUnsent(
  { upload }: Extract<IdentifiedPull, { kind: 'known' }>,
  now: number,
): boolean {
  if (upload === undefined) return true;
  const { state, taskId, createdAt } = upload;
  return state === 'issued' && taskId === undefined && now - createdAt < SESSION_MILLISECONDS;
}
