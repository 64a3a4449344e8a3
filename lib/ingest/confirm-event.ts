import { Problem } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { CallOptions } from '../vod/call.ts';
import type { VodApi } from '../vod/client.ts';
import { listWholeDeletions } from '../vod/deleted-files.ts';
import { parseVodEvent, type VodEvent } from '../vod/event.ts';
import type { VodEventType } from '../vod/event-types.ts';
import { describeMediaEvent, MEDIA_FILTERS } from '../vod/media-event.ts';
import { confirmMediaTasks, isUnknownToVod } from '../vod/media-tasks.ts';
import { describeTaskEvent, isTaskEventType } from '../vod/task-event.ts';
import { readId, readText } from '../vod/vod-value.ts';
import type { AbsentEvent } from './absent-arrival.ts';
import { reduceEvent } from './reduce-event.ts';

/**
 * What VOD says to an event that came without proof.
 *
 * `confirmed` holds what VOD itself says, which may be more, and never what was pushed. `denied` is what VOD does not
 * know of, or knows otherwise; where that is the arrival of a file of which VOD says that it is not there, `absent` is what
 * was pushed, reduced: the file may have been deleted since, or never have been. `unavailable` is what VOD could not be
 * asked about now, and `unconfirmable` what it cannot be asked about at all.
 */
export type Confirmation =
  | { readonly kind: 'confirmed'; readonly event: VodEvent }
  | { readonly kind: 'denied'; readonly absent?: AbsentEvent }
  | { readonly kind: 'unavailable'; readonly problem: Problem }
  | { readonly kind: 'unconfirmable'; readonly event: VodEvent };

/** The calls by which events are confirmed. */
export type ConfirmingApi = Pick<
  VodApi,
  'describeMediaInfos' | 'describeTaskDetail' | 'describeTasks'
>;

/** Most files of one call: https://cloud.tencent.com/document/product/266/31763. */
const MAX_FILES = 20;

/** What uploads live by is never taken without VOD's word. */
const UPLOAD_EVENTS: ReadonlySet<string> = new Set<VodEventType>([
  'NewFileUpload',
  'PullComplete',
  'ProcedureStateChanged',
  'FileDeleted',
]);

/** Returns whether uploads live by events of this type. What such an event tells, `sweep` finds without it too. */
export function isUploadEvent({ eventType }: VodEvent): boolean {
  return UPLOAD_EVENTS.has(eventType);
}

const DENIED = { kind: 'denied' } as const;

/**
 * Returns what VOD says to `event`; it is asked about nothing that has not the form of its ids, which may be of any length.
 * It rejects with what is no fault of VOD's, as missing credentials.
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
    if (error instanceof Problem) return { kind: 'unavailable', problem: error };
    throw error;
  }
}

async function confirmMedia(
  pushed: AbsentEvent,
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
  if (event !== undefined) return { kind: 'confirmed', event };
  if (!answer.NotExistFileIdSet?.includes(FileId)) return DENIED;
  const absent = reduceEvent(pushed);
  return absent.eventType === 'NewFileUpload' ? { kind: 'denied', absent } : DENIED;
}

async function confirmDeletion(
  event: Extract<VodEvent, { eventType: 'FileDeleted' }>,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Confirmation> {
  const claimed = listWholeDeletions(event.task);
  // Which parts of a media are gone for good, it does not tell.
  if (claimed.length === 0) return { kind: 'unconfirmable', event };
  const named = claimed.filter(readId);
  const gone: string[] = [];
  for (let from = 0; from < named.length; from += MAX_FILES) {
    const group = named.slice(from, from + MAX_FILES);
    const { NotExistFileIdSet } = await describeFiles(group, api, options);
    gone.push(...group.filter((fileId) => NotExistFileIdSet?.includes(fileId)));
  }
  if (gone.length === 0) return DENIED;
  return {
    kind: 'confirmed',
    event: parseVodEvent({ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: gone } }),
  };
}

/** A file that VOD takes for none is as good as one that it does not know. */
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
  // In a shape that nobody knows, it would be told under a name that consumers trust.
  if (event.eventType === 'unknown' && UPLOAD_EVENTS.has(event.name)) return DENIED;
  const taskId = event.eventType === 'unknown' ? undefined : readTaskId(event.task);
  if (taskId === undefined || !isTaskEventType(event.eventType)) {
    return { kind: 'unconfirmable', event };
  }
  if (readId(taskId) === undefined) return DENIED;
  const told = await askTask(taskId, api, options);
  if (told === 'unknown') {
    // Perhaps the task is only too old to ask about.
    return isUploadEvent(event) ? DENIED : { kind: 'unconfirmable', event };
  }
  if (told?.eventType !== event.eventType || readTaskId(told.task) !== taskId) return DENIED;
  return isBehind(told, event) ? DENIED : { kind: 'confirmed', event: told };
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

/** Returns whether VOD has a task flow still running of which `event` tells the end. */
function isBehind(told: VodEvent, event: VodEvent): boolean {
  return (
    told.eventType === 'ProcedureStateChanged' &&
    event.eventType === 'ProcedureStateChanged' &&
    event.task.Status === 'FINISH' &&
    told.task.Status !== 'FINISH'
  );
}

function readTaskId(task: object): string | undefined {
  return isJsonObject(task) ? readText(task['TaskId']) : undefined;
}
