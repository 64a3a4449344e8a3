import type { DescribeTaskDetailResponse } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { isJsonObject } from '../validation/json-object.ts';
import { parseVodEvent, type VodEvent } from './event.ts';
import { EVENT_MEMBERS, type VodEventType } from './event-types.ts';

/**
 * Which member of DescribeTaskDetail's answer holds the task that an event type describes. The names follow no rule.
 *
 * The types that are missing describe something that is no task: `NewFileUpload`, `FileDeleted`, `RestoreMediaComplete`,
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
} as const satisfies Partial<Record<VodEventType, keyof DescribeTaskDetailResponse>>;

/** An event type that describes a task. */
export type TaskEventType = keyof typeof TASK_MEMBERS;

const TASK_EVENT_TYPES = Object.keys(TASK_MEMBERS).filter(isTaskEventType);

/** Returns whether events of this type describe a task that VOD can be asked about. */
export function isTaskEventType(name: string): name is TaskEventType {
  return Object.hasOwn(TASK_MEMBERS, name);
}

/**
 * Returns the event by which VOD tells, or would tell, of a task as it is now; undefined where there is nothing to tell.
 * Task flows describe each step, all other tasks of their end alone.
 */
export function describeTaskEvent(detail: DescribeTaskDetailResponse): VodEvent | undefined {
  for (const eventType of TASK_EVENT_TYPES) {
    const task: unknown = detail[TASK_MEMBERS[eventType]];
    if (!isJsonObject(task)) continue;
    // Tasks of 2017 do not tell how far they are themselves.
    const status = task['Status'] ?? detail.Status;
    if (eventType !== 'ProcedureStateChanged' && status !== 'FINISH') return undefined;
    const event = parseVodEvent({ EventType: eventType, [EVENT_MEMBERS[eventType]]: task });
    return event.eventType === eventType ? event : undefined;
  }
  return undefined;
}
