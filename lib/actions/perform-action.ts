import * as v from 'valibot';
import { type ActionOutcome, DONE, explainFailure, isGone } from './action-outcome.ts';
import type { ActionDependencies, DueAction } from './due-action.ts';
import { inspectMedia } from './inspect-media.ts';
import { inspectDetail, modifyDetail, procedureDetail } from './media-action.ts';
import { modifyMedia } from './modify-media.ts';
import { startProcedure } from './start-procedure.ts';

/**
 * Makes one try at `action` and returns what it came to. All of it may be repeated: where an answer was lost, the next
 * try finds done what was.
 *
 * @throws what the ledger throws.
 */
export async function performAction(
  action: DueAction,
  dependencies: ActionDependencies,
): Promise<ActionOutcome> {
  const { kind, detail } = action;
  if (kind === 'delete') return deleteMedia(action, dependencies);
  if (kind === 'modify' && v.is(modifyDetail, detail)) {
    return modifyMedia(action, detail, dependencies);
  }
  if (kind === 'procedure' && v.is(procedureDetail, detail)) {
    return startProcedure(action, detail, dependencies);
  }
  if (kind === 'inspect' && v.is(inspectDetail, detail)) {
    return inspectMedia(action, detail, dependencies);
  }
  // It may be of another version of this service, and so waits for that.
  const cause = Object.assign(new Error('No such action is known.'), { code: UNKNOWN });
  return { kind: 'retry', error: UNKNOWN, cause };
}

const UNKNOWN = 'unknown_action';

async function deleteMedia(
  { fileId, subAppId }: DueAction,
  { api, remainingMilliseconds }: ActionDependencies,
): Promise<ActionOutcome> {
  try {
    await api.deleteMedia({ FileId: fileId }, { remainingMilliseconds, subAppId });
    return DONE;
  } catch (error) {
    return isGone(error) ? DONE : explainFailure(error);
  }
}
