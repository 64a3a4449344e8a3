import * as v from 'valibot';
import { recordingSchema } from './recording.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.nullable(v.string());
const unknownRecord = v.record(v.string(), v.unknown());

/** A file of an upload, as the state's file holds it. */
export const fileSchema = v.object({
  /** Decimal, like a FileId: `verify_content` of a cover names it. */
  id: v.string(),
  /** Storage path with its leading slash. */
  path: v.pipe(v.string(), v.startsWith('/')),
  name: v.string(),
  /** Extension in lower case. */
  type: v.string(),
  /** Bytes, as declared at Apply; null where nothing was declared, as a server does not. */
  size: v.nullable(count),
});

/** An upload, as the state's file holds it. */
export const sessionSchema = v.object({
  vodSessionKey: v.string(),
  fileId: v.string(),
  storageRegion: v.string(),
  /** Unix seconds. */
  expiresAt: count,
  /** Unix seconds; null while the upload is under way. */
  committedAt: v.nullable(count),
  /** Null where only a cover is changed. */
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

/** A media file, as the state's file holds it. */
export const mediaSchema = v.object({
  fileId: v.string(),
  name: v.string(),
  /** Extension in lower case. */
  type: v.string(),
  category: v.picklist(['Video', 'Audio', 'Image']),
  mediaPath: v.pipe(v.string(), v.startsWith('/')),
  coverPath: text,
  mediaUrl: v.string(),
  /** Empty where there is no cover. */
  coverUrl: v.string(),
  /** ISO 8601, as the two below. */
  createTime: v.string(),
  updateTime: v.string(),
  expireTime: v.string(),
  classId: v.number(),
  storageRegion: v.string(),
  sourceContext: v.string(),
  /** Missing where it was uploaded. */
  recording: v.optional(recordingSchema),
  /** Empty where no processing flow was named. */
  procedureTaskId: v.string(),
  metaData: v.nullable(unknownRecord),
  description: v.optional(v.string(), ''),
  tags: v.optional(v.array(v.string()), []),
});

/** Storage credentials, as the state's file holds it. */
export const grantSchema = v.object({
  secretId: v.string(),
  secretKey: v.string(),
  token: v.string(),
  expiresAt: count,
  bucket: v.string(),
  region: v.string(),
  prefix: v.string(),
});

/** A used one-time signature, as the state's file holds it. */
export const usedSignatureSchema = v.object({
  digest: v.string(),
  vodSessionKey: v.string(),
  /** Digest of the Apply request that used it. */
  request: v.string(),
  /** Unix seconds: the end of the signature's own life. */
  expiresAt: count,
});

/** An event to be sent, as the state's file holds it. */
export const notificationSchema = v.object({
  id: v.string(),
  eventType: v.string(),
  /** Empty where the event is about no file, as that of a pull that failed. */
  fileId: v.string(),
  event: unknownRecord,
});

/** An event to be pulled, as the state's file holds it. */
export const queuedEventSchema = v.object({
  /** `EventHandle`. */
  id: v.string(),
  eventType: v.string(),
  event: unknownRecord,
  /** Unix milliseconds, as the two below. */
  createdAt: count,
  /** The end of its time in the queue. */
  keptUntil: count,
  /** Who pulls before this does not get it; 0 while nobody pulled it. */
  hiddenUntil: count,
});

/** How an application gets its events, as the state's file holds it. */
export const eventConfigSchema = v.object({
  subAppId: v.string(),
  mode: v.picklist(['PUSH', 'PULL']),
  /** Null until it is set: the address that the emulator was opened with. Empty where it is cleared. */
  notificationUrl: text,
  /** Null until it is set: the account's key. Empty where it is cleared. */
  signKey: text,
  uploadSwitch: v.picklist(['ON', 'OFF']),
  deleteSwitch: v.picklist(['ON', 'OFF']),
  persistenceSwitch: v.picklist(['ON', 'OFF']),
});

/** A processing flow, as the state's file holds it. */
export const procedureSchema = v.object({
  taskId: v.string(),
  fileId: v.string(),
  procedure: v.string(),
  taskPriority: v.number(),
  taskNotifyMode: v.picklist(['Finish', 'Change', 'None']),
  sessionContext: v.string(),
  sessionId: v.optional(v.string(), ''),
  /** Steps that are behind it. */
  stepsDone: count,
  /** ISO 8601. */
  beginTime: v.string(),
  /** `ProcedureTask` as it was after the newest step; null before the first. */
  task: v.optional(v.nullable(unknownRecord), null),
});

/** A processing flow at its end, as the state's file holds it. */
export const finishedProcedureSchema = v.object({
  ...procedureSchema.entries,
  /** ISO 8601. */
  finishTime: v.string(),
  /** Unix seconds: when the task can no longer be asked for. */
  expiresAt: count,
});

/** A PullUpload, as the state's file holds it. */
export const pullSchema = v.object({
  taskId: v.string(),
  status: v.picklist(['WAITING', 'PROCESSING', 'FINISH']),
  /** 0, or what went wrong; of no meaning before the end. */
  errCode: v.number(),
  message: v.string(),
  /** Empty until the media is there. */
  fileId: v.string(),
  mediaUrl: v.string(),
  /** Extension in lower case. */
  mediaType: v.string(),
  mediaName: v.string(),
  /** Null where no cover was named. */
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
  /** ISO 8601; the last two are empty until it happens. */
  createTime: v.string(),
  beginTime: v.string(),
  finishTime: v.string(),
  /** Unix seconds: when the task can no longer be asked for. */
  expiresAt: count,
  /** `PullUploadTask` as the event at the end told it; null before. */
  task: v.nullable(unknownRecord),
});

/** A used `SessionId`, as the state's file holds it. */
export const usedSessionIdSchema = v.object({
  /** Name of the action and `SessionId`. */
  key: v.string(),
  /** Unix seconds: when the identifier may be used again. */
  expiresAt: count,
});

/** A category of media, as the state's file holds it. */
export const classSchema = v.object({
  classId: count,
  /** -1 at the top. */
  parentId: v.number(),
  name: v.string(),
  /** 0 at the top. */
  level: count,
});

/** Lists that older files do not have are empty. */
const listOf = <Schema extends v.GenericSchema>(item: Schema) => v.optional(v.array(item), []);

/** What belongs to one application. */
const applicationLists = {
  sessions: v.array(sessionSchema),
  media: v.array(mediaSchema),
  notifications: v.array(notificationSchema),
  procedures: v.array(procedureSchema),
  finishedProcedures: listOf(finishedProcedureSchema),
  queuedEvents: listOf(queuedEventSchema),
  pulls: listOf(pullSchema),
  usedSessionIds: listOf(usedSessionIdSchema),
  classes: listOf(classSchema),
};

/** A further application of the account, as the state's file holds it. */
export const applicationSchema = v.object({ subAppId: count, ...applicationLists });

/** What the file of the state holds; the lists at its top are those of the account's own application. */
export const stateSchema = v.object({
  version: v.literal(1),
  ...applicationLists,
  grants: v.array(grantSchema),
  usedSignatures: v.array(usedSignatureSchema),
  eventConfigs: listOf(eventConfigSchema),
  applications: listOf(applicationSchema),
});
