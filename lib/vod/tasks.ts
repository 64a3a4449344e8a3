import type {
  DescribeTaskDetailResponse,
  TaskSimpleInfo,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { Problem } from '../problem.ts';
import { isJsonObject, type JsonObject } from '../validation/json-object.ts';
import { MAX_LISTED_TASKS } from '../validation/limits.ts';
import type { CallOptions } from './call.ts';
import type { VodApi } from './client.ts';
import {
  EVENT_MEMBERS,
  type EventTask,
  parseVodEvent,
  readText,
  readWhole,
  type VodEvent,
  type VodEventType,
} from './event.ts';

/** The members of an answer: those of the SDK, and newer ones that only the SDK of all products has. */
interface TaskDetail extends DescribeTaskDetailResponse {
  AigcHunyuan3DTask?: EventTask<'AigcHunyuan3DTaskComplete'>;
}

/**
 * Which member of DescribeTaskDetail's answer holds the task that an event type describes. The names follow no rule.
 *
 * The missing types do not describe a task: `NewFileUpload`, `FileDeleted`, `RestoreMediaComplete`,
 * `MediaCastStatusChanged` and `PersistenceComplete`.
 *
 * @see https://cloud.tencent.com/document/product/266/33431
 */
export const TASK_MEMBERS = {
  ProcedureStateChanged: 'ProcedureTask',
  PullComplete: 'PullUploadTask',
  EditMediaComplete: 'EditMediaTask',
  SplitMediaComplete: 'SplitMediaTask',
  ComposeMediaComplete: 'ComposeMediaTask',
  WechatPublishComplete: 'WechatPublishTask',
  WechatMiniProgramPublishComplete: 'WechatMiniProgramPublishTask',
  RemoveWatermark: 'RemoveWatermarkTask',
  RebuildMediaComplete: 'RebuildMediaTask',
  ExtractTraceWatermarkComplete: 'ExtractTraceWatermarkTask',
  ExtractCopyRightWatermarkComplete: 'ExtractCopyRightWatermarkTask',
  ExtractBlindWatermarkComplete: 'ExtractBlindWatermarkTask',
  ReviewAudioVideoComplete: 'ReviewAudioVideoTask',
  DescribeFileAttributesComplete: 'DescribeFileAttributesTask',
  QualityInspectComplete: 'QualityInspectTask',
  QualityEnhanceComplete: 'QualityEnhanceTask',
  ComplexAdaptiveDynamicStreamingComplete: 'ComplexAdaptiveDynamicStreamingTask',
  ProcessMediaByMPSComplete: 'ProcessMediaByMPSTask',
  ProcessImageAsyncCompleteEvent: 'ProcessImageAsyncTask',
  AigcImageTaskComplete: 'AigcImageTask',
  AigcVideoTaskComplete: 'AigcVideoTask',
  AigcHunyuan3DTaskComplete: 'AigcHunyuan3DTask',
  SceneAigcImageCompleteEvent: 'SceneAigcImageTask',
  CreateAigcAdvancedCustomElementCompleteEvent: 'CreateAigcAdvancedCustomElementTask',
  CreateAigcCustomVoiceCompleteEvent: 'CreateAigcCustomVoiceTask',
  DescribeAigcFaceInfoAsyncComplete: 'DescribeAigcFaceInfoAsyncTask',
  // Of the interface of 2017, which VOD still serves.
  TranscodeComplete: 'TranscodeTask',
  ConcatComplete: 'ConcatTask',
  ClipComplete: 'ClipTask',
  CreateImageSpriteComplete: 'CreateImageSpriteTask',
  CreateSnapshotByTimeOffsetComplete: 'SnapshotByTimeOffsetTask',
} as const satisfies Partial<Record<VodEventType, keyof TaskDetail>>;

/** An event type that describes a task. */
export type TaskEventType = keyof typeof TASK_MEMBERS;

const TASK_EVENT_TYPES = Object.keys(TASK_MEMBERS).filter(isTaskEventType);

/** Returns whether events of this type describe a task that VOD can be asked about. */
export function isTaskEventType(name: string): name is TaskEventType {
  return Object.hasOwn(TASK_MEMBERS, name);
}

/**
 * Returns the event with which VOD reports, or would report, the present state of a task; undefined if that is not
 * reported. Task flows report each step, all other tasks only their end.
 */
export function describeTaskEvent(detail: TaskDetail): VodEvent | undefined {
  for (const eventType of TASK_EVENT_TYPES) {
    const task: unknown = detail[TASK_MEMBERS[eventType]];
    if (!isJsonObject(task)) continue;
    // Tasks of the interface of 2017 have no status of their own.
    const status = task['Status'] ?? detail.Status;
    if (eventType !== 'ProcedureStateChanged' && status !== 'FINISH') return undefined;
    const event = parseVodEvent({ EventType: eventType, [EVENT_MEMBERS[eventType]]: task });
    return event.eventType === eventType ? event : undefined;
  }
  return undefined;
}

/** The tasks that began with the upload of a media file. */
export interface MediaTasks {
  readonly procedureTaskId?: string | undefined;
  readonly reviewTaskId?: string | undefined;
}

/**
 * Returns the tasks that VOD began on a media file. VOD lists only those of the last three days.
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
 * Returns the tasks that VOD began on each media file of an application since a time, by the file's id; undefined if there
 * are more tasks than fit into `maxPages` answers.
 *
 * @param after in VOD's form.
 * @throws {Problem} as {@link VodApi} does.
 */
export async function listMediaTasks(
  after: string,
  maxPages: number,
  api: Pick<VodApi, 'describeTasks'>,
  options: CallOptions,
): Promise<ReadonlyMap<string, MediaTasks> | undefined> {
  const found = new Map<string, MediaTasks>();
  let token: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const { TaskSet, ScrollToken } = await api.describeTasks(
      {
        ...{ CreateTime: { After: after }, Limit: MAX_LISTED_TASKS },
        Sort: { Field: 'CreateTime', Order: 'Asc' },
        ...(token === undefined ? {} : { ScrollToken: token }),
      },
      options,
    );
    for (const task of TaskSet ?? []) addFirst(task, found);
    if (!ScrollToken) return found;
    token = ScrollToken;
  }
  return undefined;
}

