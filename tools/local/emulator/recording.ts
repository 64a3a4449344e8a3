import * as v from 'valibot';

/** A live stream, or a part of one: `LiveRecordInfo`. */
const liveRecording = v.object({
  sourceType: v.literal('Record'),
  domain: v.string(),
  path: v.string(),
  streamId: v.string(),
  /** ISO 8601, as the next. */
  recordStartTime: v.string(),
  recordEndTime: v.string(),
});

/** A room of TRTC: `TrtcRecordInfo`. */
const trtcRecording = v.object({
  sourceType: v.literal('TrtcRecord'),
  sdkAppId: v.number(),
  roomId: v.string(),
  taskId: v.string(),
  userIds: v.array(v.string()),
});

/** A web page: `WebPageRecordInfo`. */
const webPageRecording = v.object({
  sourceType: v.literal('WebPageRecord'),
  recordUrl: v.string(),
  recordTaskId: v.string(),
});

/** The source of a recorded media, in the file of the state. */
export const recordingSchema = v.variant('sourceType', [
  liveRecording,
  trtcRecording,
  webPageRecording,
]);

/** The source of a recorded media: https://cloud.tencent.com/document/product/266/31773. */
export type Recording = Readonly<v.InferOutput<typeof recordingSchema>>;

/** Returns `SourceInfo` of a media; without `recording` it was uploaded. */
export function buildSourceInfo(
  sourceContext: string,
  recording: Recording | undefined,
): Readonly<Record<string, unknown>> {
  return {
    SourceType: recording?.sourceType ?? 'Upload',
    SourceContext: sourceContext,
    ...{ LiveRecordInfo: null, TrtcRecordInfo: null, WebPageRecordInfo: null },
    ...(recording === undefined ? {} : describeRecording(recording)),
  };
}

function describeRecording(recording: Recording): Readonly<Record<string, unknown>> {
  switch (recording.sourceType) {
    case 'Record': {
      const { domain, path, streamId, recordStartTime, recordEndTime } = recording;
      return {
        LiveRecordInfo: {
          ...{ Domain: domain, Path: path, StreamId: streamId },
          ...{ RecordStartTime: recordStartTime, RecordEndTime: recordEndTime },
        },
      };
    }
    case 'TrtcRecord': {
      const { sdkAppId, roomId, taskId, userIds } = recording;
      return {
        TrtcRecordInfo: { SdkAppId: sdkAppId, RoomId: roomId, TaskId: taskId, UserIds: userIds },
      };
    }
    case 'WebPageRecord': {
      const { recordUrl, recordTaskId } = recording;
      return { WebPageRecordInfo: { RecordUrl: recordUrl, RecordTaskId: recordTaskId } };
    }
  }
}
