import type {
  AigcVideoTask,
  EventContent,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import * as v from 'valibot';
import { isJsonObject } from '../validation/json-object.ts';

/** The members of a notification: those of the SDK, and newer ones that only the SDK of all products has. */
interface Notification extends EventContent {
  AigcHunyuan3DCompleteEvent?: Omit<AigcVideoTask, 'Input' | 'Output'>;
}

/**
 * Which member of a notification holds the task of an event type.
 *
 * The names follow no rule, so each is listed. `ReduceMediaBitrateCompleteEvent` is missing because no type belongs to
 * it: the documentation calls it invalid.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export const EVENT_MEMBERS = {
  NewFileUpload: 'FileUploadEvent',
  ProcedureStateChanged: 'ProcedureStateChangeEvent',
  FileDeleted: 'FileDeleteEvent',
  PullComplete: 'PullCompleteEvent',
  EditMediaComplete: 'EditMediaCompleteEvent',
  SplitMediaComplete: 'SplitMediaCompleteEvent',
  ComposeMediaComplete: 'ComposeMediaCompleteEvent',
  WechatPublishComplete: 'WechatPublishCompleteEvent',
  WechatMiniProgramPublishComplete: 'WechatMiniProgramPublishCompleteEvent',
  RemoveWatermark: 'RemoveWatermarkCompleteEvent',
  RestoreMediaComplete: 'RestoreMediaCompleteEvent',
  RebuildMediaComplete: 'RebuildMediaCompleteEvent',
  ExtractTraceWatermarkComplete: 'ExtractTraceWatermarkCompleteEvent',
  ExtractCopyRightWatermarkComplete: 'ExtractCopyRightWatermarkCompleteEvent',
  ExtractBlindWatermarkComplete: 'ExtractBlindWatermarkComplete',
  ReviewAudioVideoComplete: 'ReviewAudioVideoCompleteEvent',
  DescribeFileAttributesComplete: 'DescribeFileAttributesCompleteEvent',
  QualityInspectComplete: 'QualityInspectCompleteEvent',
  QualityEnhanceComplete: 'QualityEnhanceCompleteEvent',
  MediaCastStatusChanged: 'MediaCastStatusChangedEvent',
  PersistenceComplete: 'PersistenceCompleteEvent',
  ComplexAdaptiveDynamicStreamingComplete: 'ComplexAdaptiveDynamicStreamingCompleteEvent',
  ProcessMediaByMPSComplete: 'ProcessMediaByMPSCompleteEvent',
  ProcessImageAsyncCompleteEvent: 'ProcessImageAsyncCompleteEvent',
  AigcImageTaskComplete: 'AigcImageCompleteEvent',
  AigcVideoTaskComplete: 'AigcVideoCompleteEvent',
  AigcHunyuan3DTaskComplete: 'AigcHunyuan3DCompleteEvent',
  SceneAigcImageCompleteEvent: 'SceneAigcImageCompleteEvent',
  CreateAigcAdvancedCustomElementCompleteEvent: 'CreateAigcAdvancedCustomElementCompleteEvent',
  CreateAigcCustomVoiceCompleteEvent: 'CreateAigcCustomVoiceCompleteEvent',
  DescribeAigcFaceInfoAsyncComplete: 'DescribeAigcFaceInfoAsyncCompleteEvent',
  // From the interface of 2017, which VOD still serves.
  TranscodeComplete: 'TranscodeCompleteEvent',
  ConcatComplete: 'ConcatCompleteEvent',
  ClipComplete: 'ClipCompleteEvent',
  CreateImageSpriteComplete: 'CreateImageSpriteCompleteEvent',
  CreateSnapshotByTimeOffsetComplete: 'SnapshotByTimeOffsetCompleteEvent',
} as const satisfies Record<string, keyof Notification>;

/** An event type that VOD documents. */
export type VodEventType = keyof typeof EVENT_MEMBERS;

/** The SDK types every field as optional; these are the fields without which an event is useless. */
interface CheckedFields {
  NewFileUpload: { FileId: string };
  ProcedureStateChanged: { TaskId: string; Status: string };
  PullComplete: { TaskId: string; Status: string };
  FileDeleted: { FileIdSet: string[] };
}

/** Content of an event of type `T`: the SDK's type, with the fields that `parseVodEvent` checks. */
export type EventTask<T extends VodEventType> = Required<Notification>[(typeof EVENT_MEMBERS)[T]] &
  (T extends keyof CheckedFields ? CheckedFields[T] : unknown);

/** Returns whether `name` is an event type that VOD documents. */
export function isVodEventType(name: unknown): name is VodEventType {
  return typeof name === 'string' && Object.hasOwn(EVENT_MEMBERS, name);
}

/**
 * An event notification of VOD, format 3.0, distinguished by its type. Nothing in it is `null` in either notification
 * mode.
 *
 * `unknown` is any other notification that is proven to come from VOD: of a future type, or of a known type whose shape
 * changed. All of it is preserved.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export type VodEvent = KnownEvent<VodEventType> | UnknownEvent;

// A mapped type, so that `eventType` narrows `task`.
type KnownEvent<T extends VodEventType> = {
  readonly [Type in T]: { readonly eventType: Type; readonly task: EventTask<Type> };
}[T];

interface UnknownEvent {
  readonly eventType: 'unknown';
  readonly name: string;
  readonly raw: RawEvent;
}

/** A notification as JSON. */
export type RawEvent = Readonly<Record<string, unknown>>;

type Checks = { readonly [Type in VodEventType]?: v.GenericSchema };

const taskState = v.looseObject({
  TaskId: v.pipe(v.string(), v.nonEmpty()),
  Status: v.string(),
});

const CHECKS: Checks & { readonly [Type in keyof CheckedFields]: v.GenericSchema } = {
  NewFileUpload: v.looseObject({ FileId: v.pipe(v.string(), v.nonEmpty()) }),
  ProcedureStateChanged: taskState,
  PullComplete: taskState,
  FileDeleted: v.looseObject({ FileIdSet: v.pipe(v.array(v.string()), v.minLength(1)) }),
};

/**
 * Returns a notification that VOD pushed, or that was pulled from its queue, as an event. Fields of the transport are
 * removed: `Sign` and `T` of a callback, `EventHandle` of a pulled one.
 *
 * @param body a JSON object: a notification whose `Sign` was verified, or an item of `EventSet`.
 */
export function parseVodEvent(body: RawEvent): VodEvent {
  const { Sign: _sign, T: _t, EventHandle: _handle, ...event } = body;
  const copy = copyWithoutNulls(event);
  const raw = isJsonObject(copy) ? copy : {};
  const { EventType: name } = raw;
  const known = isVodEventType(name) ? parseKnownEvent(name, raw) : undefined;
  return known ?? { eventType: 'unknown', name: typeof name === 'string' ? name : '', raw };
}

/** Returns `event` as a notification with only the fields that were read; {@link parseVodEvent} reads it again. */
export function writeVodEvent(event: VodEvent): RawEvent {
  if (event.eventType === 'unknown') return event.raw;
  return { EventType: event.eventType, [EVENT_MEMBERS[event.eventType]]: event.task };
}

function parseKnownEvent<T extends VodEventType>(
  eventType: T,
  raw: RawEvent,
): KnownEvent<T> | undefined {
  const task = raw[EVENT_MEMBERS[eventType]];
  return isTaskOf(eventType, task) ? { eventType, task } : undefined;
}

/** Returns whether `task` has the required fields of its type; its other fields are not checked. */
function isTaskOf<T extends VodEventType>(eventType: T, task: unknown): task is EventTask<T> {
  const { [eventType]: check }: Checks = CHECKS;
  return isJsonObject(task) && (check === undefined || v.is(check, task));
}

/**
 * Returns the files that were deleted completely; of the others only parts were deleted, and the file still exists.
 *
 * @see https://cloud.tencent.com/document/product/266/31764
 */
export function listWholeDeletions({
  FileIdSet: fileIds,
  FileDeleteResultInfo: results,
}: EventTask<'FileDeleted'>): readonly string[] {
  const items: readonly unknown[] = Array.isArray(results) ? results : [];
  const inParts = new Set(
    items.filter(isJsonObject).flatMap(({ FileId: fileId, DeleteParts: parts }) => {
      return Array.isArray(parts) && parts.length > 0 ? [fileId] : [];
    }),
  );
  return [...new Set(fileIds)].filter((fileId) => !inParts.has(fileId));
}

/**
 * Returns `task`, a member of an event, after `replace` was applied to the `SourceContext` of its media; unchanged if
 * there is none. Events that end an upload have it only in this place.
 *
 * @see https://cloud.tencent.com/document/product/266/31773
 */
export function replaceSourceContext(task: unknown, replace: (context: string) => string): unknown {
  if (!isJsonObject(task)) return task;
  const media = task['MediaBasicInfo'];
  const source = isJsonObject(media) ? media['SourceInfo'] : undefined;
  if (!isJsonObject(media) || !isJsonObject(source)) return task;
  const context = source['SourceContext'];
  if (typeof context !== 'string') return task;
  const SourceInfo = { ...source, SourceContext: replace(context) };
  return { ...task, MediaBasicInfo: { ...media, SourceInfo } };
}

/** A notification of format 2.0: only the fields that identify one that is not supported. */
export interface LegacyEvent {
  readonly eventType: string;
  readonly fileId?: string;
}

/**
 * Returns `body` as a notification of format 2.0, or undefined if it is not one. Its `version` is 4.0 nevertheless.
 *
 * Applications from before 2019 may still send it, to a separate address.
 *
 * @see https://cloud.tencent.com/document/product/266/33796
 */
export function readLegacyEvent(body: RawEvent): LegacyEvent | undefined {
  const { version, eventType, data, EventType: newerType } = body;
  if (version !== '4.0' || typeof eventType !== 'string' || newerType !== undefined) {
    return undefined;
  }
  const fileId = isJsonObject(data) ? data['fileId'] : undefined;
  return { eventType, ...(typeof fileId === 'string' && fileId !== '' ? { fileId } : {}) };
}

/** Returns a copy of `value` without members that are `null`. It does not recurse, as values may be deeply nested. */
export function copyWithoutNulls(value: unknown): unknown {
  const holder: unknown[] = [];
  const pending: Pair[] = [];
  put(holder, 0, value, pending);
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const { from, to } = pair;
    const isArray = Array.isArray(from);
    for (const [name, held] of Object.entries(from)) {
      if (isArray || (held ?? null) !== null) put(to, name, held ?? null, pending);
    }
  }
  return holder[0];
}

/** An object or array, and its copy, which is still empty. */
interface Pair {
  readonly from: object;
  readonly to: object;
}

function put(to: object, name: PropertyKey, value: unknown, pending: Pair[]): void {
  const isArray = Array.isArray(value);
  const copy = isArray ? [] : isJsonObject(value) ? {} : value;
  if (typeof value === 'object' && value !== null) pending.push({ from: value, to: Object(copy) });
  // Setting `__proto__` would change the prototype of the copy.
  if (name !== '__proto__') Reflect.set(to, name, copy);
  else Object.defineProperty(to, name, { value: copy, ...OWN });
}

const OWN = { writable: true, enumerable: true, configurable: true } as const;

/** Ids are indexed, and an index does not accept long ones: https://www.postgresql.org/docs/current/btree.html. */
const ID = /^[\w.:-]{1,128}$/;

/** Returns `value` if it has the form of an id of VOD, else undefined. */
export function readId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
}

/** Returns `value` if it is a text; VOD writes an empty one for a missing one. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns `value` if it is a whole number that JSON represents exactly. */
export function readWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Returns `value` if it is an amount, such as bytes or seconds: a finite number that is not below 0. */
export function readAmount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
