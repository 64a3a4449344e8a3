import type { Done, Failed, Retry } from '../model/attempt.ts';
import { Problem } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import type { CallOptions } from '../vod/call.ts';
import type { VodApi } from '../vod/client.ts';
import type { VodEventType } from '../vod/event.ts';
import {
  listWholeDeletions,
  parseVodEvent,
  readId,
  readText,
  type VodEvent,
} from '../vod/event.ts';
import { describeMediaEvent, MEDIA_FILTERS } from '../vod/media.ts';
import {
  confirmMediaTasks,
  describeTaskEvent,
  isTaskEventType,
  isUnknownToVod,
} from '../vod/tasks.ts';
import { type ArrivalEvent, reduceEvent } from './pending-confirmation.ts';

/**
 * VOD's answer about an event that was received without proof.
 *
 * If `confirmed`, `event` is what VOD itself reports, which may be more, and never what was pushed; if not, VOD cannot
 * be asked about such an event at all. `retry`: VOD could not be asked now. `failed`: VOD does not know what was
 * pushed, or knows it differently. If that is the arrival of a file that VOD does not have, `absent` is the reduced
 * form of what was pushed: the file may have been deleted since, or may never have existed.
 */
type Confirmation =
  | (Done & { readonly event: VodEvent; readonly confirmed: boolean })
  | (Retry & { readonly cause: Problem })
  | (Failed & { readonly absent?: ArrivalEvent });

/** The calls with which events are confirmed. */
export type ConfirmingApi = Pick<
  VodApi,
  'describeMediaInfos' | 'describeTaskDetail' | 'describeTasks'
>;

/** Events that change the state of uploads are never recorded without confirmation by VOD. */
const UPLOAD_EVENTS: ReadonlySet<string> = new Set<VodEventType>([
  'NewFileUpload',
  'PullComplete',
  'ProcedureStateChanged',
  'FileDeleted',
]);

/** Returns whether events of this type change uploads. `sweep` also finds what such an event reports. */
export function isUploadEvent({ eventType }: VodEvent): boolean {
  return UPLOAD_EVENTS.has(eventType);
}

const DENIED = { kind: 'failed', error: 'denied' } as const;

/**
 * Returns VOD's answer about `event`. VOD is not asked about texts without the form of its ids, since these may have
 * any length. Rejects with errors that are not VOD's, such as missing credentials.
 */
export async function confirmEvent(
  event: VodEvent,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Confirmation> {
  try {
    if (event.eventType === 'NewFileUpload') return await confirmMedia(event, api, options);
    if (event.eventType === 'FileDeleted') return await confirmDeletion(event, api, options);
    return await confirmTask(event, api, options);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { kind: 'retry', error: error.code, cause: error };
  }
}

async function confirmMedia(
  pushed: ArrivalEvent,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Confirmation> {
  const { FileId, ProcedureTaskId, ReviewAudioVideoTaskId } = pushed.task;
  if (readId(FileId) === undefined) return DENIED;
  const claimed = {
    procedureTaskId: readId(ProcedureTaskId),
    reviewTaskId: readId(ReviewAudioVideoTaskId),
  };
  const [answer, tasks] = await Promise.all([
    describeFiles([FileId], api, options),
    confirmMediaTasks(FileId, claimed, api, options),
  ]);
  const media = answer.MediaInfoSet?.find((found) => found.FileId === FileId);
  const event = media && describeMediaEvent(media, tasks);
  if (event !== undefined) return { kind: 'done', event, confirmed: true };
  if (!answer.NotExistFileIdSet?.includes(FileId)) return DENIED;
  const absent = reduceEvent(pushed);
  return absent.eventType === 'NewFileUpload' ? { ...DENIED, absent } : DENIED;
}

async function confirmDeletion(
  event: Extract<VodEvent, { eventType: 'FileDeleted' }>,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Confirmation> {
  const claimed = listWholeDeletions(event.task);
  // VOD does not report which parts of a media file were deleted.
  if (claimed.length === 0) return { kind: 'done', event, confirmed: false };
  const named = claimed.filter(readId);
  const gone: string[] = [];
  for (let from = 0; from < named.length; from += MAX_DESCRIBED_FILES) {
    const group = named.slice(from, from + MAX_DESCRIBED_FILES);
    const { NotExistFileIdSet } = await describeFiles(group, api, options);
    gone.push(...group.filter((fileId) => NotExistFileIdSet?.includes(fileId)));
  }
  if (gone.length === 0) return DENIED;
  return {
    kind: 'done',
    event: parseVodEvent({ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: gone } }),
    confirmed: true,
  };
}

/** Describes files; one that VOD refuses as invalid counts as one that it does not know. */
async function describeFiles(
  fileIds: readonly string[],
  api: ConfirmingApi,
  options: CallOptions,
): ReturnType<ConfirmingApi['describeMediaInfos']> {
  try {
    const request = { FileIds: [...fileIds], Filters: [...MEDIA_FILTERS] };
    return await api.describeMediaInfos(request, options);
  } catch (error) {
    if (isUnknownToVod(error)) return {};
    throw error;
  }
}

type TaskEvent = Exclude<VodEvent, { eventType: 'NewFileUpload' | 'FileDeleted' }>;

async function confirmTask(
  event: TaskEvent,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Confirmation> {
  // It has an unknown shape, but would be delivered under a name that consumers trust.
  if (event.eventType === 'unknown' && UPLOAD_EVENTS.has(event.name)) return DENIED;
  const taskId = event.eventType === 'unknown' ? undefined : readTaskId(event.task);
  if (taskId === undefined || !isTaskEventType(event.eventType)) {
    return { kind: 'done', event, confirmed: false };
  }
  if (readId(taskId) === undefined) return DENIED;
  const known = await askTask(taskId, api, options);
  if (known === 'unknown') {
    // The task may only be too old for VOD to know it.
    return isUploadEvent(event) ? DENIED : { kind: 'done', event, confirmed: false };
  }
  if (known?.eventType !== event.eventType || readTaskId(known.task) !== taskId) return DENIED;
  return isBehind(known, event) ? DENIED : { kind: 'done', event: known, confirmed: true };
}

async function askTask(
  taskId: string,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Exclude<VodEvent, { eventType: 'unknown' }> | 'unknown' | undefined> {
  try {
    const event = describeTaskEvent(await api.describeTaskDetail({ TaskId: taskId }, options));
    return event?.eventType === 'unknown' ? undefined : event;
  } catch (error) {
    if (isUnknownToVod(error)) return 'unknown';
    throw error;
  }
}

/** Returns whether a task flow that has ended according to `event` is still running according to VOD. */
function isBehind(known: VodEvent, event: VodEvent): boolean {
  return (
    known.eventType === 'ProcedureStateChanged' &&
    event.eventType === 'ProcedureStateChanged' &&
    event.task.Status === 'FINISH' &&
    known.task.Status !== 'FINISH'
  );
}

function readTaskId(task: object): string | undefined {
  return isJsonObject(task) ? readText(task['TaskId']) : undefined;
}
