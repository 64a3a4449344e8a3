import { isJsonObject } from '../validation/json-object.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import { readText } from '../vod/vod-value.ts';

/** Longest `SourceType` or state: the documented ones have fewer than 20 letters (https://cloud.tencent.com/document/product/266/31773). */
const MAX_TYPE = 64;

/** Longest id of a task that is kept, which is the longest that VOD is asked about; those of VOD are far shorter. */
const MAX_ID = 128;

/**
 * Returns `event` with no more than it takes to ask VOD about it, and to know whose file it is: ids, and of an arrival
 * where it says that the file came from. What VOD may not be able to describe stays whole.
 */
export function reduceEvent(event: VodEvent): VodEvent {
  switch (event.eventType) {
    case 'NewFileUpload': {
      const { FileId, ProcedureTaskId, ReviewAudioVideoTaskId } = event.task;
      const source = readSource(event.task.MediaBasicInfo);
      return writeArrival(FileId, source, {
        ProcedureTaskId: readShort(ProcedureTaskId),
        ReviewAudioVideoTaskId: readShort(ReviewAudioVideoTaskId),
      });
    }
    case 'PullComplete': {
      const { TaskId, Status } = event.task;
      return parseVodEvent({
        EventType: 'PullComplete',
        PullCompleteEvent: { TaskId, Status: Status.slice(0, MAX_TYPE) },
      });
    }
    case 'ProcedureStateChanged': {
      const { TaskId, Status } = event.task;
      return parseVodEvent({
        EventType: 'ProcedureStateChanged',
        ProcedureStateChangeEvent: { TaskId, Status: Status.slice(0, MAX_TYPE) },
      });
    }
    default:
      return event;
  }
}

function readShort(id: unknown): string | undefined {
  return typeof id === 'string' && id.length <= MAX_ID ? id : undefined;
}

/** Returns the arrival of the file `fileId` as an event that says where it came from, with `others` of its fields. */
export function writeArrival(fileId: string, source: object, others: object = {}): VodEvent {
  const isEmpty = Object.keys(source).length === 0;
  const basic = isEmpty ? {} : { MediaBasicInfo: { SourceInfo: source } };
  return parseVodEvent({
    EventType: 'NewFileUpload',
    FileUploadEvent: { ...others, FileId: fileId, ...basic },
  });
}

/** Returns the `SourceInfo` of a media as far as uploads are known by it. */
export function readSource(basic: unknown): Readonly<Record<string, string>> {
  const info = isJsonObject(basic) && isJsonObject(basic['SourceInfo']) ? basic['SourceInfo'] : {};
  const type = readText(info['SourceType']);
  const context = readText(info['SourceContext']);
  return {
    ...(type !== undefined && type.length <= MAX_TYPE ? { SourceType: type } : {}),
    // What is longer, VOD has kept for nobody.
    ...(context !== undefined && Buffer.byteLength(context) <= MAX_SOURCE_CONTEXT_BYTES
      ? { SourceContext: context }
      : {}),
  };
}
