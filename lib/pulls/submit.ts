import { describeProblem, Problem, type ProblemDetails, refuseFields } from '../problem.ts';
import { type Deadline, forEachAtOnce } from '../system.ts';
import type { PullRequest } from '../validation/pull-request.ts';
import type { PullUploadOutcome, VodApi } from '../vod/client.ts';
import type { CheckOpenedRegion } from '../vod/opened-regions.ts';
import {
  type AuthorizedPull,
  authorizePull,
  authorizePulls,
  type PullOwner,
  toPullJob,
} from './prepare-pull.ts';
import type { PreparedPull, PullStore, SubmittedPull } from './pull-store.ts';

/** Dependencies of submitting pulls. */
export interface PullDependencies {
  readonly api: Pick<VodApi, 'pullUpload'>;
  readonly store: PullStore;
  readonly checkRegion: CheckOpenedRegion;
  /** Proves the contexts of uploads. */
  readonly contextKey: string;
  /** Application of VOD of those who belong to no tenant; undefined for the account's main one. */
  readonly ownSubAppId: number | undefined;
}

/** The call that brings pulls. */
export interface PullCall {
  readonly owner: PullOwner;
  /** Of one pull, or of a batch, whose items have it with their places. */
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
  readonly deadline: Deadline;
}

/** What became of one item of a batch: taken, refused, or not sent because time ran out. */
export type BatchResult =
  | SubmittedPull
  | { readonly problem: ProblemDetails }
  | { readonly queued: false; readonly detail: string };

/** Calls of VOD under way at once; how many start in a second is the rate limit's to say. */
const AT_ONCE = 8;

/** Without a queue, no further item begins with less than this left: it could not be answered any more. */
const RESERVE_MILLISECONDS = 3_000;

const UNSENT = {
  queued: false,
  detail:
    'There was no time left in this call: nothing was sent for this item, so send it again in a smaller batch.',
} as const;

/**
 * Returns the upload that VOD fetches for a pull; the same upload for the same idempotency key of the same owner, as long
 * as the store remembers it.
 *
 * @throws {Problem} `policy_denied`, `invalid_request`, `idempotency_conflict`, `quota_exceeded`, `upstream_…` where VOD
 * did not take it, or `ledger_unavailable`.
 */
export async function submitPull(
  asked: PullRequest,
  call: PullCall,
  dependencies: PullDependencies,
): Promise<SubmittedPull> {
  const pull = authorizePull(asked, call.idempotencyKey, call.owner);
  return submitAlone(pull, call, dependencies);
}

/**
 * Returns a result for each of `items`, in their order. One that is refused keeps no other from being sent. With a queue,
 * the first are sent and the rest wait there, so a thousand take little longer than a few; without one, sending continues
 * until little of the call's time is left.
 *
 * @throws {Problem} `ledger_unavailable`; then nothing was sent.
 */
export async function submitBatch(
  items: readonly (PullRequest | Problem)[],
  call: PullCall,
  dependencies: PullDependencies,
): Promise<readonly BatchResult[]> {
  const pulls = authorizePulls(items, call.idempotencyKey, call.owner);
  const submit = dependencies.store.sentAtOnce === undefined ? submitOneByOne : submitTogether;
  const results = await submit(pulls, call, dependencies);
  return results.map((result, place) => {
    if (result.status === 'fulfilled') return result.value;
    const problem = describeProblem(result.reason, call.requestId);
    // Of what was wrong from the start, errors have their places in the batch already.
    if (problem.errors === undefined || items[place] instanceof Problem) return { problem };
    const errors = problem.errors.map((error) => ({
      ...error,
      path: `items.${place}.${error.path}`,
    }));
    return { problem: { ...problem, errors } };
  });
}

type Items = readonly (AuthorizedPull | Problem)[];

/** So that without a queue nothing is remembered or counted of an item for which there is no time. */
function submitOneByOne(items: Items, call: PullCall, dependencies: PullDependencies) {
  return settleAll(items, async (item) => {
    // What is wrong with an item is known already, whatever the time.
    const mayGo = item instanceof Problem || call.deadline.left() > RESERVE_MILLISECONDS;
    return mayGo ? submitAlone(item, call, dependencies) : UNSENT;
  });
}

async function submitAlone(
  item: AuthorizedPull | Problem,
  call: PullCall,
  dependencies: PullDependencies,
): Promise<SubmittedPull> {
  const [result] = await submitTogether([item], call, dependencies);
  if (result?.status !== 'fulfilled') throw result?.reason;
  return result.value;
}

/** The way of authorized pulls of one owner: prepare, identify, reserve, send. What is wrong with one stops no other. */
async function submitTogether(items: Items, call: PullCall, dependencies: PullDependencies) {
  const { store } = dependencies;
  const prepared = await Promise.allSettled(items.map((item) => prepare(item, call, dependencies)));
  const pulls = prepared.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));

  const found = await store.identify(pulls);
  const identified = new Map(pulls.map((pull, place) => [pull, found[place]]));
  const fresh = found.flatMap((each) => (each.kind === 'new' ? [each.pull] : []));
  const unsent = found.flatMap((each) => (each.kind === 'unsent' ? [each.pull] : []));

  const next = new Set(fresh.slice(0, store.sentAtOnce));
  const refused = await store.reserve([...next], [...fresh.slice(next.size), ...unsent]);

  return settleAll(prepared, async (each): Promise<SubmittedPull> => {
    if (each.status === 'rejected') throw each.reason;
    const known = identified.get(each.value);
    if (known === undefined || known.kind === 'conflict') throw idempotencyConflict();
    if (known.kind === 'known') return known.submitted;
    const { uploadId } = known.pull.job;
    const problem = refused.get(uploadId);
    if (problem !== undefined) throw problem;
    if (next.has(known.pull)) return send(known.pull, call, dependencies);
    return { uploadId, state: 'issued' };
  });
}

/** @throws {Problem} `invalid_request` where the contexts do not fit, or the region is not opened; or the item itself. */
async function prepare(
  item: AuthorizedPull | Problem,
  { deadline }: PullCall,
  { store, contextKey, ownSubAppId, checkRegion }: PullDependencies,
): Promise<PreparedPull> {
  if (item instanceof Problem) throw item;
  const { owner, subAppId, request } = item;
  const media = { owner, subAppId: subAppId ?? ownSubAppId, request };
  const job = toPullJob(store.createId(item), media, contextKey);
  if (request.storageRegion !== undefined) {
    const error = await checkRegion(request.storageRegion, {
      deadline,
      subAppId,
    });
    if (error !== undefined) throw refuseFields([error]);
  }
  return { ...item, job };
}

async function send(
  pull: PreparedPull,
  { deadline }: PullCall,
  { api, store }: PullDependencies,
): Promise<SubmittedPull> {
  const { request, fields } = pull.job;
  let outcome: PullUploadOutcome;
  try {
    outcome = await api.pullUpload(request, {
      deadline,
      subAppId: fields.subAppId,
    });
  } catch (error) {
    return store.fail(pull, error);
  }
  return store.accept(pull, outcome.kind === 'accepted' ? outcome.taskId : undefined);
}

/** Returns what became of `work` on each of `items`, in their order. */
async function settleAll<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  const results: PromiseSettledResult<Result>[] = [];
  await forEachAtOnce(items.entries(), AT_ONCE, async ([place, item]) => {
    const [result] = await Promise.allSettled([work(item)]);
    results[place] = result;
  });
  return results;
}

function idempotencyConflict(): Problem {
  return new Problem(
    'The idempotency key was used for another request: use a new key for a new pull.',
    { code: 'idempotency_conflict' },
  );
}
