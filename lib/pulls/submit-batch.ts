import { forEachAtOnce } from '../net/concurrency.ts';
import { describeProblem, Problem, type ProblemDetails } from '../problem.ts';
import { type AuthorizedPull, placeErrors } from './authorize-pulls.ts';
import { type PullDependencies, type SubmittedPull, submitPull } from './submit-pull.ts';

/** What became of one item of a batch: taken, refused, or not sent because time ran out. */
export type BatchResult =
  | SubmittedPull
  | { readonly problem: ProblemDetails }
  | { readonly queued: false; readonly detail: string };

/** The call that brought the batch. */
export interface BatchCall {
  readonly requestId: string;
  readonly remainingMilliseconds: () => number;
}

/** Calls under way at once; how many start in a second is the rate limit's to say. */
export const AT_ONCE = 8;

/** No further item begins with less than this left: it could not be answered any more. */
const RESERVE_MILLISECONDS = 3_000;

const UNSENT =
  'There was no time left in this call: nothing was sent for this item, so send it again in a smaller batch.';

/**
 * Returns a result for each of `items`, in their order. One that is refused keeps no other from being sent. Sending
 * goes on until little of the call's time is left.
 */
export async function submitBatch(
  items: readonly (AuthorizedPull | Problem)[],
  call: BatchCall,
  dependencies: PullDependencies,
): Promise<readonly BatchResult[]> {
  const { requestId, remainingMilliseconds } = call;
  const results: BatchResult[] = items.map(() => ({ queued: false, detail: UNSENT }));

  const submit = async (index: number, item: AuthorizedPull | Problem): Promise<BatchResult> => {
    if (item instanceof Problem) return { problem: describeProblem(item, requestId) };
    try {
      return await submitPull(item, dependencies, { remainingMilliseconds });
    } catch (error) {
      return refuseItem(error, index, requestId);
    }
  };

  await forEachAtOnce(items.entries(), AT_ONCE, async ([index, item]) => {
    // What is wrong with an item is known already, whatever the time.
    const mayGo = item instanceof Problem || remainingMilliseconds() > RESERVE_MILLISECONDS;
    if (mayGo) results[index] = await submit(index, item);
  });
  return results;
}

/** Returns the result of an item that was refused, with each field named by its place in the batch. */
export function refuseItem(error: unknown, index: number, requestId: string): BatchResult {
  const problem = describeProblem(error, requestId);
  if (problem.errors === undefined) return { problem };
  return { problem: { ...problem, errors: placeErrors(problem.errors, index) } };
}
