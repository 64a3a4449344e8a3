import { buildProcedureTask, PROCEDURE_STEPS } from '../events/procedure-task.ts';
import type { ProcedureRun } from '../state.ts';
import { secondsOf } from '../ugc/dependencies.ts';
import type { ApiServices } from './services.ts';

/** A task of any kind in its present state. Times are ISO 8601, and empty while they are in the future. */
export interface TaskRecord {
  readonly taskId: string;
  readonly taskType: 'PullUpload' | 'Procedure';
  readonly status: 'WAITING' | 'PROCESSING' | 'FINISH';
  readonly fileId: string;
  readonly createTime: string;
  readonly beginTime: string;
  readonly finishTime: string;
  readonly sessionId: string;
  readonly sessionContext: string;
  /** `PullUploadTask` or `ProcedureTask`. */
  readonly describe: () => Readonly<Record<string, unknown>> | null;
}

/** https://cloud.tencent.com/document/product/266/33431 */
const ASKABLE_SECONDS = 259_200;

/** Returns the tasks of the last three days, newest first. */
export function listTasks(api: ApiServices): readonly TaskRecord[] {
  const { state, pulls } = api;
  const oldest = (secondsOf(api.now) - ASKABLE_SECONDS) * 1_000;
  const pulled = [...state.pulls.values()].map((pull) => ({
    ...pull,
    taskType: 'PullUpload' as const,
    describe: () => pulls.describe(pull),
  }));
  const running = [...state.procedures.values()].map((run) => ({
    ...describeTimes(run, ''),
    status: 'PROCESSING' as const,
    describe: () => describeRun(api, run),
  }));
  const finished = [...state.finishedProcedures.values()].map((run) => ({
    ...describeTimes(run, run.finishTime),
    status: 'FINISH' as const,
    describe: () => run.task,
  }));
  return [...pulled, ...running, ...finished]
    .filter(({ createTime }) => Date.parse(createTime) >= oldest)
    .reverse()
    .sort((left, right) => Date.parse(right.createTime) - Date.parse(left.createTime));
}

function describeTimes(run: ProcedureRun, finishTime: string) {
  const { taskId, fileId, beginTime, sessionId, sessionContext } = run;
  return {
    ...{ taskId, fileId, beginTime, sessionId, sessionContext, finishTime },
    ...{ taskType: 'Procedure' as const, createTime: beginTime },
  };
}

/** Returns a running flow after its newest step, in the form of its event; null if its media has been deleted. */
function describeRun(api: ApiServices, run: ProcedureRun) {
  const media = api.state.media.get(run.fileId);
  const [begin] = PROCEDURE_STEPS;
  if (media === undefined || begin === undefined) return null;
  return run.task ?? buildProcedureTask(api.names, run, media, begin, run.beginTime);
}
