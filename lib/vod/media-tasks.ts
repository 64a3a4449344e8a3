import { Problem } from '../problem.ts';
import { MAX_LISTED_TASKS } from '../validation/limits.ts';
import type { CallOptions } from './call.ts';
import type { VodApi } from './client.ts';

/** The tasks that began with a media's upload; one that there is not is absent. */
export interface MediaTasks {
  readonly procedureTaskId?: string | undefined;
  readonly reviewTaskId?: string | undefined;
}

/**
 * Returns the tasks that VOD began on a media, as far as it lists them: those of the last three days.
 *
 * @throws {Problem} as {@link VodApi} does.
 */
export async function findMediaTasks(
  fileId: string,
  api: Pick<VodApi, 'describeTasks'>,
  options: CallOptions,
): Promise<MediaTasks> {
  const { TaskSet } = await api.describeTasks(
    { FileId: fileId, Sort: { Field: 'CreateTime', Order: 'Asc' }, Limit: MAX_LISTED_TASKS },
    options,
  );
  const findFirst = (type: string) =>
    TaskSet?.find(({ TaskType, FileId }) => TaskType === type && FileId === fileId)?.TaskId;
  return { procedureTaskId: findFirst('Procedure'), reviewTaskId: findFirst('ReviewAudioVideo') };
}

/**
 * Returns which of the `claimed` tasks are tasks of this media, by what VOD says of each.
 *
 * Where none is claimed or none is true, VOD's own list is asked instead: a notification without its task would make a
 * media look ready that is not. That list is not waited for, where it cannot be had.
 *
 * @throws {Problem} as {@link VodApi} does.
 */
export async function confirmMediaTasks(
  fileId: string,
  claimed: MediaTasks,
  api: Pick<VodApi, 'describeTaskDetail' | 'describeTasks'>,
  options: CallOptions,
): Promise<MediaTasks> {
  const ask = async (taskId: string | undefined) => {
    if (!taskId) return undefined;
    try {
      const detail = await api.describeTaskDetail({ TaskId: taskId }, options);
      const { ProcedureTask: procedure, ReviewAudioVideoTask: review } = detail;
      return [procedure?.FileId, review?.Input?.FileId].includes(fileId) ? taskId : undefined;
    } catch (error) {
      if (isUnknownToVod(error)) return undefined;
      throw error;
    }
  };
  const [procedureTaskId, reviewTaskId] = await Promise.all([
    ask(claimed.procedureTaskId),
    ask(claimed.reviewTaskId),
  ]);
  if (procedureTaskId !== undefined || reviewTaskId !== undefined) {
    return { procedureTaskId, reviewTaskId };
  }
  return findMediaTasks(fileId, api, options).catch((error: unknown) => {
    if (error instanceof Problem) return {};
    throw error;
  });
}

/** Returns whether a call failed because VOD does not know of what it was asked. */
export function isUnknownToVod(error: unknown): boolean {
  return error instanceof Problem && error.code === 'upstream_rejected';
}
