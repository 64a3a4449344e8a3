import type { Upload } from '../model/upload.ts';
import { Problem } from '../problem.ts';
import { MAX_LISTED_TASKS } from '../validation/limits.ts';
import type { ApplicationRun } from './sweep-run.ts';

/** Uploads for which a list of tasks takes fewer calls than asking about each task. */
const FEW_TASKS = 4;

const RUNNING = ['WAITING', 'PROCESSING'] as const;

/**
 * Returns the tasks of these uploads that VOD lists as still running, so that it need not be asked about each of them. The
 * lists take at most a quarter of the calls of that; a task that is not found may be running too.
 */
export async function listRunningTasks(
  uploads: readonly Upload[],
  { api, subAppId, deadline }: Pick<ApplicationRun, 'api' | 'subAppId' | 'deadline'>,
): Promise<ReadonlySet<string>> {
  const running = new Set<string>();
  const asked = uploads.filter(awaitsOnlyItsTask);
  // One page of each kind.
  if (asked.length < FEW_TASKS * RUNNING.length) return running;
  try {
    for (const Status of RUNNING) {
      const request = { Status, Limit: MAX_LISTED_TASKS };
      const { TaskSet } = await api.describeTasks(request, { deadline, subAppId });
      for (const { TaskId } of TaskSet ?? []) if (TaskId !== undefined) running.add(TaskId);
    }
  } catch (error) {
    // Asking about each task shows whether only some of them are the cause.
    if (!(error instanceof Problem)) throw error;
  }
  return running;
}

/** Returns whether nothing but the end of its task can be news about the upload. */
function awaitsOnlyItsTask({ state, method, taskId }: Upload): boolean {
  return (
    taskId !== undefined && (state === 'processing' || (state === 'issued' && method === 'pull'))
  );
}
