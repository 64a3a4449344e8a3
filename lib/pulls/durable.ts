import type { KeyedRequest, RememberedRequest } from '../ledger/idempotency-keys.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { uploadPruned } from '../model/pruned-upload.ts';
import type { Upload } from '../model/upload.ts';
import { isTransientProblem, type Problem } from '../problem.ts';
import { quotaExceeded } from '../uploads/quota-memory.ts';
import { defined } from '../validation/json-object.ts';
import { TASK_MEMORY_MILLISECONDS } from '../validation/limits.ts';
import {
  createPullId,
  type PullJob,
  toPullJob,
  toUploadProblem,
  type UploadIdSources,
} from './prepare-pull.ts';
import type { IdentifiedPull, PreparedPull, PullStore, SubmittedPull } from './pull-store.ts';

/** Dependencies of the store. */
export interface DurablePullDependencies extends UploadIdSources {
  readonly ledger: WithLedger;
  /** Key for the MAC of source contexts. */
  readonly contextKey: string;
  /** Pulls of a batch that are sent immediately; all others are queued. */
  readonly sentAtOnce: number;
}

/**
 * Creates the store in the ledger: the same key of the same owner stands for the same upload as long as keys are kept, in
 * every instance, and pulls that VOD cannot accept now are queued. While the ledger is not available, its functions throw
 * `ledger_unavailable`.
 */
export function createDurablePulls(dependencies: DurablePullDependencies): PullStore {
  const { sentAtOnce } = dependencies;
  return {
    sentAtOnce,
    createId: ({ owner }) => createPullId(owner, dependencies),
    identify: (pulls) => identifyPulls(pulls, dependencies),
    reserve: (sent, queued) => reserveUploads(sent, queued, dependencies),
    accept: ({ job }, taskId) => noteTask(job.uploadId, taskId, dependencies),
    fail: (pull, error) => queueOrFail(pull, error, dependencies),
  };
}

async function identifyPulls(
  pulls: readonly PreparedPull[],
  dependencies: DurablePullDependencies,
): Promise<readonly IdentifiedPull[]> {
  const requests = pulls.flatMap(({ idempotency, job: { uploadId }, ...of }) =>
    idempotency === undefined ? [] : [{ owner: nameKeyOwner(of), ...idempotency, uploadId }],
  );
  const remembered = await dependencies.ledger((each) => each.rememberRequests(requests));
  /** By the ids that they have if they are new. */
  const known = new Map(
    requests.map((request, place) => [request.uploadId, { request, found: remembered[place] }]),
  );
  return Promise.all(
    pulls.map((pull) => {
      const { request, found } = known.get(pull.job.uploadId) ?? {};
      return request === undefined || found === undefined
        ? ({ kind: 'new', pull } as const)
        : recognise(pull, request, found, dependencies);
    }),
  );
}

/** Returns whose key it is: the callers of two tenants may have the same name. */
function nameKeyOwner({ owner, subAppId }: Pick<PreparedPull, 'owner' | 'subAppId'>): string {
  return subAppId === undefined ? owner : `${subAppId}:${owner}`;
}

/** Returns what is known about a pull. One that VOD refused is forgotten, so that it may be sent again. */
async function recognise(
  pull: PreparedPull,
  request: KeyedRequest,
  { kind, uploadId }: RememberedRequest,
  dependencies: DurablePullDependencies,
): Promise<IdentifiedPull> {
  if (kind === 'new') return { kind: 'new', pull };
  const { ledger, contextKey, clock } = dependencies;
  const upload = await ledger((each) => each.findUpload(uploadId));
  if (upload !== undefined && wasRefused(upload)) {
    await ledger((each) => each.forgetRequest({ ...request, uploadId }));
    const again = await ledger((each) => each.rememberRequest(request));
    return recognise(pull, request, again, dependencies);
  }
  if (kind === 'conflict') return { kind: 'conflict' };
  if (upload !== undefined && !isUnsent(upload, clock.now())) {
    const { taskId, state } = upload;
    const submitted = { uploadId, ...defined({ taskId }), state };
    return { kind: 'known', submitted: Promise.resolve(submitted) };
  }
  if (upload === undefined) {
    const pruned = await ledger((each) => each.findPrunedUpload(uploadId));
    if (pruned !== undefined) return { kind: 'ended', problem: uploadPruned(pruned) };
  }
  const { subAppId } = pull.job.fields;
  const job = toPullJob(uploadId, { ...pull, subAppId }, contextKey);
  return { kind: 'unsent', pull: { ...pull, job } };
}

