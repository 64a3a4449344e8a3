import { buildProcedureTask, PROCEDURE_STEPS } from '../events/procedure-task.ts';
import type { ProcedureRun } from '../state.ts';
import { creationOf, endOfTask, statusOf, type Task } from '../task-index.ts';
import { secondsOf } from '../ugc/dependencies.ts';
import type { ApiAnswer, ApiServices } from './services.ts';

/** https://cloud.tencent.com/document/product/266/33431 */
const ASKABLE_SECONDS = 259_200;

/** Returns the time before which tasks were created that can no longer be queried, in milliseconds. */
export function oldestTime({ now }: Pick<ApiServices, 'now'>): number {
  return (secondsOf(now) - ASKABLE_SECONDS) * 1_000;
}

/** Returns the task with this id, undefined if there was none in the last three days. */
export function findTask(api: ApiServices, taskId: string): Task | undefined {
  const task = api.tasks.find(taskId);
  return task !== undefined && Date.parse(creationOf(task)) >= oldestTime(api) ? task : undefined;
}

/** Returns what DescribeTaskDetail and DescribeTasks both say. Times in the future are empty. */
export function summariseTask(task: Task) {
  return {
    TaskType: task.kind === 'pull' ? 'PullUpload' : 'Procedure',
    Status: statusOf(task),
    CreateTime: creationOf(task),
    BeginProcessTime: task.record.beginTime,
    FinishTime: endOfTask(task),
  };
}

/** Returns `PullUploadTask` or `ProcedureTask`; null for a flow whose media has been deleted. */
export function detailTask(api: ApiServices, task: Task): ApiAnswer | null {
  switch (task.kind) {
    case 'pull':
      return api.pulls.describe(task.record);
    case 'running flow':
      return describeRun(api, task.record);
    case 'finished flow':
      return task.record.task;
  }
}

/** Returns a running flow after its newest step, in the form of its event; null if its media has been deleted. */
function describeRun(api: ApiServices, run: ProcedureRun): ApiAnswer | null {
  const media = api.state.media.get(run.fileId);
  const [begin] = PROCEDURE_STEPS;
  if (media === undefined || begin === undefined) return null;
  return run.task ?? buildProcedureTask(api.names, run, media, begin, run.beginTime);
}
