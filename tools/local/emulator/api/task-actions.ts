import * as v from 'valibot';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application, givenText, integer, isoTime } from './parameters.ts';
import type { ApiAnswer } from './services.ts';
import { listTasks, type TaskRecord } from './task-records.ts';

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
type TimeRange = v.InferOutput<typeof timeRange>;

/** https://cloud.tencent.com/document/product/266/33431 */
export const describeTaskDetail = defineAction({
  entries: { ...application, TaskId: v.pipe(v.string(), v.regex(TASK_ID, 'is no id of a task')) },
  codes: { TaskId: 'InvalidParameterValue.TaskId' },
  perform(api, { TaskId }) {
    const task = listTasks(api).find(({ taskId }) => taskId === TaskId);
    if (task === undefined) {
      throw apiError('ResourceNotFound', `There is no task ${TaskId} of the last three days`);
    }
    const member = task.taskType === 'PullUpload' ? 'PullUploadTask' : 'ProcedureTask';
    return {
      ...Object.fromEntries(MEMBERS.map((name) => [name, null])),
      TaskType: task.taskType,
      Status: task.status,
      CreateTime: task.createTime,
      BeginProcessTime: task.beginTime,
      FinishTime: task.finishTime,
      [member]: task.describe(),
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
    const found = listTasks(api).filter(
      ({ status, fileId, createTime, finishTime }) =>
        status === (givenText(input.Status) ?? status) &&
        fileId === (givenText(input.FileId) ?? fileId) &&
        isWithin(createTime, input.CreateTime) &&
        isWithin(finishTime, input.FinishTime),
    );
    const sorted = sortTasks(found, input.Sort);
    const token = givenText(input.ScrollToken);
    const start = token === undefined ? 0 : sorted.findIndex(({ taskId }) => taskId === token);
    if (start === -1) throw apiError('InvalidParameterValue', 'ScrollToken is not known');
    const end = start + input.Limit;
    return {
      TaskSet: sorted.slice(start, end).map(summarise),
      ScrollToken: sorted[end]?.taskId ?? '',
    };
  },
});

function sortTasks(
  tasks: readonly TaskRecord[],
  sort: { readonly Field: 'CreateTime' | 'FinishTime'; readonly Order: 'Asc' | 'Desc' } | undefined,
): readonly TaskRecord[] {
  if (sort === undefined) return tasks;
  const timeOf = (task: TaskRecord) =>
    Date.parse(sort.Field === 'CreateTime' ? task.createTime : task.finishTime) || 0;
  const sign = sort.Order === 'Asc' ? 1 : -1;
  return [...tasks].sort((left, right) => sign * (timeOf(left) - timeOf(right)));
}

function isWithin(time: string, range: TimeRange): boolean {
  if (range === undefined) return true;
  const { After, Before } = range;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return false;
  return at >= Date.parse(After ?? time) && (Before === undefined || at < Date.parse(Before));
}

function summarise(task: TaskRecord): ApiAnswer {
  return {
    TaskId: task.taskId,
    Status: task.status,
    FileId: task.fileId,
    TaskType: task.taskType,
    CreateTime: task.createTime,
    BeginProcessTime: task.beginTime,
    FinishTime: task.finishTime,
    SessionId: task.sessionId,
    SessionContext: task.sessionContext,
  };
}
