import { describeProblem, Problem, type ProblemDetails, refuseFields } from '../problem.ts';
import { type Deadline, forEachAtOnce } from '../system.ts';
import type { PullRequest, RefusedItem } from '../validation/pull-request.ts';
import type { PullUploadOutcome, VodApi } from '../vod/client.ts';
import type { CheckOpenedRegion } from '../vod/opened-regions.ts';
import {
  type AuthorizedPull,
  authorizePull,
  authorizePulls,
  type PullOwner,
  toPullJob,
} from './prepare-pull.ts';
import type { IdentifiedPull, PreparedPull, PullStore, SubmittedPull } from './pull-store.ts';

/** Dependencies of submitting pulls. */
export interface PullDependencies {
  readonly api: Pick<VodApi, 'pullUpload'>;
  /** Says that this number of pulls follows soon, so that it is known in time when they may be sent. */
  readonly expectPulls?: ((count: number) => void) | undefined;
  readonly store: PullStore;
  readonly checkRegion: CheckOpenedRegion;
  /** Key for the MAC of source contexts. */
  readonly contextKey: string;
  /** Application of VOD for callers without a tenant; undefined for the account's main one. */
  readonly ownSubAppId: number | undefined;
}

/** A call with pulls. */
export interface PullCall {
  readonly owner: PullOwner;
  /** Key of one pull, or of a batch, whose items have it with their index. */
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
  readonly deadline: Deadline;
}

/** Result of one item of a batch: accepted, refused, or not sent because time ran out. */
export type BatchResult =
  | SubmittedPull
  | { readonly problem: ProblemDetails }
  | { readonly queued: false; readonly detail: string };

/** Concurrent calls of VOD; the rate limit decides how many start in a second. */
const AT_ONCE = 8;

/** Without a queue, no further item is started with less time left than this, since it could not be answered. */
const RESERVE_MILLISECONDS = 3_000;

const UNSENT = {
  queued: false,
  detail:
    'There was no time left in this call: nothing was sent for this item, so send it again in a smaller batch.',
} as const;

/**
 * Submits a pull and returns its upload: the same upload for the same idempotency key of the same owner, as long as the
 * store remembers it.
 *
 * @throws {Problem} `policy_denied`, `invalid_request`, `idempotency_conflict`, `quota_exceeded`, `upstream_…` if VOD
 * did not accept it, or `ledger_unavailable`.
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
 * Returns a result for each of `items`, in their order. A refused item does not stop the others. With a queue, the
 * first items are sent and the rest are queued, so a thousand take little longer than a few; without one, sending
 * continues until little of the call's time is left.
 *
 * @throws {Problem} `ledger_unavailable`; then nothing was sent.
 */
export async function submitBatch(
  items: readonly (PullRequest | RefusedItem)[],
  call: PullCall,
  dependencies: PullDependencies,
): Promise<readonly BatchResult[]> {
  const pulls = authorizePulls(items, call.idempotencyKey, call.owner);
  const submit = dependencies.store.sentAtOnce === undefined ? submitOneByOne : submitTogether;
  const results = await submit(pulls, call, dependencies);
  return results.map((result, place) => {
    if (result.status === 'fulfilled') return result.value;
    const problem = describeProblem(result.reason, call.requestId);
    const item = items[place];
    // The errors of invalid items already include the item's index.
    if (problem.errors === undefined || (item && 'refusal' in item)) return { problem };
    const errors = problem.errors.map((error) => ({
      ...error,
      path: `items.${place}.${error.path}`,
    }));
    return { problem: { ...problem, errors } };
  });
}

type Items = readonly (AuthorizedPull | RefusedItem)[];

/**
 * Submits items separately, so that without a queue an item for which there is no time is not remembered or counted.
 */
function submitOneByOne(items: Items, call: PullCall, dependencies: PullDependencies) {
  return settleAll(items, async (item) => {
    // The problem of an invalid item is already known, so it needs no time.
    const mayGo = 'refusal' in item || call.deadline.left() > RESERVE_MILLISECONDS;
    return mayGo ? submitAlone(item, call, dependencies) : UNSENT;
  });
}

async function submitAlone(
  item: AuthorizedPull | RefusedItem,
  call: PullCall,
  dependencies: PullDependencies,
): Promise<SubmittedPull> {
  const [result] = await submitTogether([item], call, dependencies);
  if (result?.status !== 'fulfilled') throw result?.reason;
  return result.value;
}

/** Prepares, identifies, reserves and sends the pulls of one owner. An error of one does not stop the others. */
async function submitTogether(items: Items, call: PullCall, dependencies: PullDependencies) {
  const { expectPulls, store } = dependencies;
  const prepared = await Promise.allSettled(items.map((item) => prepare(item, call, dependencies)));
  const pulls = prepared.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));

  const found = await store.identify(pulls);
  const identified = new Map(pulls.map((pull, place) => [pull, found[place]]));
  const fresh = found.flatMap((each) => (each.kind === 'new' ? [each.pull] : []));
  const unsent = found.flatMap((each) => (each.kind === 'unsent' ? [each.pull] : []));

  const next = new Set(fresh.slice(0, store.sentAtOnce));
  if (next.size > 0) expectPulls?.(next.size);
  const refused = await store.reserve([...next], [...fresh.slice(next.size), ...unsent]);

  return settleAll(prepared, async (each): Promise<SubmittedPull> => {
    if (each.status === 'rejected') throw each.reason;
    const known = demandIdentified(identified.get(each.value));
    if (known.kind === 'known') return known.submitted;
    const { uploadId } = known.pull.job;
    const problem = refused.get(uploadId);
    if (problem !== undefined) throw problem;
    if (next.has(known.pull)) return send(known.pull, call, dependencies);
    return { uploadId, state: 'issued' };
  });
}

/**
 * @throws {Problem} `invalid_request` if the contexts do not fit, or the region is not open; or the refusal of the
 * item, if it has one.
 */
async function prepare(
  item: AuthorizedPull | RefusedItem,
  { deadline }: PullCall,
  { store, contextKey, ownSubAppId, checkRegion }: PullDependencies,
): Promise<PreparedPull> {
  if ('refusal' in item) throw item.refusal;
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

/** Returns the results of `work` on each of `items`, in their order. */
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

/** Throws the problem of a pull that its idempotency key does not permit. */
function demandIdentified(found: IdentifiedPull | undefined) {
  if (found === undefined || found.kind === 'conflict') throw idempotencyConflict();
  if (found.kind === 'ended') throw found.problem;
  return found;
}

function idempotencyConflict(): Problem {
  return new Problem(
    'The idempotency key was used for another request: use a new key for a new pull.',
    { code: 'idempotency_conflict' },
  );
}
