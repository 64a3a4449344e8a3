import { forEachAtOnce } from '../net/concurrency.ts';
import { describeProblem, type FieldError, Problem } from '../problem.ts';
import { refuseFields } from '../validation/parse-fields.ts';
import type { AuthorizedPull } from './authorize-pulls.ts';
import { idempotencyConflict } from './idempotency-memory.ts';
import {
  type DurablePullDependencies,
  type IdentifiedPull,
  identifyPulls,
  type PreparedPull,
  preparePull,
} from './identify-pulls.ts';
import { issuePulls, type NextPulls } from './issue-pulls.ts';
import { AT_ONCE, type BatchCall, type BatchResult, refuseItem } from './submit-batch.ts';
import { describeUpload, isUnsent, sendIssuedPull } from './submit-durable-pull.ts';

/** Dependencies of submitting a batch with a ledger. */
export interface DurableBatchDependencies extends DurablePullDependencies {
  /** Pulls that are sent at once; all others wait for their turn. */
  readonly sentAtOnce: number;
}

type Items = readonly (AuthorizedPull | Problem)[];

/** Results by the places of their items. */
type Results = Map<number, BatchResult>;

/** A pull and where it stands in the batch. */
interface PlacedPull extends PreparedPull {
  readonly index: number;
}

/**
 * Returns a result for each of `items`, in their order. One that is refused keeps no other from being sent. The first
 * are sent at once and the ledger keeps the rest, so a thousand take little longer than a few.
 *
 * @throws {Problem} `ledger_unavailable`; then nothing was sent.
 */
export async function submitDurableBatch(
  items: Items,
  call: BatchCall,
  dependencies: DurableBatchDependencies,
): Promise<readonly BatchResult[]> {
  const { ledger, now, sentAtOnce } = dependencies;
  const results: Results = new Map();
  const refuse = (index: number, problem: Problem) =>
    results.set(index, refuseItem(problem, index, call.requestId));
  const pulls = await prepareItems(items, call, dependencies, results);
  const identified = await identifyPulls(pulls, dependencies);

  const fresh: PlacedPull[] = [];
  const unsent: PlacedPull[] = [];
  for (const [place, pull] of pulls.entries()) {
    const known: IdentifiedPull = identified[place] ?? { kind: 'conflict' };
    if (known.kind === 'conflict') {
      refuse(pull.index, idempotencyConflict());
      continue;
    }
    const identifiedPull = { ...pull, kept: known.kept };
    results.set(pull.index, describeUpload(known));
    if (known.kind === 'new') fresh.push(identifiedPull);
    else if (isUnsent(known, now())) unsent.push(identifiedPull);
  }
  const sent = fresh.slice(0, sentAtOnce);
  const next = chooseNext(sent, fresh.slice(sentAtOnce), unsent);
  const refused = await issuePulls(next, pulls[0]?.quotas, ledger);
  const admitted = (pull: PlacedPull) => !refused.has(pull.kept.uploadId);
  for (const { index, kept } of [...fresh, ...unsent]) {
    const problem = refused.get(kept.uploadId);
    if (problem !== undefined) refuse(index, problem);
  }
  await sendAll(sent.filter(admitted), call, dependencies, results);
  return items.flatMap((_, index) => results.get(index) ?? []);
}

/** An item with the key of another one goes with that one. */
function chooseNext(
  sent: readonly PlacedPull[],
  waiting: readonly PlacedPull[],
  unsent: readonly PlacedPull[],
): NextPulls {
  const own = new Set(sent.map(({ kept }) => kept.uploadId));
  const queued = new Map([...waiting, ...unsent].map(({ kept }) => [kept.uploadId, kept] as const));
  return {
    sent: sent.map(({ kept }) => kept),
    waiting: [...queued.values()].filter(({ uploadId }) => !own.has(uploadId)),
  };
}

/** Returns the pulls that nothing is wrong with; those of the others have their results afterwards. */
async function prepareItems(
  items: Items,
  call: BatchCall,
  dependencies: DurableBatchDependencies,
  results: Results,
): Promise<readonly PlacedPull[]> {
  const closed = await findClosedRegions(items, call, dependencies);
  return items.flatMap((item, index) => {
    if (item instanceof Problem) {
      results.set(index, { problem: describeProblem(item, call.requestId) });
      return [];
    }
    try {
      const error = closed.get(item.request.storageRegion);
      if (error !== undefined) throw refuseFields([error]);
      return [{ ...preparePull(item, dependencies), index }];
    } catch (error) {
      results.set(index, refuseItem(error, index, call.requestId));
      return [];
    }
  });
}

/** All items are one caller's, so each region is asked about once, however many name it. */
async function findClosedRegions(
  items: Items,
  { remainingMilliseconds }: BatchCall,
  { checkRegion }: DurableBatchDependencies,
): Promise<ReadonlyMap<string | undefined, FieldError>> {
  const named = items.flatMap((item) =>
    item instanceof Problem || item.request.storageRegion === undefined
      ? []
      : [[item.request.storageRegion, item.subAppId] as const],
  );
  const checked = await Promise.all(
    Array.from(new Map(named), async ([region, subAppId]) => {
      const error = await checkRegion(region, { remainingMilliseconds, subAppId });
      return error === undefined ? [] : [[region, error] as const];
    }),
  );
  return new Map(checked.flat());
}

async function sendAll(
  pulls: readonly PlacedPull[],
  { requestId, remainingMilliseconds }: BatchCall,
  dependencies: DurableBatchDependencies,
  results: Results,
): Promise<void> {
  await forEachAtOnce(pulls, AT_ONCE, async ({ index, kept, idempotencyKey }) => {
    const sent = sendIssuedPull(kept, idempotencyKey, dependencies, { remainingMilliseconds });
    results.set(index, await sent.catch((error) => refuseItem(error, index, requestId)));
  });
}
