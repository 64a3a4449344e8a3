import type { UploadChange } from '../ledger/upload-change.ts';
import type { MediaFields } from '../model/upload.ts';
import { listWholeDeletions } from '../vod/deleted-files.ts';
import type { EventTask } from '../vod/event-types.ts';
import { readMediaFields } from '../vod/media-fields.ts';
import { describeProcedureEnd } from '../vod/procedure-parts.ts';
import { readText, readWhole } from '../vod/vod-value.ts';
import { readContextFields, readMethod } from './context-fields.ts';
import type { ReceivedEvent } from './received-event.ts';

/** Returns what a genuine event describes uploads: nothing, something of one, or, of deleted files, of many. */
export function listUploadChanges(received: ReceivedEvent): readonly UploadChange[] {
  const { event } = received;
  switch (event.eventType) {
    case 'NewFileUpload':
      return [describeArrival(received, event.task, event.task.FileId)];
    case 'PullComplete':
      return describePull(received, event.task);
    case 'ProcedureStateChanged':
      return describeProcedure(event.task);
    case 'ReviewAudioVideoComplete':
      return describeReview(event.task);
    case 'FileDeleted':
      return listWholeDeletions(event.task).map((fileId) => ({
        key: { fileId },
        fact: 'deleted',
      }));
    default:
      return [];
  }
}

/** Returns the upload that an event names itself, as far as it does. */
export function findUploadId({ envelope, failedPull }: ReceivedEvent): string | undefined {
  return envelope?.uploadId ?? failedPull;
}

function describeArrival(
  received: ReceivedEvent,
  task: EventTask<'NewFileUpload' | 'PullComplete'>,
  fileId: string,
): UploadChange {
  const { envelope } = received;
  const basic = task.MediaBasicInfo;
  const taskId = readText(task.ProcedureTaskId) ?? readText(task.ReviewAudioVideoTaskId);
  const planned = envelope?.mediaExpireTime;
  const media = readMediaFields(basic, task.MetaData);
  const fields: MediaFields = {
    ...media,
    ...readContextFields(received),
    mediaExpireTime: media.mediaExpireTime ?? (planned === undefined ? planned : planned * 1_000),
    fileId,
    taskId,
  };
  return {
    key: envelope === undefined ? { fileId } : { uploadId: envelope.uploadId },
    fact: taskId === undefined ? 'uploaded' : 'uploadedForProcessing',
    method: readMethod(received, basic),
    owner: envelope?.owner,
    fields,
  };
}

function describePull(
  received: ReceivedEvent,
  task: EventTask<'PullComplete'>,
): readonly UploadChange[] {
  if (task.Status !== 'FINISH') return [];
  if (hasFailed(task)) return describePullFailure(received, task);
  const fileId = readText(task.FileId);
  if (fileId === undefined) return [];
  const arrival = describeArrival(received, task, fileId);
  const sessionContext = readText(task.SessionContext);
  const mediaUrl = arrival.fields?.mediaUrl ?? readText(task.FileUrl);
  const taskId = arrival.fields?.taskId ?? task.TaskId;
  return [{ ...arrival, fields: { ...arrival.fields, mediaUrl, sessionContext, taskId } }];
}

/** What the error codes of a pull mean: https://cloud.tencent.com/document/product/266/31773#PullUploadTask. */
const PULL_ERRORS: ReadonlyMap<number, string> = new Map([
  [40_000, 'VOD takes the parameters of the pull for wrong.'],
  [60_000, 'VOD could not read the media at its URL.'],
  [70_000, 'VOD failed: the same pull may succeed later.'],
]);

function describePullFailure(
  received: ReceivedEvent,
  { TaskId: taskId, ErrCode: vodErrCode = 0 }: EventTask<'PullComplete'>,
): readonly UploadChange[] {
  const { failedPull: uploadId } = received;
  // A pull of somebody else that came to nothing is nobody's upload.
  if (uploadId === undefined) return [];
  const detail = PULL_ERRORS.get(vodErrCode) ?? 'VOD did not pull the media.';
  const problem = { code: 'pull_failed', detail, vodErrCode };
  return [{ key: { uploadId }, fact: 'pullFailed', method: 'pull', fields: { taskId, problem } }];
}

/** Returns whether a pull that has ended came to nothing. */
export function hasFailed({ ErrCode: errCode }: EventTask<'PullComplete'>): boolean {
  return (readWhole(errCode) ?? 0) !== 0;
}

function describeProcedure(task: EventTask<'ProcedureStateChanged'>): readonly UploadChange[] {
  const fileId = readText(task.FileId);
  if (fileId === undefined) return [];
  const told = { taskId: task.TaskId, sessionContext: readText(task.SessionContext) };
  if (task.Status === 'PROCESSING') {
    return [{ key: { fileId }, fact: 'processingStarted', fields: told }];
  }
  if (task.Status !== 'FINISH') return [];
  const { succeeded, problem } = describeProcedureEnd(task);
  return [
    {
      key: { fileId },
      fact: succeeded ? 'processingSucceeded' : 'processingFailed',
      fields: { ...told, problem },
    },
  ];
}

/**
 * A review tells that its file is there. Whether it ends the upload depends on what else was begun with it, which only
 * the ledger knows: see `takeEvents`.
 */
function describeReview(task: EventTask<'ReviewAudioVideoComplete'>): readonly UploadChange[] {
  const fileId = readText(task.Input?.FileId);
  return fileId === undefined ? [] : [{ key: { fileId }, fact: 'uploadedForProcessing' }];
}
