import type { Ledger } from '../ledger/ledger.ts';
import {
  type DecodedSourceContext,
  decodeSourceContext,
  type Envelope,
  type TrustedContexts,
} from '../model/source-context.ts';
import type { Upload } from '../model/upload.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { MAX_LOGGED_LENGTH } from '../runtime/item-fault.ts';
import { UPLOAD_ID } from '../validation/fields.ts';
import {
  type LegacyEvent,
  type RawEvent,
  readText,
  replaceSourceContext,
  type VodEvent,
  writeVodEvent,
} from '../vod/event.ts';
import { identifyEvent } from '../vod/event-id.ts';
import { hasPullFailed } from '../vod/tasks.ts';

/** An event with its id, and with the two parts of its `SourceContext`. */
export interface ReceivedEvent extends DecodedSourceContext {
  readonly eventId: string;
  readonly event: VodEvent;
  /** Upload whose pull has failed according to the event, if the ledger knows that pull. */
  readonly failedPull?: string;
}

/** The application of VOD that an event is from. */
export interface Origin {
  /** The one that it is from; undefined if the configuration names none. */
  readonly subAppId: number | undefined;
  /** The service's own; undefined if the configuration names none. */
  readonly own: number | undefined;
  /** What its contexts are verified with. */
  readonly contexts: TrustedContexts;
  /** Set if VOD has not shown it: it has an id of its own, so that what VOD shows later is not known already. */
  readonly isUnshown?: true | undefined;
}

/**
 * Returns `event` with its id and the decoded context of its upload.
 *
 * Only events that end an upload have a `SourceContext`; for the others both parts are empty.
 */
export function receiveEvent(event: VodEvent, origin: Origin): ReceivedEvent {
  const { subAppId, own, contexts, isUnshown } = origin;
  const isOwn = subAppId === own;
  const id = identifyEvent(event, isOwn ? undefined : subAppId);
  const eventId = isUnshown ? `${id}_unconfirmed` : id;
  // Uploads that began before an application was configured belong to the service's own.
  const subAppIds = isOwn && own !== undefined ? [own, undefined] : [subAppId];
  const context = readSourceContext(event);
  return { eventId, event, ...decodeSourceContext(context, { ...contexts, subAppIds }) };
}

/** Returns the event as it is recorded and delivered: with the envelope removed from its `SourceContext`. */
export function writeReceivedEvent({ event, sourceContext }: ReceivedEvent): RawEvent {
  const raw = writeVodEvent(event);
  if (readSourceContext(event) === sourceContext) return raw;
  const write = (task: unknown) => replaceSourceContext(task, () => sourceContext);
  return Object.fromEntries(Object.entries(raw).map(([name, task]) => [name, write(task)]));
}

/** Most files of one event that are logged. */
const MAX_LOGGED = 20;

/** Returns the log fields for an event: ids and states, but nothing that a caller wrote. */
export function describeReceivedEvent(received: ReceivedEvent): LogFields {
  const { eventId, event, unproven } = received;
  const envelope = unproven ? undefined : received.envelope;
  return {
    eventId,
    ...describeEvent(event),
    ...(envelope === undefined
      ? {}
      : { uploadId: envelope.uploadId, owner: envelope.owner, uploadMethod: envelope.method }),
  };
}

/** Returns the log fields for a notification in the former format, which was not processed. */
export function describeLegacyEvent(event: LegacyEvent): LogFields {
  return {
    level: 'warn',
    eventType: cut(event.eventType),
    ...textField('fileId', event.fileId),
    reason:
      'The application still sends format 2.0, which is not supported. Switch it to 3.0: in the callback settings of the VOD console, or with NotificationUrl of ModifyEventConfig.',
  };
}

function readSourceContext(event: VodEvent): string {
  if (event.eventType !== 'NewFileUpload' && event.eventType !== 'PullComplete') return '';
  const context: unknown = event.task.MediaBasicInfo?.SourceInfo?.SourceContext;
  return typeof context === 'string' ? context : '';
}

