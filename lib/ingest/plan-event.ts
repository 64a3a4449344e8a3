import type { MediaBasicInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { EventRecord } from '../ledger/recording/event-record.ts';
import type { UploadChange } from '../ledger/uploads/upload-row.ts';
import type { MediaFields } from '../model/upload.ts';
import type { UploadMethod } from '../model/upload-state.ts';
import type { Settings } from '../policy/settings.ts';
import { defined } from '../validation/json-object.ts';
import type { EventTask } from '../vod/event.ts';
import { listWholeDeletions, readId, readText, type VodEvent } from '../vod/event.ts';
import { nameVodEvent } from '../vod/event-id.ts';
import { readMediaFields } from '../vod/media.ts';
import { describeProcedureEnd, hasPullFailed } from '../vod/tasks.ts';
import { applyLimitsAndRules } from './apply-limits-and-rules.ts';
import { type Origin, type ReceivedEvent, writeReceivedEvent } from './received-event.ts';

/** How an event was received. */
export interface Reception extends Origin {
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Whether VOD itself reported it; other events change no upload, unless {@link isAbsent} is set. */
  readonly confirmed: boolean;
  /** Set for the arrival of a file that VOD no longer has: it is recorded for its upload, without actions. */
  readonly isAbsent?: true;
  /** Limits of new media, and rules for them. */
  readonly settings: Pick<Settings, 'policy' | 'rules'>;
  /** Whether a file cannot be examined again later, so that it is judged by what VOD has read so far. */
  readonly isOnlyChance?: boolean;
  /** Seconds for which the caller claims the deliveries, whose first attempts it makes; missing if it makes none. */
  readonly leaseSeconds?: number | undefined;
}

/** What is to be recorded of an event. */
export type PlannedEvent = EventRecord & Required<Pick<EventRecord, 'actions'>>;

/** Returns what is to be recorded: the event itself, its changes of uploads, and actions on their media. */
export function planEvent(received: ReceivedEvent, reception: Reception): PlannedEvent {
  const { eventId, event } = received;
  const { subAppId, own, receivedAt, confirmed, isAbsent } = reception;
  const described = confirmed || isAbsent ? listUploadChanges(received) : [];
  const ofTenant = subAppId === own ? {} : ({ ofTenant: true } as const);
  const changes =
    subAppId === undefined
      ? described
      : described.map((change) => ({
          ...change,
          ...ofTenant,
          fields: { ...change.fields, subAppId },
        }));
  return {
    eventId,
    subAppId,
    eventType: nameVodEvent(event.eventType === 'unknown' ? event.name : event.eventType),
    uploadId:
      confirmed || isAbsent ? (received.envelope?.uploadId ?? received.failedPull) : undefined,
    ...readSubject(event),
    payload: writeReceivedEvent(received),
    confirmed,
    ...(confirmed
      ? applyLimitsAndRules(received, changes, reception)
      : { changes: changes.map(withhold), actions: [] }),
    receivedAt,
  };
}

/** Returns the change for a file that no longer exists, which must not be announced as ready to use. */
function withhold(change: UploadChange): UploadChange {
  return { ...change, fact: 'uploadedForProcessing' };
}

/** Returns the one file and the one task that an event is about, if it names them. */
function readSubject(event: VodEvent): Pick<EventRecord, 'fileId' | 'taskId'> {
  if (event.eventType === 'unknown') return {};
  if (event.eventType === 'FileDeleted') {
    const [fileId, ...others] = event.task.FileIdSet;
    return others.length === 0 ? { fileId: readId(fileId) } : {};
  }
  const fields = new Map<string, unknown>(Object.entries(event.task));
  return { fileId: readId(fields.get('FileId')), taskId: readId(fields.get('TaskId')) };
}

/** Returns the changes of uploads in a genuine event: none, one, or, for deleted files, many. */
function listUploadChanges(received: ReceivedEvent): readonly UploadChange[] {
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
  if (hasPullFailed(task)) return describePullFailure(received, task);
  const fileId = readText(task.FileId);
  if (fileId === undefined) return [];
  const arrival = describeArrival(received, task, fileId);
  const sessionContext = readText(task.SessionContext);
  const mediaUrl = arrival.fields?.mediaUrl ?? readText(task.FileUrl);
  const taskId = arrival.fields?.taskId ?? task.TaskId;
  return [{ ...arrival, fields: { ...arrival.fields, mediaUrl, sessionContext, taskId } }];
}

/** Meanings of the error codes of a pull: https://cloud.tencent.com/document/product/266/31773#PullUploadTask. */
const PULL_ERRORS: ReadonlyMap<number, string> = new Map([
  [40_000, 'VOD rejected the parameters of the pull.'],
  [60_000, 'VOD could not read the media at its URL.'],
  [70_000, 'VOD failed: the same pull may succeed later.'],
]);

function describePullFailure(
  received: ReceivedEvent,
  { TaskId: taskId, ErrCode: vodErrCode = 0 }: EventTask<'PullComplete'>,
): readonly UploadChange[] {
  const { failedPull: uploadId } = received;
  // A failed pull of another program is not an upload of this service.
  if (uploadId === undefined) return [];
  const detail = PULL_ERRORS.get(vodErrCode) ?? 'VOD did not pull the media.';
  const problem = { code: 'pull_failed', detail, vodErrCode };
  return [{ key: { uploadId }, fact: 'pullFailed', method: 'pull', fields: { taskId, problem } }];
}

function describeProcedure(task: EventTask<'ProcedureStateChanged'>): readonly UploadChange[] {
  const fileId = readText(task.FileId);
  if (fileId === undefined) return [];
  const fields = { taskId: task.TaskId, sessionContext: readText(task.SessionContext) };
  if (task.Status === 'PROCESSING') {
    return [{ key: { fileId }, fact: 'processingStarted', fields }];
  }
  if (task.Status !== 'FINISH') return [];
  const { succeeded, problem } = describeProcedureEnd(task);
  return [
    {
      key: { fileId },
      fact: succeeded ? 'processingSucceeded' : 'processingFailed',
      fields: { ...fields, problem },
    },
  ];
}

/**
 * A review shows that its file is there. Whether it ends the upload depends on what else was started, which only the
 * ledger knows: see `ingestBatch`.
 */
function describeReview(task: EventTask<'ReviewAudioVideoComplete'>): readonly UploadChange[] {
  const fileId = readText(task.Input?.FileId);
  return fileId === undefined ? [] : [{ key: { fileId }, fact: 'uploadedForProcessing' }];
}

/** Returns the fields that come from the upload's context, as its media do not have them. */
function readContextFields({ envelope, sourceContext }: ReceivedEvent): MediaFields {
  const limits = defined({ ...envelope?.limits });
  return {
    sourceContext: readText(sourceContext),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** Returns the method by which media arrived. */
function readMethod(
  { envelope, sourceContext }: ReceivedEvent,
  basic: MediaBasicInfo | undefined,
): UploadMethod {
  if (envelope !== undefined) return envelope.method;
  if (RECORDINGS.has(basic?.SourceInfo?.SourceType)) return 'live';
  // The console is the only way of uploading that cannot set a context.
  return sourceContext === '' ? 'console' : 'other';
}

/** Sources of recordings: https://cloud.tencent.com/document/product/266/31773. */
const RECORDINGS: ReadonlySet<unknown> = new Set(['Record', 'TrtcRecord', 'WebPageRecord']);
