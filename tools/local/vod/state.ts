import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.nullable(v.string());
const unknownRecord = v.record(v.string(), v.unknown());

const fileSchema = v.object({
  /** Decimal, like a FileId: `verify_content` of a cover names it. */
  id: v.string(),
  /** Storage path with its leading slash. */
  path: v.pipe(v.string(), v.startsWith('/')),
  name: v.string(),
  /** Extension in lower case. */
  type: v.string(),
  /** Bytes, as declared at Apply. */
  size: count,
});

const sessionSchema = v.object({
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

const mediaSchema = v.object({
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
  /** Empty where no processing flow was named. */
  procedureTaskId: v.string(),
  metaData: v.nullable(unknownRecord),
});

const grantSchema = v.object({
  secretId: v.string(),
  secretKey: v.string(),
  token: v.string(),
  expiresAt: count,
  bucket: v.string(),
  region: v.string(),
  prefix: v.string(),
});

const usedSignatureSchema = v.object({
  digest: v.string(),
  vodSessionKey: v.string(),
  /** Digest of the Apply request that used it. */
  request: v.string(),
  /** Unix seconds: the end of the signature's own life. */
  expiresAt: count,
});

const notificationSchema = v.object({
  id: v.string(),
  eventType: v.string(),
  fileId: v.string(),
  event: unknownRecord,
});

const procedureSchema = v.object({
  taskId: v.string(),
  fileId: v.string(),
  procedure: v.string(),
  taskPriority: v.number(),
  taskNotifyMode: v.picklist(['Finish', 'Change', 'None']),
  sessionContext: v.string(),
  /** Steps that are behind it. */
  stepsDone: count,
  /** ISO 8601. */
  beginTime: v.string(),
});

const stateSchema = v.object({
  version: v.literal(1),
  sessions: v.array(sessionSchema),
  media: v.array(mediaSchema),
  grants: v.array(grantSchema),
  usedSignatures: v.array(usedSignatureSchema),
  notifications: v.array(notificationSchema),
  procedures: v.array(procedureSchema),
});

/** A file of an upload as it was announced at Apply. */
export type UploadFile = Readonly<v.InferOutput<typeof fileSchema>>;
/** An upload between its Apply and, for 24 hours, the repeats of its Commit. */
export type UploadSession = Readonly<v.InferOutput<typeof sessionSchema>>;
/** A committed media file. */
export type Media = Readonly<v.InferOutput<typeof mediaSchema>>;
/** A one-time signature and the upload that it belongs to. */
type UsedSignature = Readonly<v.InferOutput<typeof usedSignatureSchema>>;
/** An event that is not delivered yet, without `Sign` and `T`. */
export type PendingNotification = Readonly<v.InferOutput<typeof notificationSchema>>;
/** A simulated processing flow that is not at its end. */
export type ProcedureRun = Readonly<v.InferOutput<typeof procedureSchema>>;
type StoredState = v.InferOutput<typeof stateSchema>;

/** Everything the stand-in remembers besides the objects; the maps keep the order of insertion. */
export interface State {
  /** By `vodSessionKey`. */
  readonly sessions: Map<string, UploadSession>;
  /** By `fileId`. */
  readonly media: Map<string, Media>;
  /** By `secretId`. */
  readonly grants: Map<string, Readonly<v.InferOutput<typeof grantSchema>>>;
  /** By `digest`. */
  readonly usedSignatures: Map<string, UsedSignature>;
  /** By `id`, oldest first. */
  readonly notifications: Map<string, PendingNotification>;
  /** By `taskId`. */
  readonly procedures: Map<string, ProcedureRun>;
  /** Resolves once everything above, as it was at the call or later, is on the disk. */
  save(): Promise<void>;
}

async function readState(file: string): Promise<StoredState | undefined> {
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stored === undefined) return undefined;
  try {
    return v.parse(stateSchema, JSON.parse(stored));
  } catch (error) {
    const detail = v.isValiError(error)
      ? `${v.getDotPath(error.issues[0]) ?? 'it'}: ${error.message}`
      : String(error);
    throw new Error(
      `${file} is not a state of the VOD stand-in (${detail}). Delete it to start anew.`,
      {
        cause: error,
      },
    );
  }
}

async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

/** Expired credentials are remembered for a while, so that their late user hears "expired" instead of "unknown". */
const KEPT_GRANT_SECONDS = 3_600;

function prune(map: Map<string, { readonly expiresAt: number }>, before: number): void {
  for (const [key, value] of map) if (value.expiresAt < before) map.delete(key);
}

function indexBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T> {
  return new Map(values.map((value) => [keyOf(value), value]));
}

/**
 * Opens the state kept in `file`, empty where there is none. Every save replaces the file as a whole and leaves out
 * grants, sessions and one-time signatures whose time is over. Throws where the file is not a state of this program.
 */
export async function openState(file: string, now: () => Date): Promise<State> {
  await mkdir(dirname(file), { recursive: true });
  const stored = await readState(file);
  const maps = {
    sessions: indexBy(stored?.sessions ?? [], (session) => session.vodSessionKey),
    media: indexBy(stored?.media ?? [], (media) => media.fileId),
    grants: indexBy(stored?.grants ?? [], (grant) => grant.secretId),
    usedSignatures: indexBy(stored?.usedSignatures ?? [], (signature) => signature.digest),
    notifications: indexBy(stored?.notifications ?? [], (notification) => notification.id),
    procedures: indexBy(stored?.procedures ?? [], (run) => run.taskId),
  };
  const write = async () => {
    const nowSeconds = Math.floor(now().getTime() / 1_000);
    prune(maps.sessions, nowSeconds);
    prune(maps.grants, nowSeconds - KEPT_GRANT_SECONDS);
    prune(maps.usedSignatures, nowSeconds);
    const lists = Object.entries(maps).map(([name, map]) => [name, [...map.values()]]);
    await replaceFile(file, JSON.stringify({ version: 1, ...Object.fromEntries(lists) }));
  };
  let running = Promise.resolve();
  let next: Promise<void> | undefined;
  const save = () => {
    // One write at a time; whoever comes during a write shares the one after it.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        running = write();
        return running;
      });
    return next;
  };
  return { ...maps, save };
}
