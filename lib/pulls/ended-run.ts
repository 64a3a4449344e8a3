import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { RunItem } from '../ledger/runs/pull-run-items.ts';
import { Problem } from '../problem.ts';
import { toUploadProblem } from './prepare-pull.ts';

/** Items of one step of work on a run, which takes a few seconds. */
export const ITEMS_AT_ONCE = 500;

/** Returns the problem of a request for a run that gets no further items. */
export function runEnded(): Problem {
  return new Problem('The run was cancelled or undone: give a new one another name.', {
    code: 'upload_finished',
  });
}

/** Why an item has no upload if its run ended before it was queued. */
const ENDED_PROBLEM = toUploadProblem(runEnded());

/**
 * Cancels items of a run that has ended, which are under way. Returns how many, and the uploads of those that had just ended
 * in another way.
 */
export async function cancelRunItems(
  runId: string,
  items: readonly RunItem[],
  ledger: WithLedger,
): Promise<{ readonly cancelled: number; readonly ended: readonly string[] }> {
  const uploadIds = items.flatMap(({ uploadId }) => uploadId ?? []);
  const uploads = await ledger((each) => each.transitionAll(uploadIds, 'cancelled'));
  const found = new Map(uploads.map(({ uploadId, state }) => [uploadId, state]));
  // The call that added them was interrupted before it queued them.
  const missing = items.filter(({ uploadId = '' }) => !found.has(uploadId));
  if (missing.length > 0) {
    const refused = missing.map(({ id, uploadId }) => ({ id, uploadId, problem: ENDED_PROBLEM }));
    await ledger(async (each) => (await each.pullRuns()).refuseItems(runId, refused));
  }
  const ended = [...found].flatMap(([uploadId, state]) =>
    state === 'cancelled' ? [] : [uploadId],
  );
  return { cancelled: items.length - ended.length, ended };
}