function describeEvent(event: VodEvent): LogFields {
  const { eventType } = event;
  switch (eventType) {
    case 'NewFileUpload':
      return {
        eventType,
        ...textField('fileId', event.task.FileId),
        ...textField('sourceType', event.task.MediaBasicInfo?.SourceInfo?.SourceType),
      };
    case 'FileDeleted':
      return { eventType, fileIds: event.task.FileIdSet.slice(0, MAX_LOGGED).map(cut) };
    case 'unknown':
      return {
        level: 'warn',
        eventType: cut(event.name),
        reason: 'The type or the shape of the event is unknown.',
      };
    default:
      return { eventType, ...describeTask(event.task) };
  }
}

/** Which of these fields a task has depends on its type; a field means the same in every type. */
function describeTask(task: object): LogFields {
  const fields = new Map<string, unknown>(Object.entries(task));
  const errorCode = fields.get('ErrCode');
  return {
    ...textField('taskId', fields.get('TaskId')),
    ...textField('taskStatus', fields.get('Status')),
    ...textField('fileId', fields.get('FileId')),
    ...(typeof errorCode === 'number' ? { taskErrCode: errorCode } : {}),
  };
}

/** VOD writes an empty text for a missing one. */
function textField(
  name: 'fileId' | 'sourceType' | 'taskId' | 'taskStatus',
  value: unknown,
): LogFields {
  return typeof value === 'string' && value !== '' ? { [name]: cut(value) } : {};
}

/** Text that VOD has not confirmed may have any length. */
function cut(text: string): string {
  return text.slice(0, MAX_LOGGED_LENGTH);
}

/**
 * Returns `received` with what only the ledger can prove: an envelope without a MAC, and the upload of a failed pull.
 * Both are accepted only for an upload that this service began by this method in this application.
 */
export async function proveEvent(
  received: ReceivedEvent,
  origin: Origin,
  ledger: Pick<Ledger, 'findUpload'>,
): Promise<ReceivedEvent> {
  const { unproven, envelope, ...rest } = received;
  if (unproven !== undefined && envelope !== undefined) {
    const upload = await ledger.findUpload(envelope.uploadId);
    if (upload !== undefined && isOfEnvelope(upload, envelope, origin)) {
      return { ...rest, envelope: toEnvelope(upload, envelope) };
    }
    return { ...rest, sourceContext: readSourceContext(received.event) };
  }
  const claim = readFailedPull(received);
  const pull = claim && (await ledger.findUpload(claim.uploadId));
  return claim !== undefined && pull !== undefined && isOfPull(pull, claim, origin)
    ? { ...received, failedPull: claim.uploadId }
    : received;
}

/** Only the upload's identity is accepted from an unproven envelope; the ledger has what was requested. */
function toEnvelope(
  { limits, mediaExpireTime }: Upload,
  { uploadId, owner, method }: Envelope,
): Envelope {
  const expiry = mediaExpireTime === undefined ? {} : { mediaExpireTime: mediaExpireTime / 1_000 };
  return { uploadId, owner, method, limits, ...expiry };
}

function isOfEnvelope(upload: Upload, { owner, method }: Envelope, origin: Origin): boolean {
  return upload.owner === owner && upload.method === method && isOfApplication(upload, origin);
}

function isOfPull(upload: Upload, { taskId }: FailedPull, origin: Origin): boolean {
  const isOfTask = upload.taskId === undefined || upload.taskId === taskId;
  return upload.method === 'pull' && isOfTask && isOfApplication(upload, origin);
}

/** Uploads that were recorded before an application was configured belong to the service's own. */
function isOfApplication({ subAppId }: Upload, origin: Origin): boolean {
  return (subAppId ?? origin.own) === origin.subAppId;
}

interface FailedPull {
  readonly uploadId: string;
  readonly taskId: string;
}

/**
 * A failed pull has no media with an envelope, but every pull of this service has its upload's id as its `SessionId`.
 * Other programs may write any text there.
 */
function readFailedPull({ event }: ReceivedEvent): FailedPull | undefined {
  if (event.eventType !== 'PullComplete' || !hasPullFailed(event.task)) return undefined;
  const { SessionId, TaskId: taskId } = event.task;
  const uploadId = readText(SessionId);
  return uploadId !== undefined && UPLOAD_ID.test(uploadId) ? { uploadId, taskId } : undefined;
}