/** The first task of each type began with the upload. */
function addFirst(
  { FileId: fileId = '', TaskId, TaskType = '' }: TaskSimpleInfo,
  found: Map<string, MediaTasks>,
): void {
  const member = FIRST_TASKS.get(TaskType);
  if (member !== undefined) found.set(fileId, { [member]: TaskId, ...found.get(fileId) });
}

const FIRST_TASKS: ReadonlyMap<string, keyof MediaTasks> = new Map([
  ['Procedure', 'procedureTaskId'],
  ['ReviewAudioVideo', 'reviewTaskId'],
]);

/**
 * Returns those of the `claimed` tasks that, according to VOD, belong to this media file.
 *
 * If none is claimed or none belongs to it, VOD's own list is used instead: without its task, media that are being
 * processed would look ready. If that list cannot be fetched and none is claimed, there are no tasks.
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
  const isClaimed = Boolean(claimed.procedureTaskId || claimed.reviewTaskId);
  return findMediaTasks(fileId, api, options).catch((error: unknown) => {
    // VOD may only not know a claimed task yet.
    if (error instanceof Problem && !isClaimed) return {};
    throw error;
  });
}

/** Returns whether a call failed because VOD does not know what it is about. */
export function isUnknownToVod(error: unknown): boolean {
  return error instanceof Problem && error.code === 'upstream_rejected';
}

/** Result of a task flow that has ended. */
export interface ProcedureEnd {
  /** Whether at least one task succeeded. */
  readonly succeeded: boolean;
  /** What went wrong; missing if nothing did. */
  readonly problem?: JsonObject;
}

/** One task of a flow. */
interface Part {
  readonly status: unknown;
  readonly failure: JsonObject;
}

const RESULT_SETS = [
  'MediaProcessResultSet',
  'AiContentReviewResultSet',
  'AiAnalysisResultSet',
  'AiRecognitionResultSet',
] as const;

/**
 * Returns the result of a flow that has ended.
 *
 * The error code of the flow itself is deprecated, so the tasks decide: a flow has failed if all its tasks have. The
 * code counts only if there are no tasks. https://cloud.tencent.com/document/product/266/31773#ProcedureTask
 */
export function describeProcedureEnd(task: EventTask<'ProcedureStateChanged'>): ProcedureEnd {
  const parts = RESULT_SETS.flatMap((name) => {
    const set: unknown = task[name];
    return Array.isArray(set) ? set.flatMap(readPart) : [];
  });
  if (parts.length === 0) {
    const vodErrCode = readWhole(task.ErrCode) ?? 0;
    if (vodErrCode === 0) return { succeeded: true };
    const detail = 'VOD could not process the media.';
    return { succeeded: false, problem: { code: 'processing_failed', detail, vodErrCode } };
  }
  const failed = parts.filter(({ status }) => status === 'FAIL');
  if (failed.length === 0) return { succeeded: true };
  const succeeded = failed.length < parts.length;
  const kind = succeeded
    ? { code: 'processing_incomplete', detail: 'Some of the tasks of the flow failed.' }
    : { code: 'processing_failed', detail: 'None of the tasks of the flow succeeded.' };
  return { succeeded, problem: { ...kind, parts: failed.map(({ failure }) => failure) } };
}

/** The one member for the item's type is found by its `Status`, since its name differs from the type. */
function readPart(item: unknown): Part[] {
  if (!isJsonObject(item)) return [];
  return Object.values(item)
    .filter(isJsonObject)
    .filter(({ Status: status }) => typeof status === 'string')
    .map((part) => ({ status: part['Status'], failure: describeFailure(item, part) }));
}

function describeFailure(item: JsonObject, part: JsonObject): JsonObject {
  const input = isJsonObject(part['Input']) ? part['Input'] : {};
  const failure = {
    type: readText(item['Type']),
    definition: readWhole(input['Definition']),
    vodErrCode: readWhole(part['ErrCode']),
    vodErrCodeExt: readText(part['ErrCodeExt']),
  };
  return Object.fromEntries(Object.entries(failure).filter(([, value]) => value !== undefined));
}

/** Returns whether a pull that has ended failed. */
export function hasPullFailed({ ErrCode: errCode }: EventTask<'PullComplete'>): boolean {
  return (readWhole(errCode) ?? 0) !== 0;
}
