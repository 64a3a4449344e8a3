import { parseIsoMilliseconds } from '../validation/iso-time.ts';
import { MAX_LISTED_TASKS } from '../validation/limits.ts';
import type { ActionDependencies, DueAction } from './media-action.ts';

/** Longest time between VOD's records of the start or end of a task and of the update of its media. */
const APART_MILLISECONDS = 5_000;

/**
 * Returns whether a task of VOD made the last update of a media file, at `updateTime`: one that still runs, or one that
 * was created, began or ended then. Otherwise a person or another program has changed the file.
 *
 * @throws {Problem} as `VodApi` does.
 * @see https://cloud.tencent.com/document/product/266/31773 of `UpdateTime`: "modifying its attributes or processing it"
 */
export async function isUpdatedByTask(
  updateTime: string | undefined,
  { fileId, subAppId }: DueAction,
  { api, deadline }: ActionDependencies,
): Promise<boolean> {
  const { TaskSet } = await api.describeTasks(
    { FileId: fileId, Limit: MAX_LISTED_TASKS },
    { deadline, subAppId },
  );
  const updatedAt = parseIsoMilliseconds(updateTime) ?? Number.NaN;
  const own = (TaskSet ?? []).filter((task) => task.FileId === fileId);
  return own.some(
    ({ Status, CreateTime, BeginProcessTime, FinishTime }) =>
      Status === 'WAITING' ||
      Status === 'PROCESSING' ||
      [CreateTime, BeginProcessTime, FinishTime].map(parseIsoMilliseconds).some(isNear(updatedAt)),
  );
}

function isNear(time: number) {
  return (other: number | undefined) =>
    other !== undefined && Math.abs(time - other) <= APART_MILLISECONDS;
}
