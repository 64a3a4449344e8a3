import { type Attempt, DONE } from '../model/attempt.ts';
import type { UploadState } from '../model/upload-state.ts';
import { Problem } from '../problem.ts';
import { MAX_LISTED_TASKS } from '../validation/limits.ts';
import { DUPLICATE_SESSION } from '../vod/error-rules.ts';
import { readText } from '../vod/event.ts';
import { findMediaTasks, isUnknownToVod } from '../vod/tasks.ts';
import {
  type ActionDependencies,
  type DueAction,
  explainFailure,
  type ProcedureDetail,
} from './media-action.ts';

/** States in which no task flow is started. */
const ENDED: ReadonlySet<UploadState> = new Set([
  ...(['cancelled', 'rejected', 'expired', 'deleted', 'failed'] as const),
]);

/** Milliseconds until the next attempt for a file that VOD has not examined yet. */
const INSPECTION_MILLISECONDS = 30_000;

/**
 * Starts the task flow that a rule requires, once: VOD refuses to start it again under the same `SessionId` for a week
 * or, according to other pages, for less. So another attempt first looks for its task.
 */
export async function startProcedure(
  action: DueAction,
  { parameters }: ProcedureDetail,
  dependencies: ActionDependencies,
): Promise<Attempt> {
  const unready = await explainUnready(action, dependencies);
  if (unready !== undefined) return unready;
  const { uploadId } = action;
  const { ledger } = dependencies;
  try {
    const taskId = await start(action, parameters, dependencies);
    if (uploadId !== undefined && taskId !== undefined) {
      await ledger?.transition(uploadId, 'uploadedForProcessing', { taskId });
    }
    return DONE;
  } catch (error) {
    return explainFailure(error);
  }
}

/**
 * Codes with which VOD refuses a `SessionId` that it has seen: its page lists both for this call.
 *
 * @see https://cloud.tencent.com/document/product/266/34782
 */
const DUPLICATES: readonly unknown[] = [
  DUPLICATE_SESSION,
  'InvalidParameterValue.UniqueIdentifier',
];

/** Returns the task, if VOD names it. */
async function start(
  { fileId, subAppId, attempt = 1 }: DueAction,
  parameters: ProcedureDetail['parameters'],
  { api, deadline }: ActionDependencies,
): Promise<string | undefined> {
  const options = { deadline, subAppId };
  if (attempt > 1) {
    const { TaskSet } = await api.describeTasks(
      { FileId: fileId, Limit: MAX_LISTED_TASKS },
      options,
    );
    const started = TaskSet?.find(({ SessionId }) => SessionId === parameters.SessionId);
    if (started !== undefined) return readText(started.TaskId);
  }
  try {
    const request = { FileId: fileId, ...parameters };
    const { TaskId } = await api.processMediaByProcedure(request, options);
    return readText(TaskId);
  } catch (error) {
    const isStarted = error instanceof Problem && DUPLICATES.includes(error.vod?.code);
    if (!isStarted) throw error;
  }
  // It was started in an attempt whose answer, with the task, was lost.
  const found = findMediaTasks(fileId, api, options);
  const { procedureTaskId } = await found.catch((error: unknown) => {
    if (isUnknownToVod(error)) return { procedureTaskId: undefined };
    throw error;
  });
  return procedureTaskId;
}

/** Returns the outcome if the file must not be processed, or not yet. */
async function explainUnready(
  { fileId, uploadId }: DueAction,
  { ledger, clock }: ActionDependencies,
): Promise<Attempt | undefined> {
  if (ledger === undefined || uploadId === undefined) return undefined;
  const upload = await ledger.findUpload(uploadId);
  if (upload !== undefined && ENDED.has(upload.state)) return DONE;
  const actions = await (await ledger.timeline()).listActions(uploadId);
  const inspection = actions.find((each) => each.fileId === fileId && each.kind === 'inspect');
  if (inspection?.state !== 'pending') return undefined;
  return { kind: 'retry', error: 'not_inspected', at: clock.now() + INSPECTION_MILLISECONDS };
}
