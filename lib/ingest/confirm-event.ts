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
  TASK_MEMBERS,
  type TaskEventType,
} from '../vod/tasks.ts';
import { type ArrivalEvent, reduceEvent } from './pending-confirmation.ts';

/**
 * VOD's answer about an event that was received without proof.
 *
 * If `confirmed`, `event` is what VOD itself reports, which may be more, and never what was pushed; if not, VOD cannot
 * be asked about such an event at all. `retry`: VOD could not be asked now. `unshown`: VOD may show it later. `failed`:
 * VOD does not know what was pushed, or knows it differently. If that is the arrival of a file that VOD does not have,
 * `absent` is the reduced form of what was pushed: the file may have been deleted since, or may never have existed.
 */
export type Confirmation =
  | Confirmed
  | (Retry & { readonly cause: Problem })
  | Unshown
  | (Failed & { readonly absent?: ArrivalEvent });

/** An event that can be recorded. */
export interface Confirmed extends Done {
  readonly event: VodEvent;
  readonly confirmed: boolean;
  /** Set if VOD might have shown it, and has not. */
  readonly isUnshown?: true;
}

/** An event that VOD does not show yet, such as the end of a task that it describes as running, and does not contradict. */
export interface Unshown {
  readonly kind: 'unshown';
  /** What VOD is to be asked about again. */
  readonly event: VodEvent;
  /** What is recorded if VOD does not show it in time; if missing, nothing is. */
  readonly otherwise?: Confirmed | undefined;
}

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
  if (media !== undefined) return { kind: 'unshown', event: reduceEvent(pushed) };
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
  let isShown = false;
  for (let from = 0; from < named.length; from += MAX_DESCRIBED_FILES) {
    const group = named.slice(from, from + MAX_DESCRIBED_FILES);
    const { MediaInfoSet, NotExistFileIdSet } = await describeFiles(group, api, options);
    gone.push(...group.filter((fileId) => NotExistFileIdSet?.includes(fileId)));
    isShown ||= group.some((fileId) => MediaInfoSet?.some(({ FileId }) => FileId === fileId));
  }
  const confirmed = gone.length === 0 ? undefined : confirmGone(gone);
  // All together, since a part of a notification has another id: it would be told twice once VOD shows the rest.
  if (isShown) return { kind: 'unshown', event, otherwise: confirmed };
  return confirmed ?? DENIED;
}

function confirmGone(fileIds: readonly string[]): Confirmed {
  const event = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: fileIds } };
  return { kind: 'done', event: parseVodEvent(event), confirmed: true };
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
type KnownTaskEvent = Exclude<TaskEvent, { eventType: 'unknown' }>;

async function confirmTask(
  event: TaskEvent,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Confirmation> {
  // It has an unknown shape, but would be delivered under a name that consumers trust.
  if (event.eventType === 'unknown' && UPLOAD_EVENTS.has(event.name)) return DENIED;
  if (event.eventType === 'unknown') return acceptUnconfirmed(event);
  const taskId = readTaskId(event.task);
  if (taskId === undefined || !isTaskEventType(event.eventType)) return acceptUnconfirmed(event);
  if (readId(taskId) === undefined) return DENIED;
  const detail = await askTask(taskId, api, options);
  // The task may only be too old for VOD to know it.
  if (detail === undefined) return isUploadEvent(event) ? DENIED : acceptUnconfirmed(event);
  if (contradicts(detail, event.eventType, event.task)) return DENIED;
  const known = describeTaskEvent(detail);
  if (known === undefined || isBehind(known, event)) return waitForTask(event);
  return { kind: 'done', event: known, confirmed: true };
}

/** Returns undefined if VOD does not know the task. */
async function askTask(
  taskId: string,
  api: ConfirmingApi,
  options: CallOptions,
): Promise<Awaited<ReturnType<ConfirmingApi['describeTaskDetail']>> | undefined> {
  try {
    return await api.describeTaskDetail({ TaskId: taskId }, options);
  } catch (error) {
    if (isUnknownToVod(error)) return undefined;
    throw error;
  }
}

/** Returns whether VOD describes another task: of another type, with another id, or that is running on another file. */
function contradicts(detail: object, eventType: TaskEventType, told: object): boolean {
  const members = new Map<string, unknown>(Object.entries(detail));
  const task = members.get(TASK_MEMBERS[eventType]);
  if (!isJsonObject(task)) {
    return Object.values(TASK_MEMBERS).some((member) => isJsonObject(members.get(member)));
  }
  if (readTaskId(task) !== readTaskId(told)) return true;
  // Of a task that has ended, VOD's content is recorded, whatever was pushed.
  if ((task['Status'] ?? members.get('Status')) === 'FINISH') return false;
  const [file, toldFile] = [readTaskFile(task), readTaskFile(told)];
  return file !== undefined && toldFile !== undefined && file !== toldFile;
}

function waitForTask(event: KnownTaskEvent): Confirmation {
  if (!isUploadEvent(event)) {
    return { kind: 'unshown', event, otherwise: { ...acceptUnconfirmed(event), isUnshown: true } };
  }
  // Reduced, so that no more of them are waiting than there are tasks.
  return isReported(event) ? { kind: 'unshown', event: reduceEvent(event) } : DENIED;
}

function acceptUnconfirmed(event: VodEvent): Confirmed {
  return { kind: 'done', event, confirmed: false };
}

/** Returns whether VOD reports a task that changes uploads in this state: its end, and each step of a flow. */
function isReported({ eventType, task }: KnownTaskEvent): boolean {
  const status = readText(Object(task)['Status']);
  return status === 'FINISH' || (eventType === 'ProcedureStateChanged' && status === 'PROCESSING');
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

function readTaskFile(task: object): string | undefined {
  const { FileId: fileId, Input: input }: Readonly<Record<string, unknown>> = { ...task };
  return readText(fileId) ?? (isJsonObject(input) ? readText(input['FileId']) : undefined);
}

function readTaskId(task: object): string | undefined {
  return isJsonObject(task) ? readText(task['TaskId']) : undefined;
}