/** Returns whether VOD refused a known pull: one that VOD accepted has a task. */
function wasRefused({ state, taskId }: Upload): boolean {
  return state === 'failed' && taskId === undefined;
}

/**
 * Returns whether a known pull may still have to be sent: the first call may have ended before VOD had it, or before
 * that was recorded. If it is sent again, VOD recognises it for as long as it remembers the `SessionId`.
 */
function isUnsent({ state, taskId, createdAt }: Upload, now: number): boolean {
  return state === 'issued' && taskId === undefined && now - createdAt < TASK_MEMORY_MILLISECONDS;
}

/**
 * Begins the uploads of one owner's pulls, and queues those of `queued`. Returns the problem of each for which a quota has no
 * room, by the id of its upload.
 *
 * @param runId of the run that they belong to: while it is paused they wait, and once it has ended nothing begins.
 */
export async function reserveUploads(
  sent: readonly PreparedPull[],
  queued: readonly PreparedPull[],
  { ledger }: Pick<DurablePullDependencies, 'ledger'>,
  runId?: string,
): Promise<ReadonlyMap<string, Problem>> {
  // An item with the same key as another one shares its upload.
  const waiting = new Map(queued.map(({ job }) => [job.uploadId, job]));
  for (const { job } of sent) waiting.delete(job.uploadId);
  const uploads = sent.map(({ job }) => describeUpload(job));
  const [first] = [...sent, ...queued];
  if (first?.quotas === undefined) {
    if (waiting.size > 0) await ledger((each) => each.enqueuePulls(waiting.values(), runId));
    await ledger((each) => Promise.all(uploads.map((upload) => each.issueUpload(upload))));
    return new Map();
  }
  const { owner, quotas } = first;
  const requests = Array.from(waiting.values(), (job) => ({
    ...describeUpload(job),
    request: job.request,
  }));
  const wanted = [...uploads, ...requests];
  const verdicts = await ledger((each) => each.issueWithin(owner, quotas, wanted, runId));
  const refused = verdicts.flatMap((verdict, place) =>
    verdict.kind === 'refused'
      ? [[wanted[place]?.uploadId ?? '', quotaExceeded(verdict.quota)] as const]
      : [],
  );
  return new Map(refused);
}

function describeUpload({ uploadId, owner, fields }: PullJob) {
  return { uploadId, method: 'pull', owner, fields } as const;
}

async function noteTask(
  uploadId: string,
  taskId: string | undefined,
  { ledger }: DurablePullDependencies,
): Promise<SubmittedPull> {
  if (taskId === undefined) return { uploadId, state: 'issued' };
  // VOD has the pull even if this record fails, and its event names the task again.
  const saved = await ledger((each) => each.updateFields(uploadId, { taskId })).catch(
    () => undefined,
  );
  return { uploadId, taskId, state: saved?.state ?? 'issued' };
}

async function queueOrFail(
  { job }: PreparedPull,
  error: unknown,
  { ledger }: DurablePullDependencies,
): Promise<SubmittedPull> {
  const { uploadId } = job;
  if (isTransientProblem(error)) {
    await ledger((each) => each.enqueuePulls([job]));
    return { uploadId, state: 'issued' };
  }
  const problem = toUploadProblem(error);
  // If this cannot be recorded, the next request sends the pull again; the caller gets the reason of the refusal in any
  // case.
  await ledger((each) => each.transition(uploadId, 'pullFailed', { problem })).catch(
    () => undefined,
  );
  throw error;
}
