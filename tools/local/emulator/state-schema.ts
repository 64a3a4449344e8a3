import * as v from 'valibot';
import { isJsonObject } from '../../../lib/validation/json-object.ts';
import { recordingSchema } from './recording.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.nullable(v.string());
/** Of any content: looking at each member would take most of the time of a start with many media. */
const unknownRecord = v.custom<Record<string, unknown>>(isJsonObject, 'must be an object');

/** A file of an upload, as the state's file has it. */
export const fileSchema = v.object({
  /** Decimal, like a FileId; `verify_content` of a cover has it. */
  id: v.string(),
  /** Storage path with a leading slash. */
  path: v.pipe(v.string(), v.startsWith('/')),
  name: v.string(),
  /** Extension in lower case. */
  type: v.string(),
  /** Bytes, as declared in ApplyUpload; null if not declared, since servers do not. */
  size: v.nullable(count),
});

/** An upload, as the state's file has it. */
const sessionSchema = v.object({
  vodSessionKey: v.string(),
  fileId: v.string(),
  storageRegion: v.string(),
  /** Unix seconds. */
  expiresAt: count,
  /** Unix seconds; null while the upload is under way. */
  committedAt: v.nullable(count),
  /** Null if only a cover is changed. */
  video: v.nullable(fileSchema),
  cover: v.nullable(fileSchema),
  /** ISO 8601; null for ever. */
  mediaExpireTime: text,
  classId: v.number(),
  procedure: text,
  taskPriority: v.number(),
  taskNotifyMode: v.picklist(['Finish', 'Change', 'None']),
  sourceContext: text,
  sessionContext: text,
});

/** A media file, as the state's file has it. */
const mediaSchema = v.object({
  fileId: v.string(),
  name: v.string(),
  /** Extension in lower case. */
  type: v.string(),
  category: v.picklist(['Video', 'Audio', 'Image']),
  mediaPath: v.pipe(v.string(), v.startsWith('/')),
  coverPath: text,
  mediaUrl: v.string(),
  /** Empty if there is no cover. */
  coverUrl: v.string(),
  /** ISO 8601, as the two below. */
  createTime: v.string(),
  updateTime: v.string(),
  expireTime: v.string(),
  classId: v.number(),
  storageRegion: v.string(),
  sourceContext: v.string(),
  /** Absent for an uploaded media. */
  recording: v.optional(recordingSchema),
  /** Empty if no processing flow was requested. */
  procedureTaskId: v.string(),
  metaData: v.nullable(unknownRecord),
  description: v.optional(v.string(), ''),
  tags: v.optional(v.array(v.string()), []),
});

/** Storage credentials, as the state's file has it. */
const grantSchema = v.object({
  secretId: v.string(),
  secretKey: v.string(),
  token: v.string(),
  expiresAt: count,
  bucket: v.string(),
  region: v.string(),
  prefix: v.string(),
});

/** A used one-time signature, as the state's file has it. */
const usedSignatureSchema = v.object({
  digest: v.string(),
  vodSessionKey: v.string(),
  /** Digest of the Apply request that used it. */
  request: v.string(),
  /** Unix seconds: the end of the signature's own life. */
  expiresAt: count,
});

/** An event to be sent, as the state's file has it. */
const notificationSchema = v.object({
  id: v.string(),
  eventType: v.string(),
  /** Empty if the event is not about a file, such as that of a failed pull. */
  fileId: v.string(),
  event: unknownRecord,
});

/** An event to be pulled, as the state's file has it. */
const queuedEventSchema = v.object({
  /** `EventHandle`. */
  id: v.string(),
  eventType: v.string(),
  event: unknownRecord,
  /** Unix milliseconds, as the two below. */
  createdAt: count,
  /** When it is removed from the queue. */
  keptUntil: count,
  /** Pulls before this time do not get it; 0 before the first pull. */
  hiddenUntil: count,
});

/** How an application gets its events, as the state's file has it. */
const eventConfigSchema = v.object({
  subAppId: v.string(),
  mode: v.picklist(['PUSH', 'PULL']),
  /** Null until it is set: then the emulator's default address is used. Empty after it was cleared. */
  notificationUrl: text,
  /** Null until it is set: then the account's key is used. Empty after it was cleared. */
  signKey: text,
  uploadSwitch: v.picklist(['ON', 'OFF']),
  deleteSwitch: v.picklist(['ON', 'OFF']),
  persistenceSwitch: v.picklist(['ON', 'OFF']),
});

/** A processing flow, as the state's file has it. */
const procedureSchema = v.object({
  taskId: v.string(),
  fileId: v.string(),
  procedure: v.string(),
  taskPriority: v.number(),
  taskNotifyMode: v.picklist(['Finish', 'Change', 'None']),
  sessionContext: v.string(),
  sessionId: v.optional(v.string(), ''),
  /** Number of finished steps. */
  stepsDone: count,
  /** ISO 8601. */
  beginTime: v.string(),
  /** `ProcedureTask` after the newest step; null before the first. */
  task: v.optional(v.nullable(unknownRecord), null),
});

/** A processing flow at its end, as the state's file has it. */
const finishedProcedureSchema = v.object({
  ...procedureSchema.entries,
  /** ISO 8601. */
  finishTime: v.string(),
  /** Unix seconds: when the task can no longer be queried. */
  expiresAt: count,
});

/** A PullUpload, as the state's file has it. */
const pullSchema = v.object({
  taskId: v.string(),
  status: v.picklist(['WAITING', 'PROCESSING', 'FINISH']),
  /** 0, or the error code; not valid before the end. */
  errCode: v.number(),
  message: v.string(),
  /** Empty until the media exists. */
  fileId: v.string(),
  mediaUrl: v.string(),
  /** Extension in lower case. */
  mediaType: v.string(),
  mediaName: v.string(),
  /** Null if no cover was requested. */
  coverUrl: text,
  procedure: text,
  taskPriority: v.number(),
  /** ISO 8601; null for ever. */
  mediaExpireTime: text,
  storageRegion: v.string(),
  classId: v.number(),
  sessionContext: v.string(),
  sessionId: v.string(),
  sourceContext: v.string(),
  /** ISO 8601; the last two are empty until they happen. */
  createTime: v.string(),
  beginTime: v.string(),
  finishTime: v.string(),
  /** Unix seconds: when the task can no longer be asked for. */
  expiresAt: count,
  /** `PullUploadTask` of the final event; null before. */
  task: v.nullable(unknownRecord),
});

/** A used `SessionId`, as the state's file has it. */
const usedSessionIdSchema = v.object({
  /** Name of the action and `SessionId`. */
  key: v.string(),
  /** Unix seconds: when the identifier may be used again. */
  expiresAt: count,
});

/** A category of media, as the state's file has it. */
const classSchema = v.object({
  classId: count,
  /** -1 at the top. */
  parentId: v.number(),
  name: v.string(),
  /** 0 at the top. */
  level: count,
});

/** What the lists of the state consist of: those of each application, and the last three of the account. */
export const LISTS = {
  sessions: sessionSchema,
  media: mediaSchema,
  notifications: notificationSchema,
  procedures: procedureSchema,
  finishedProcedures: finishedProcedureSchema,
  queuedEvents: queuedEventSchema,
  pulls: pullSchema,
  usedSessionIds: usedSessionIdSchema,
  classes: classSchema,
  grants: grantSchema,
  usedSignatures: usedSignatureSchema,
  eventConfigs: eventConfigSchema,
} as const;
