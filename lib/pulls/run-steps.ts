import type { RunItemQuery } from '../ledger/runs/pull-run-items.ts';
import type { PullRun } from '../ledger/runs/pull-run-row.ts';
import {
  ABSENT_ITEM_STATES,
  hasEnded,
  PENDING_ITEM_STATES,
  RETRYABLE_ITEM_STATES,
  type RunItemState,
} from '../model/pull-run.ts';
import { readJsonBody } from '../runtime/http-event.ts';
import type { Answer } from '../runtime/http-handler.ts';
import { cancelRunItems, ITEMS_AT_ONCE, runEnded } from './ended-run.ts';
import { countResults, describeContext, type RunCall, withRuns } from './run-call.ts';
import { addRunItems } from './run-pulls.ts';
import { checkItems, parseStepRequest } from './run-request.ts';

/** Attempts some items again that have no file, and queues those that an interrupted call has not. */
export async function retryItems(run: PullRun, call: RunCall): Promise<Answer> {
  const step = parseStep(call);
  if (hasEnded(run)) throw runEnded();
  const which = { states: RETRYABLE_ITEM_STATES, unqueued: true, withRequest: true };
  const { items, ...rest } = await readStep(run, which, step, call);
  const without = items.filter(({ fileId }) => fileId === undefined);
  const again = without.map(({ id, request }) => ({ ...request, id }));
  if (again.length === 0) return { status: 202, body: { retried: 0, refused: 0, ...rest } };
  const checked = checkItems(again, describeContext(call));
  const added = await addRunItems(run, checked, { ...call, retry: true }, call.dependencies);
  const { accepted, refused } = countResults(call, added);
  return { status: 202, body: { retried: accepted, refused, ...rest } };
}

/** Ends a run, and cancels some items that have no file yet. */
export async function cancelItems(run: PullRun, call: RunCall): Promise<Answer> {
  const step = parseStep(call);
  await withRuns(call, (runs) => runs.endRun(run.runId, 'cancelled'));
  // What has arrived stays, also while it is processed.
  const { items, ...rest } = await readStep(run, { states: ABSENT_ITEM_STATES }, step, call);
  const { cancelled } = await cancelRunItems(run.runId, items, call.dependencies.ledger);
  return { status: 202, body: { cancelled, ...rest } };
}

/** Ends a run, cancels some items that are under way, and has the files of others deleted. */
export async function undoItems(run: PullRun, call: RunCall): Promise<Answer> {
  const step = parseStep(call);
  await withRuns(call, (runs) => runs.endRun(run.runId, 'undone'));
  const states: readonly RunItemState[] = [...PENDING_ITEM_STATES, 'ready', 'failed', 'pruned'];
  const { items, ...rest } = await readStep(run, { states }, step, call);
  const pending = items.filter(({ state }) => PENDING_ITEM_STATES.includes(state));
  const { cancelled, ended } = await cancelRunItems(run.runId, pending, call.dependencies.ledger);
  // Of an upload that was pruned, the ledger still knows the file.
  const arrived = items.filter(
    ({ state, fileId, uploadId = '' }) =>
      fileId !== undefined || state === 'pruned' || ended.includes(uploadId),
  );
  const ids = arrived.map(({ id }) => id);
  const deleted = await withRuns(call, (runs) => runs.deleteFiles(run.runId, ids));
  return { status: 202, body: { cancelled, deleted, ...rest } };
}

/** Pauses a run, and takes some of its pulls out of the queue for as long. */
export async function pauseItems(run: PullRun, call: RunCall): Promise<Answer> {
  const { count, ...rest } = await holdItems(run, true, call);
  return { status: 202, body: { paused: count, ...rest } };
}

/** Resumes a run, and makes some of its pulls due. */
export async function resumeItems(run: PullRun, call: RunCall): Promise<Answer> {
  const { count, ...rest } = await holdItems(run, false, call);
  return { status: 202, body: { resumed: count, ...rest } };
}

async function holdItems({ runId }: PullRun, isPaused: boolean, call: RunCall) {
  const { cursor } = parseStep(call);
  return withRuns(call, async (runs) => {
    // Later steps follow the run as it is: another call may have decided otherwise in the meantime.
    const found = await (cursor === undefined
      ? runs.pauseRun(runId, isPaused)
      : runs.findRun(runId));
    if (found === undefined || hasEnded(found)) throw runEnded();
    return runs.holdItems(runId, cursor);
  });
}

type Step = ReturnType<typeof parseStepRequest>;

function parseStep({ event }: RunCall): Step {
  return parseStepRequest(readJsonBody(event, {}));
}

function readStep(
  run: PullRun,
  which: Omit<RunItemQuery, 'limit' | 'cursor'>,
  { cursor }: Step,
  call: RunCall,
) {
  return withRuns(call, (runs) =>
    runs.listItems(run.runId, { ...which, limit: ITEMS_AT_ONCE, cursor }),
  );
}
