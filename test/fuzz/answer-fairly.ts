import type { Chance } from '../support/chance.ts';
import { makeQueued } from './fuzz-events.ts';

/** Returns an answer that VOD might give to a call, whatever the call is about. */
export function answerFairly(
  action: string,
  { FileIds }: Readonly<Record<string, unknown>>,
  chance: Chance,
): object {
  const ids = Array.isArray(FileIds) ? FileIds.map(String) : [];
  switch (action) {
    case 'PullUpload':
      return { TaskId: `task-${chance.below(1e9)}` };
    case 'DescribeStorageRegions':
      return { StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'opened' }] };
    case 'DescribeMediaInfos':
      return {
        MediaInfoSet: ids.map((FileId) => ({
          FileId,
          BasicInfo: { Name: 'a' },
          MetaData: { Size: 5, Duration: 1 },
        })),
        NotExistFileIdSet: [],
      };
    case 'DescribeTaskDetail':
      return {
        TaskType: 'Procedure',
        Status: 'FINISH',
        ProcedureTask: { TaskId: 'task-1', Status: 'FINISH' },
      };
    case 'PullEvents':
      return { EventSet: chance.happens(0.5) ? [] : [makeQueued(chance)] };
    default:
      return { TotalCount: 0, MediaInfoSet: [], TaskSet: [] };
  }
}
