import * as v from 'valibot';
import type { Task } from '../task-index.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application, givenText, integer, isoTime } from './parameters.ts';
import type { ApiAnswer } from './services.ts';
import { listTasks } from './task-list.ts';
import { detailTask, findTask, summariseTask } from './task-records.ts';

/** The members of an answer, one for each type of task; all but one stay null. */
const MEMBERS = [
  'ProcedureTask',
  'EditMediaTask',
  'WechatPublishTask',
  'ComposeMediaTask',
  'SplitMediaTask',
  'WechatMiniProgramPublishTask',
  'PullUploadTask',
  'TranscodeTask',
  'ConcatTask',
  'ClipTask',
  'CreateImageSpriteTask',
  'SnapshotByTimeOffsetTask',
  'RemoveWatermarkTask',
  'RebuildMediaTask',
  'ExtractTraceWatermarkTask',
  'ExtractCopyRightWatermarkTask',
  'ReviewAudioVideoTask',
  'ReduceMediaBitrateTask',
  'DescribeFileAttributesTask',
  'QualityInspectTask',
  'QualityEnhanceTask',
  'ComplexAdaptiveDynamicStreamingTask',
  'ProcessMediaByMPSTask',
  'AigcImageTask',
  'AigcVideoTask',
  'ImportMediaKnowledge',
  'SceneAigcImageTask',
  'SceneAigcVideoTask',
  'ProcessImageAsyncTask',
  'ExtractBlindWatermarkTask',
  'CreateAigcAdvancedCustomElementTask',
  'CreateAigcCustomVoiceTask',
  'CreateAigcSubjectTask',
  'AigcVideoRedrawTask',
  'AigcAudioTask',
  'CreateAigcAudioCloneTask',
  'DescribeAigcFaceInfoAsyncTask',
  'AigcHunyuan3DTask',
  'DesignVoiceAsyncTask',
  'CloneVoiceAsyncTask',
  'TextToSpeechAsyncTask',
  'VideoDubbingAsyncTask',
] as const;

const TASK_ID = /^\d+-[A-Za-z]+-\w+$/;
const MAX_TASKS = 100;

const timeRange = v.optional(
  v.strictObject({ After: v.optional(isoTime), Before: v.optional(isoTime) }),
);

/** https://cloud.tencent.com/document/product/266/33431 */
export const describeTaskDetail = defineAction({
  entries: { ...application, TaskId: v.pipe(v.string(), v.regex(TASK_ID, 'is no id of a task')) },
  codes: { TaskId: 'InvalidParameterValue.TaskId' },
  perform(api, { TaskId }) {
    const task = findTask(api, TaskId);
    if (task === undefined) {
      throw apiError('ResourceNotFound', `There is no task ${TaskId} of the last three days`);
    }
    const member = task.kind === 'pull' ? 'PullUploadTask' : 'ProcedureTask';
    return {
      ...Object.fromEntries(MEMBERS.map((name) => [name, null])),
      ...summariseTask(task),
      [member]: detailTask(api, task),
    };
  },
});

/** https://cloud.tencent.com/document/product/266/43059; newest first unless sorted (our guess). */
export const describeTasks = defineAction({
  entries: {
    ...application,
    Status: v.optional(v.picklist(['', 'WAITING', 'PROCESSING', 'FINISH'])),
    FileId: v.optional(v.string()),
    CreateTime: timeRange,
    FinishTime: timeRange,
    Sort: v.optional(
      v.strictObject({
        Field: v.picklist(['CreateTime', 'FinishTime']),
        Order: v.picklist(['Asc', 'Desc']),
      }),
    ),
    Limit: v.optional(v.pipe(integer, v.minValue(1), v.maxValue(MAX_TASKS)), 10),
    ScrollToken: v.optional(v.string()),
  },
  codes: { Limit: 'InvalidParameterValue.Limit' },
  perform(api, input) {
    const start = givenText(input.ScrollToken);
    if (start !== undefined && api.tasks.find(start) === undefined) {
      throw apiError('InvalidParameterValue', 'ScrollToken is not known');
    }
    const tasks = listTasks(api, {
      status: input.Status === '' ? undefined : input.Status,
      fileId: givenText(input.FileId),
      ...{ created: input.CreateTime, finished: input.FinishTime, start },
      field: input.Sort?.Field ?? 'CreateTime',
      order: input.Sort?.Order ?? 'Desc',
    });
    const found: Task[] = [];
    for (const task of tasks) {
      found.push(task);
      if (found.length > input.Limit) break;
    }
    return {
      TaskSet: found.slice(0, input.Limit).map(listTask),
      ScrollToken: found[input.Limit]?.record.taskId ?? '',
    };
  },
});

function listTask(task: Task): ApiAnswer {
  const { taskId, fileId, sessionId, sessionContext } = task.record;
  return {
    ...{ TaskId: taskId, FileId: fileId, ...summariseTask(task) },
    ...{ SessionId: sessionId, SessionContext: sessionContext },
  };
}
