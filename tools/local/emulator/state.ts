import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { absent } from '../absent.ts';
import type {
  applicationSchema,
  classSchema,
  eventConfigSchema,
  fileSchema,
  finishedProcedureSchema,
  grantSchema,
  mediaSchema,
  notificationSchema,
  procedureSchema,
  pullSchema,
  queuedEventSchema,
  sessionSchema,
  usedSessionIdSchema,
  usedSignatureSchema,
} from './state-schema.ts';
import { stateSchema } from './state-schema.ts';

/** A file of an upload as it was declared in ApplyUpload. */
export type UploadFile = Readonly<v.InferOutput<typeof fileSchema>>;
/** An upload, from ApplyUpload until 24 hours later, so that CommitUpload can be repeated. */
export type UploadSession = Readonly<v.InferOutput<typeof sessionSchema>>;
/** A committed media file. */
export type Media = Readonly<v.InferOutput<typeof mediaSchema>>;
/** A one-time signature and the upload that it belongs to. */
type UsedSignature = Readonly<v.InferOutput<typeof usedSignatureSchema>>;
/** An event that is not delivered yet, without `Sign` and `T`. */
export type PendingNotification = Readonly<v.InferOutput<typeof notificationSchema>>;
/** A simulated processing flow that has not ended. */
export type ProcedureRun = Readonly<v.InferOutput<typeof procedureSchema>>;
/** The processing that a request wants for its media. */
export type ProcessingWish = Pick<
  UploadSession,
  'procedure' | 'taskPriority' | 'taskNotifyMode' | 'sessionContext'
>;
type StoredState = v.InferOutput<typeof stateSchema>;
type StoredLists = Omit<v.InferOutput<typeof applicationSchema>, 'subAppId'>;
/** A simulated processing flow that has ended. */
type FinishedProcedure = Readonly<v.InferOutput<typeof finishedProcedureSchema>>;
/** Issued storage credentials. */
type StoredGrant = Readonly<v.InferOutput<typeof grantSchema>>;
/** An event that waits to be pulled and confirmed. */
export type QueuedEvent = Readonly<v.InferOutput<typeof queuedEventSchema>>;
/** How an application gets its events. */
export type EventConfig = Readonly<v.InferOutput<typeof eventConfigSchema>>;
/** A PullUpload, from its request until three days later. */
export type Pull = Readonly<v.InferOutput<typeof pullSchema>>;
/** A `SessionId` that must not be used again for some time. */
type UsedSessionId = Readonly<v.InferOutput<typeof usedSessionIdSchema>>;
/** A category of media. */
export type MediaClass = Readonly<v.InferOutput<typeof classSchema>>;

/** The emulator's data of one application, except for the objects; the maps are in the order of insertion. */
interface ApplicationRecords {
  /** By `vodSessionKey`. */
  readonly sessions: Map<string, UploadSession>;
  /** By `fileId`. */
  readonly media: Map<string, Media>;
  /** By `id`, oldest first. */
  readonly notifications: Map<string, PendingNotification>;
  /** By `taskId`. */
  readonly procedures: Map<string, ProcedureRun>;
  /** By `taskId`, as long as they can be queried. */
  readonly finishedProcedures: Map<string, FinishedProcedure>;
  /** By `id`, oldest first. */
  readonly queuedEvents: Map<string, QueuedEvent>;
  /** By `taskId`, oldest first. */
  readonly pulls: Map<string, Pull>;
  /** By `key`. */
  readonly usedSessionIds: Map<string, UsedSessionId>;
  /** By `classId`, as text. */
  readonly classes: Map<string, MediaClass>;
}

/** The emulator's data of the account as a whole. */
interface AccountRecords {
  /** By `secretId`. */
  readonly grants: Map<string, StoredGrant>;
  /** By `digest`. */
  readonly usedSignatures: Map<string, UsedSignature>;
  /** By `subAppId`. */
  readonly eventConfigs: Map<string, EventConfig>;
}

/**
 * The state as one application sees it: its own records and those of the account, but not those of other applications.
 */
export interface State extends ApplicationRecords, AccountRecords {
  /** Resolves when the state of the time of the call, or a later one, is on the disk. */
  save(): Promise<void>;
}

