import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  appendFile,
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Beginning,
  type Journal,
  type JournalRecord,
  type PutResult,
  readJournal,
} from './journal-records.ts';
import { PutError } from './put-error.ts';
import { type Lock, lockState } from './state-lock.ts';

/** The state of one upload on disk, which belongs to this process alone. */
export interface PutState {
  /** What an earlier run left; undefined without one. */
  readonly journal: Journal | undefined;
  /** Begins a journal, instead of any earlier one. */
  readonly begin: (beginning: Beginning) => Promise<void>;
  /** Replaces the journal by what became of the upload. */
  readonly end: (beginning: Beginning, result: PutResult) => Promise<void>;
  /** Adds a line. */
  readonly append: (record: JournalRecord) => Promise<void>;
  /** Returns whether the journal lacks something, since the disk refused to be written to or none is kept. */
  readonly isLost: () => boolean;
  /** Removes the journal. */
  readonly remove: () => Promise<void>;
  /** Lets other processes have it. */
  readonly release: () => Promise<void>;
}

/** What a state is about. */
export interface StateSubject {
  /** Folder of all states; undefined if none is kept. */
  readonly folder: string | undefined;
  /** The file that is uploaded. */
  readonly path: string;
  /** Where it is uploaded to: the same file may be uploaded to several places. */
  readonly target: string;
}

/**
 * A media and its cover: if they are sent in one request each, their journal is written only before the last step, and has no
 * credentials.
 */
const SMALL_OBJECTS = 2;

/** Credentials are in it, for as long as they are valid. */
const NO_GRANT = { secretId: '', secretKey: '', token: '', expiresAt: 0 };
const PRIVATE = { mode: 0o600 };

/** Nobody else sees the file while it is locked, and one that was cut counts as none: the last step comes after it. */
const REPLACING = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/** The state of an upload that is not kept: nothing can continue it. */
const NOT_KEPT: PutState = {
  journal: undefined,
  begin: async () => {},
  end: async () => {},
  append: async () => {},
  isLost: () => true,
  remove: async () => {},
  release: async () => {},
};

/**
 * Opens the state of an upload. Writing it never fails: an upload needs no state, except to be continued after an
 * interruption.
 *
 * @param onLost called once, with the code of the error with which the disk refused to be written to.
 * @throws {PutError} `in_use` if another process has it.
 */
export async function openPutState(
  subject: StateSubject,
  onLost: (code: string) => void,
): Promise<PutState> {
  const { folder } = subject;
  if (folder === undefined) return NOT_KEPT;
  const id = nameState(subject);
  const file = join(folder, `${id}.ndjson`);
  let isLost = false;
  const attempt = async (write: () => Promise<unknown>) => {
    if (isLost) return;
    await write().catch((error: unknown) => {
      if (error instanceof PutError) throw error;
      if (isLost) return;
      isLost = true;
      onLost(Object(error).code ?? 'unknown');
    });
  };
  /** Lines of an upload that an interruption would lose nothing of yet. */
  let unwritten: JournalRecord[] | undefined;
  const write = async () => {
    const records = unwritten ?? [];
    unwritten = undefined;
    await attempt(() => replaceFile(file, records));
  };
  const small = createSmallJournal(file);
  let lock: Lock | undefined;
  await attempt(async () => {
    lock = await lockIn(folder, `${id}.lock`, subject.path);
  });
  return {
    journal: readJournal(await readFile(file, 'utf8').catch(() => '')),
    async begin(beginning) {
      await small.close();
      unwritten = [beginning];
      if (beginning.objects.length > SMALL_OBJECTS) await write();
    },
    end: (beginning, result) =>
      attempt(() => {
        const ended = { type: 'ended', result } as const;
        if (small.isOpen()) return small.add(ended);
        return replaceFile(file, [withoutGrant(beginning), ended]);
      }),
    async append(record) {
      if (unwritten === undefined) {
        // The line break comes first: what an interrupted process wrote last may have none.
        await attempt(() => appendFile(file, `\n${JSON.stringify(record)}`, PRIVATE));
        return;
      }
      unwritten.push(record);
      if (record.type === 'opened') await write();
      else if (record.type === 'permitted') {
        const records = unwritten;
        unwritten = undefined;
        await attempt(() => small.begin(records));
      }
    },
    isLost: () => isLost,
    // Where nothing can be removed, nothing could be written.
    remove: () => rm(file, { force: true }).catch(() => undefined),
    async release() {
      await small.close();
      await lock?.release();
    },
  };
}

function nameState({ path, target }: StateSubject): string {
  return createHash('sha256')
    .update(`${target}\n${resolve(path)}`)
    .digest('hex')
    .slice(0, 32);
}

/** The journal of a small upload, which is written when only the last step is left. */
function createSmallJournal(file: string) {
  let handle: FileHandle | undefined;
  return {
    isOpen: () => handle !== undefined,
    async begin(records: readonly JournalRecord[]) {
      handle = await open(file, REPLACING, PRIVATE.mode);
      await handle.write(format(records.map(withoutGrant)));
    },
    async add(record: JournalRecord) {
      await handle?.write(`\n${format([record])}`);
    },
    async close() {
      const closing = handle;
      handle = undefined;
      await closing?.close().catch(() => undefined);
    },
  };
}

/** The folder is nearly always there. */
async function lockIn(folder: string, name: string, path: string): Promise<Lock> {
  const file = join(folder, name);
  return lockState(file, path).catch(async (error: unknown) => {
    if (Object(error).code !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    return lockState(file, path);
  });
}

function withoutGrant(record: JournalRecord): JournalRecord {
  return record.type === 'begun' ? { ...record, grant: NO_GRANT } : record;
}

function format(records: readonly JournalRecord[]): string {
  return records.map((record) => JSON.stringify(record)).join('\n');
}

/** Another process sees the old lines or the new ones. */
async function replaceFile(file: string, records: readonly JournalRecord[]): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, format(records), PRIVATE);
  await rename(draft, file);
}
