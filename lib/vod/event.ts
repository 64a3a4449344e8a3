import type {
  FileDeleteTask,
  FileUploadTask,
  ProcedureTask,
  PullUploadTask,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import * as v from 'valibot';

/**
 * An event notification of VOD, format 3.0, told apart by its type.
 *
 * `unknown` is anything else that proved to come from VOD: a type of tomorrow, or one of today's whose shape changed.
 * It is kept as it came.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export type VodEvent =
  | { readonly eventType: 'NewFileUpload'; readonly task: Identified<FileUploadTask> }
  | { readonly eventType: 'ProcedureStateChanged'; readonly task: TaskState<ProcedureTask> }
  | { readonly eventType: 'PullComplete'; readonly task: TaskState<PullUploadTask> }
  | { readonly eventType: 'FileDeleted'; readonly task: FileDeleteTask & { FileIdSet: string[] } }
  | { readonly eventType: 'unknown'; readonly name: string; readonly raw: RawEvent };

/** A notification as it came, without `Sign` and `T`. */
export type RawEvent = Readonly<Record<string, unknown>>;

// The SDK types every field as optional; these are the ones that an event says nothing without.
type Identified<T> = T & { FileId: string };
type TaskState<T> = T & { TaskId: string; Status: string };

// In the SDK's words, and in the documents' examples, `null` and absent mean the same.
const taskState = v.looseObject({
  TaskId: v.pipe(v.string(), v.nonEmpty()),
  Status: v.string(),
});
const identified = v.looseObject({ FileId: v.pipe(v.string(), v.nonEmpty()) });
const deleted = v.looseObject({ FileIdSet: v.pipe(v.array(v.string()), v.minLength(1)) });

/**
 * Answers `body` as an event. Names of types and of their members follow no rule, so they are listed.
 *
 * @param body a notification whose `Sign` was verified.
 */
export function parseVodEvent(body: RawEvent): VodEvent {
  const { EventType: eventType } = body;
  switch (eventType) {
    case 'NewFileUpload': {
      const task = body['FileUploadEvent'];
      return v.is(identified, task) ? { eventType, task } : keepRaw(body);
    }
    case 'ProcedureStateChanged': {
      const task = body['ProcedureStateChangeEvent'];
      return v.is(taskState, task) ? { eventType, task } : keepRaw(body);
    }
    case 'PullComplete': {
      const task = body['PullCompleteEvent'];
      return v.is(taskState, task) ? { eventType, task } : keepRaw(body);
    }
    case 'FileDeleted': {
      const task = body['FileDeleteEvent'];
      return v.is(deleted, task) ? { eventType, task } : keepRaw(body);
    }
    default:
      return keepRaw(body);
  }
}

function keepRaw(raw: RawEvent): VodEvent {
  const name = raw['EventType'];
  return { eventType: 'unknown', name: typeof name === 'string' ? name : '', raw };
}
