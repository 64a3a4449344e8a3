/**
 * The members of `EventContent`, one for each type of event, as API version 2018-07-17 lists them
 * (https://cloud.tencent.com/document/product/266/31773). The names follow no rule.
 */
const MEMBERS = [
  'FileUploadEvent',
  'ProcedureStateChangeEvent',
  'FileDeleteEvent',
  'PullCompleteEvent',
  'EditMediaCompleteEvent',
  'SplitMediaCompleteEvent',
  'ComposeMediaCompleteEvent',
  'ClipCompleteEvent',
  'TranscodeCompleteEvent',
  'CreateImageSpriteCompleteEvent',
  'ConcatCompleteEvent',
  'SnapshotByTimeOffsetCompleteEvent',
  'WechatPublishCompleteEvent',
  'WechatMiniProgramPublishCompleteEvent',
  'RemoveWatermarkCompleteEvent',
  'RestoreMediaCompleteEvent',
  'RebuildMediaCompleteEvent',
  'ExtractTraceWatermarkCompleteEvent',
  'ExtractCopyRightWatermarkCompleteEvent',
  'ReviewAudioVideoCompleteEvent',
  'ReduceMediaBitrateCompleteEvent',
  'DescribeFileAttributesCompleteEvent',
  'QualityInspectCompleteEvent',
  'QualityEnhanceCompleteEvent',
  'MediaCastStatusChangedEvent',
  'PersistenceCompleteEvent',
  'ComplexAdaptiveDynamicStreamingCompleteEvent',
  'ProcessMediaByMPSCompleteEvent',
  'AigcImageCompleteEvent',
  'AigcVideoCompleteEvent',
  'ExtractBlindWatermarkComplete',
  'SceneAigcImageCompleteEvent',
  'ProcessImageAsyncCompleteEvent',
  'CreateAigcAdvancedCustomElementCompleteEvent',
  'CreateAigcCustomVoiceCompleteEvent',
  'DescribeAigcFaceInfoAsyncCompleteEvent',
] as const;

/** The types of event that the emulator sends, with the member of `EventContent` for each. */
const MEMBER_OF = {
  NewFileUpload: 'FileUploadEvent',
  ProcedureStateChanged: 'ProcedureStateChangeEvent',
  FileDeleted: 'FileDeleteEvent',
  PullComplete: 'PullCompleteEvent',
} as const satisfies Record<string, (typeof MEMBERS)[number]>;

/** A type of event that the emulator sends. */
export type EventType = keyof typeof MEMBER_OF;

/**
 * Returns an event in the form of a push notification: without `EventHandle`, and with the members of other types null.
 */
export function buildEventContent(
  eventType: EventType,
  payload: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const absent = Object.fromEntries(MEMBERS.map((member) => [member, null]));
  return { EventType: eventType, ...absent, [MEMBER_OF[eventType]]: payload };
}
