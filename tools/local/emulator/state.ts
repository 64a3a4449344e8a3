import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Journal, openJournal } from './journal.ts';
import type { Change } from './journal-file.ts';
import { readOldState, removeOldState } from './old-state.ts';
import { Records } from './records.ts';
import { type fileSchema, LISTS } from './state-schema.ts';

type ListName = keyof typeof LISTS;
/** A record of a list. */
type RecordOf<Name extends ListName> = Readonly<v.InferOutput<(typeof LISTS)[Name]>>;

/** A file of an upload as it was declared in ApplyUpload. */
export type UploadFile = Readonly<v.InferOutput<typeof fileSchema>>;
/** An upload, from ApplyUpload until 24 hours later, so that CommitUpload can be repeated. */
export type UploadSession = RecordOf<'sessions'>;
/** A committed media file. */
export type Media = RecordOf<'media'>;
/** An event that is not delivered yet, without `Sign` and `T`. */
export type PendingNotification = RecordOf<'notifications'>;
/** A simulated processing flow that has not ended. */
export type ProcedureRun = RecordOf<'procedures'>;
/** The processing that a request wants for its media. */
export type ProcessingWish = Pick<
  UploadSession,
  'procedure' | 'taskPriority' | 'taskNotifyMode' | 'sessionContext'
>;
/** A simulated processing flow that has ended. */
export type FinishedProcedure = RecordOf<'finishedProcedures'>;
/** An event that waits to be pulled and confirmed. */
export type QueuedEvent = RecordOf<'queuedEvents'>;
/** How an application gets its events. */
export type EventConfig = RecordOf<'eventConfigs'>;
/** A PullUpload, from its request until three days later. */
export type Pull = RecordOf<'pulls'>;
/** A category of media. */
export type MediaClass = RecordOf<'classes'>;

/** The emulator's data of one application, except for the objects. */
interface ApplicationRecords {
  /** By `vodSessionKey`. */
  readonly sessions: Map<string, UploadSession>;
  /** By `fileId`. */
  readonly media: Records<Media>;
  /** By `id`, oldest first. */
  readonly notifications: Map<string, PendingNotification>;
  /** By `taskId`. */
  readonly procedures: Records<ProcedureRun>;
  /** By `taskId`, as long as they can be queried. */
  readonly finishedProcedures: Records<FinishedProcedure>;
  /** By `id`, oldest first. */
  readonly queuedEvents: Map<string, QueuedEvent>;
  /** By `taskId`, oldest first. */
  readonly pulls: Records<Pull>;
  /** By `key`. */
  readonly usedSessionIds: Map<string, RecordOf<'usedSessionIds'>>;
  /** By `classId`, as text. */
  readonly classes: Map<string, MediaClass>;
}

/** The emulator's data of the account as a whole. */
interface AccountRecords {
  /** By `secretId`. */
  readonly grants: Map<string, RecordOf<'grants'>>;
  /** By `digest`. */
  readonly usedSignatures: Map<string, RecordOf<'usedSignatures'>>;
  /** By `subAppId`. */
  readonly eventConfigs: Map<string, EventConfig>;
}

/**
 * The state as one application sees it: its own records and those of the account, but not those of other applications.
 */
export interface State extends ApplicationRecords, AccountRecords {
  /** Resolves when every change that was made before the call is in the file. */
  save(): Promise<void>;
}

/** The state of the account's own application, and of the further ones. */
export interface AccountState extends State {
  /** Bytes at the end of the file that an interrupted process had not written completely, and that were dropped. */
  readonly droppedBytes: number;
  /** The file of the state. */
  readonly file: string;
  /** Returns the state of a further application, empty if there is none yet. */
  of(subAppId: number): State;
  /** Saves the state, and resolves when nothing is written any more. */
  close(): Promise<void>;
}

/** Options of a state that tests change. */
export interface StateOptions {
  /** Size from which the file is rewritten, in bytes. */
  readonly compactFrom?: number;
}

/** Expired credentials are remembered for a while, so that a late request gets "expired" instead of "unknown". */
const KEPT_GRANT_SECONDS = 3_600;

/** Lists whose records are left out when they have expired, with the seconds for which they are kept after that. */
const KEPT_SECONDS: Readonly<Partial<Record<string, number>>> = {
  ...{ sessions: 0, finishedProcedures: 0, pulls: 0, usedSessionIds: 0, usedSignatures: 0 },
  grants: KEPT_GRANT_SECONDS,
};