/** The state of the account's own application, and of the further ones. */
export interface AccountState extends State {
  /** Returns the state of a further application, empty if there is none yet. */
  of(subAppId: number): State;
}

async function readState(file: string): Promise<StoredState | undefined> {
  const stored = await readFile(file, 'utf8').catch(absent);
  if (stored === undefined) return undefined;
  try {
    return v.parse(stateSchema, JSON.parse(stored));
  } catch (error) {
    const detail = v.isValiError(error)
      ? `${v.getDotPath(error.issues[0]) ?? 'it'}: ${error.message}`
      : String(error);
    throw new Error(
      `${file} is not a state of the VOD emulator (${detail}). Delete it to start without it.`,
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

/** Expired credentials are remembered for a while, so that a late request gets "expired" instead of "unknown". */
const KEPT_GRANT_SECONDS = 3_600;

function prune(map: Map<string, { readonly expiresAt: number }>, before: number): void {
  for (const [key, value] of map) if (value.expiresAt < before) map.delete(key);
}

function indexBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T> {
  return new Map(values.map((value) => [keyOf(value), value]));
}

function indexLists(stored: StoredLists | undefined): ApplicationRecords {
  return {
    sessions: indexBy(stored?.sessions ?? [], (session) => session.vodSessionKey),
    media: indexBy(stored?.media ?? [], (media) => media.fileId),
    notifications: indexBy(stored?.notifications ?? [], (notification) => notification.id),
    procedures: indexBy(stored?.procedures ?? [], (run) => run.taskId),
    finishedProcedures: indexBy(stored?.finishedProcedures ?? [], (run) => run.taskId),
    queuedEvents: indexBy(stored?.queuedEvents ?? [], (event) => event.id),
    pulls: indexBy(stored?.pulls ?? [], (pull) => pull.taskId),
    usedSessionIds: indexBy(stored?.usedSessionIds ?? [], (used) => used.key),
    classes: indexBy(stored?.classes ?? [], ({ classId }) => String(classId)),
  };
}

function listMaps(maps: ApplicationRecords | AccountRecords): Record<string, unknown> {
  return Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, [...map.values()]]));
}

function pruneRecords(records: ApplicationRecords, nowSeconds: number): void {
  prune(records.sessions, nowSeconds);
  prune(records.finishedProcedures, nowSeconds);
  prune(records.pulls, nowSeconds);
  prune(records.usedSessionIds, nowSeconds);
}

/** Returns a function that runs one `write` at a time: calls during a write share the next one. */
function createSave(write: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        running = write();
        return running;
      });
    return next;
  };
}

/**
 * Opens the state in `file`, empty if there is no file. Every save replaces the whole file and leaves out what has
 * expired. Throws if the file is not a state of this program.
 */
export async function openState(file: string, now: () => Date): Promise<AccountState> {
  await mkdir(dirname(file), { recursive: true });
  const stored = await readState(file);
  const account: AccountRecords = {
    grants: indexBy(stored?.grants ?? [], (grant) => grant.secretId),
    usedSignatures: indexBy(stored?.usedSignatures ?? [], (signature) => signature.digest),
    eventConfigs: indexBy(stored?.eventConfigs ?? [], (config) => config.subAppId),
  };
  const own = indexLists(stored);
  // Applications that the account no longer has remain in the file, since it may have them again.
  const others = new Map(
    stored?.applications.map(({ subAppId, ...lists }) => [subAppId, indexLists(lists)]),
  );
  const save = createSave(async () => {
    const nowSeconds = Math.floor(now().getTime() / 1_000);
    prune(account.grants, nowSeconds - KEPT_GRANT_SECONDS);
    prune(account.usedSignatures, nowSeconds);
    for (const records of [own, ...others.values()]) pruneRecords(records, nowSeconds);
    const applications = [...others].map(([subAppId, records]) => ({
      subAppId,
      ...listMaps(records),
    }));
    const content = { version: 1, ...listMaps(account), ...listMaps(own), applications };
    await replaceFile(file, JSON.stringify(content));
  });
  return {
    ...{ ...account, ...own, save },
    of(subAppId) {
      const records = others.get(subAppId) ?? indexLists(undefined);
      others.set(subAppId, records);
      return { ...account, ...records, save };
    },
  };
}
