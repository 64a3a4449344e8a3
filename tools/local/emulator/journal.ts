import { mkdir, open, rename, rm, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Change,
  copyRange,
  HEADER,
  readChanges,
  replaceFile,
  writeAt,
  writeChanges,
} from './journal-file.ts';

/** Dependencies of a journal. */
export interface JournalOptions {
  /** Created with its folder if it does not exist. */
  readonly file: string;
  /** Called for each change in the file, oldest first. It throws if the file cannot have this one. */
  apply(change: Change): void;
  /** Returns everything that there is as changes. Others may be made while they are read one by one. */
  snapshot(): Iterable<Change>;
  /** Size from which a file is rewritten, in bytes; 4 MiB by default. */
  readonly compactFrom?: number;
}

/** A file of changes, to which every change is appended. */
export interface Journal {
  /** Bytes at the end of the file that were not a whole line, and were dropped when it was opened. */
  readonly droppedBytes: number;
  /** Writes the change with the next `save`. */
  note(change: Change): void;
  /** Resolves when every change noted before the call is in the file. Those of one `save` are there together, or none. */
  save(): Promise<void>;
  /** Replaces the file by one that has only what there is now. */
  compact(): Promise<void>;
  /** Saves, and resolves when nothing is written any more. */
  close(): Promise<void>;
}

const COMPACT_FROM = 4 * 1024 * 1024;

/** An open journal. Its parts run in turn, except for the beginning of a rewriting. */
interface Open extends Required<JournalOptions> {
  /** The file that is going to take the place of `file`. */
  readonly draft: string;
  readonly noted: Change[];
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Lines whose writing failed, or has not begun. */
  unwritten: string;
  /** Bytes of the file. */
  length: number;
  /** Bytes from which it is rewritten. */
  limit: number;
  /** Whether the file may not be what was written, or may not be there. */
  broken: boolean;
  compacting: Promise<void> | undefined;
}

/**
 * Opens the journal in `file`: one line for the format, then one for each save, an array of changes.
 *
 * The operating system has every change when its `save` resolves, so the end of this process loses none, whatever ends
 * it. There is no sync for each save: a power cut may lose the last seconds, and nothing else, since a rewritten file is
 * synced before it takes the place of the other. A file is rewritten when more than half of it is history.
 *
 * @throws Error that names the file if it is damaged anywhere but in an unfinished last line.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { file, apply, compactFrom = COMPACT_FROM } = options;
  const draft = `${file}.new`;
  await mkdir(dirname(file), { recursive: true });
  // Left by a process that ended while it rewrote the file.
  await rm(draft, { force: true });
  const { end, dropped } = await readChanges(file, apply);
  if (end === 0) await replaceFile(draft, file, (handle) => handle.writeFile(HEADER));
  else if (dropped > 0) await truncate(file, end);
  const length = Math.max(end, HEADER.length);
  const journal: Open = {
    ...{ ...options, compactFrom, draft, length, limit: Math.max(compactFrom, 2 * length) },
    ...{ noted: [], unwritten: '', broken: false, compacting: undefined, inTurn: createTurns() },
  };
  const save = createSave(() => journal.inTurn(() => appendAndCompact(journal)));
  return {
    droppedBytes: dropped,
    note: (change) => void journal.noted.push(change),
    save,
    compact: () => compact(journal),
    async close() {
      await save();
      await journal.compacting?.catch(() => undefined);
    },
  };
}

async function appendAndCompact(journal: Open): Promise<void> {
  await append(journal);
  if (journal.length <= journal.limit || journal.compacting !== undefined) return;
  // It fails where the disk is full, for example: then the file grows, and the next attempt is later.
  journal.limit = 2 * journal.length;
  compact(journal).catch(() => undefined);
}

async function append(journal: Open): Promise<void> {
  const { noted, file } = journal;
  if (noted.length > 0) journal.unwritten += `${JSON.stringify(noted.splice(0))}\n`;
  if (journal.broken) return rewrite(journal);
  if (journal.unwritten === '') return;
  const bytes = Buffer.from(journal.unwritten);
  try {
    await writeAt(file, journal.length, bytes);
  } catch (error) {
    // What may be there of these lines must not be in front of the next ones.
    await truncate(file, journal.length).catch(() => {
      journal.broken = true;
    });
    throw error;
  }
  journal.length += bytes.length;
  journal.unwritten = '';
}

/** Writes a whole new file while no change is appended to the present one. */
async function rewrite(journal: Open): Promise<void> {
  const { file, draft, snapshot, compactFrom } = journal;
  const size = await replaceFile(draft, file, (handle) => writeChanges(handle, snapshot()));
  journal.length = size;
  journal.limit = Math.max(compactFrom, 2 * size);
  journal.unwritten = '';
  journal.broken = false;
}

function compact(journal: Open): Promise<void> {
  journal.compacting ??= compactBesides(journal).finally(() => {
    journal.compacting = undefined;
  });
  return journal.compacting;
}

/**
 * Writes a new file while changes are appended to the present one: what is read one by one may be newer than the
 * beginning, and then all changes since the beginning follow. After the last of them everything is as it is in memory.
 */
async function compactBesides(journal: Open): Promise<void> {
  const { file, draft, snapshot, compactFrom, inTurn } = journal;
  if (journal.broken) return inTurn(() => rewrite(journal));
  const from = journal.length;
  const handle = await open(draft, 'w');
  try {
    const size = await writeChanges(handle, snapshot());
    await handle.datasync();
    await inTurn(async () => {
      // Then the next save writes a whole file.
      if (journal.broken) return;
      await append(journal);
      const { length } = journal;
      await copyRange(file, from, length, handle);
      await handle.datasync();
      await rename(draft, file);
      journal.length = size + (length - from);
      journal.limit = Math.max(compactFrom, 2 * size);
    });
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

/** Returns a function that runs its work after that of all earlier calls has ended. */
function createTurns(): Open['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
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