/** A list as the file has it. */
interface StoredList {
  /** Puts what the file has under a key, undefined if nothing. @throws ValiError */
  load(key: string, value: unknown): void;
  /** Forgets what has expired, and returns the rest, as changes. */
  live(nowSeconds: number): Iterable<Change>;
}

interface Lists {
  /** By its name in the file. */
  readonly stored: Map<string, StoredList>;
  /** Writes a change with the next save. */
  note(change: Change): void;
}

function* listLive({ stored }: Lists, nowSeconds: number): Iterable<Change> {
  for (const list of stored.values()) yield* list.live(nowSeconds);
}

/**
 * Returns an empty list, and adds it to `lists`.
 *
 * @param prefix that of its name in the file: empty, or the application and a slash.
 */
function openList<Name extends ListName>(
  lists: Lists,
  prefix: string,
  name: Name,
): Records<RecordOf<Name>> {
  const schema = LISTS[name];
  const path = `${prefix}${name}`;
  const records = new Records<RecordOf<Name>>((key, value) =>
    lists.note(value === undefined ? [path, key] : [path, key, value]),
  );
  const kept = KEPT_SECONDS[name];
  lists.stored.set(path, {
    load(key, value) {
      if (value === undefined) records.forget(key);
      else records.load(key, v.parse(schema, value));
    },
    *live(nowSeconds) {
      for (const [key, value] of records) {
        if (kept !== undefined && expiryOf(value) < nowSeconds - kept) records.forget(key);
        else yield [path, key, value];
      }
    },
  });
  return records;
}

function expiryOf(record: object): number {
  return 'expiresAt' in record && typeof record.expiresAt === 'number'
    ? record.expiresAt
    : Number.POSITIVE_INFINITY;
}

function openApplicationLists(lists: Lists, prefix: string): ApplicationRecords {
  const open = <Name extends ListName>(name: Name) => openList(lists, prefix, name);
  return {
    sessions: open('sessions'),
    media: open('media'),
    notifications: open('notifications'),
    procedures: open('procedures'),
    finishedProcedures: open('finishedProcedures'),
    queuedEvents: open('queuedEvents'),
    pulls: open('pulls'),
    usedSessionIds: open('usedSessionIds'),
    classes: open('classes'),
  };
}

/** The name of a further application's list in the file: `1500000002/media`. */
const FURTHER = /^(\d+)\//;

/**
 * Opens the state in the folder `dir`, empty if there is none: everything is in memory, and `state.ndjson` there is its
 * journal. What has expired is left out when the file is read or rewritten. The one file of an earlier version,
 * `state.json`, is taken over and removed. Throws if the file is not a state of this program.
 */
export async function openState(
  dir: string,
  now: () => Date,
  options: StateOptions = {},
): Promise<AccountState> {
  const file = join(dir, 'state.ndjson');
  let journal: Journal | undefined;
  const lists: Lists = { stored: new Map(), note: (change) => journal?.note(change) };
  const account: AccountRecords = {
    grants: openList(lists, '', 'grants'),
    usedSignatures: openList(lists, '', 'usedSignatures'),
    eventConfigs: openList(lists, '', 'eventConfigs'),
  };
  const own = openApplicationLists(lists, '');
  // Applications that the account no longer has remain in the file, since it may have them again.
  const others = new Map<number, ApplicationRecords>();
  const openFurther = (subAppId: number): ApplicationRecords => {
    const records = others.get(subAppId) ?? openApplicationLists(lists, `${subAppId}/`);
    others.set(subAppId, records);
    return records;
  };
  const apply = ([path, key, value]: Change) => {
    const subAppId = FURTHER.exec(path)?.[1];
    if (subAppId !== undefined) openFurther(Number(subAppId));
    const list = lists.stored.get(path);
    if (list === undefined) throw new Error(`there is no list ${path}`);
    list.load(key, value);
  };
  const snapshot = () => listLive(lists, Math.floor(now().getTime() / 1_000));
  const old = await readOldState(dir);
  // It is removed when it has been taken over, so what is beside it was written by a take-over that was interrupted.
  if (old !== undefined) await rm(file, { force: true });
  const opened = await openJournal({ ...options, file, apply, snapshot });
  if (old !== undefined) {
    for (const change of old) apply(change);
    await opened.compact();
    await removeOldState(dir);
  }
  // Forgets what has expired.
  Array.from(snapshot());
  journal = opened;
  const { droppedBytes, save, close } = opened;
  return {
    ...{ ...account, ...own, save, droppedBytes, file, close },
    of: (subAppId) => ({ ...account, ...openFurther(subAppId), save }),
  };
}
