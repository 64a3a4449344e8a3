import type { EventContent } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';

/**
 * Which member of a notification holds the task of an event type.
 *
 * The names follow no rule, so all are written out. `ReduceMediaBitrateCompleteEvent` is missing because no type
 * belongs to it: the documents call it invalid.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export const EVENT_MEMBERS = {
  NewFileUpload: 'FileUploadEvent',
  ProcedureStateChanged: 'ProcedureStateChangeEvent',
  FileDeleted: 'FileDeleteEvent',
  PullComplete: 'PullCompleteEvent',
  EditMediaComplete: 'EditMediaCompleteEvent',
  SplitMediaComplete: 'SplitMediaCompleteEvent',
  ComposeMediaComplete: 'ComposeMediaCompleteEvent',
  WechatPublishComplete: 'WechatPublishCompleteEvent',
  WechatMiniProgramPublishComplete: 'WechatMiniProgramPublishCompleteEvent',
  RemoveWatermark: 'RemoveWatermarkCompleteEvent',
  RestoreMediaComplete: 'RestoreMediaCompleteEvent',
  RebuildMediaComplete: 'RebuildMediaCompleteEvent',
  ExtractTraceWatermarkComplete: 'ExtractTraceWatermarkCompleteEvent',
  ExtractCopyRightWatermarkComplete: 'ExtractCopyRightWatermarkCompleteEvent',
  ExtractBlindWatermarkComplete: 'ExtractBlindWatermarkComplete',
  ReviewAudioVideoComplete: 'ReviewAudioVideoCompleteEvent',
  DescribeFileAttributesComplete: 'DescribeFileAttributesCompleteEvent',
  QualityInspectComplete: 'QualityInspectCompleteEvent',
  QualityEnhanceComplete: 'QualityEnhanceCompleteEvent',
  MediaCastStatusChanged: 'MediaCastStatusChangedEvent',
  PersistenceComplete: 'PersistenceCompleteEvent',
  ComplexAdaptiveDynamicStreamingComplete: 'ComplexAdaptiveDynamicStreamingCompleteEvent',
  ProcessMediaByMPSComplete: 'ProcessMediaByMPSCompleteEvent',
  ProcessImageAsyncCompleteEvent: 'ProcessImageAsyncCompleteEvent',
  AigcImageTaskComplete: 'AigcImageCompleteEvent',
  AigcVideoTaskComplete: 'AigcVideoCompleteEvent',
  SceneAigcImageCompleteEvent: 'SceneAigcImageCompleteEvent',
  CreateAigcAdvancedCustomElementCompleteEvent: 'CreateAigcAdvancedCustomElementCompleteEvent',
  CreateAigcCustomVoiceCompleteEvent: 'CreateAigcCustomVoiceCompleteEvent',
  DescribeAigcFaceInfoAsyncComplete: 'DescribeAigcFaceInfoAsyncCompleteEvent',
  // Of the interface of 2017, which VOD still serves.
  TranscodeComplete: 'TranscodeCompleteEvent',
  ConcatComplete: 'ConcatCompleteEvent',
  ClipComplete: 'ClipCompleteEvent',
  CreateImageSpriteComplete: 'CreateImageSpriteCompleteEvent',
  CreateSnapshotByTimeOffsetComplete: 'SnapshotByTimeOffsetCompleteEvent',
} as const satisfies Record<string, keyof EventContent>;

/** An event type that VOD documents. */
export type VodEventType = keyof typeof EVENT_MEMBERS;

/** The SDK types every field as optional; these are the ones that an event says nothing without. */
export interface CheckedFields {
  NewFileUpload: { FileId: string };
  ProcedureStateChanged: { TaskId: string; Status: string };
  PullComplete: { TaskId: string; Status: string };
  FileDeleted: { FileIdSet: string[] };
}

/** What an event of the type `T` tells: the SDK's type, with the fields that are checked on the way in. */
export type EventTask<T extends VodEventType> = Required<EventContent>[(typeof EVENT_MEMBERS)[T]] &
  (T extends keyof CheckedFields ? CheckedFields[T] : unknown);

/** Returns whether `name` is an event type that VOD documents. */
export function isVodEventType(name: unknown): name is VodEventType {
  return typeof name === 'string' && Object.hasOwn(EVENT_MEMBERS, name);
}
