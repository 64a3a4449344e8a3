import {
  accessSync,
  closeSync,
  constants,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CommandError } from '../cli/command.ts';

/** A file with one row after the other: CSV, or NDJSON if its name ends so. */
export interface RowFile {
  /** Keeps an error for `close`, since the rest of the work goes on. */
  readonly write: (row: Readonly<Record<string, unknown>>) => void;
  /** Completes the file, which replaces an earlier one only now. @throws {CommandError} if a row could not be written. */
  readonly close: () => void;
}

/** Characters that are written together. */
const WRITTEN_AT_ONCE = 65_536;

/**
 * Opens a file of rows, which is written beside `file` when the first are due.
 *
 * @param signal removes what is not complete when it is aborted.
 */
export function openRows(file: string, columns: readonly string[], signal: AbortSignal): RowFile {
  const isJson = /\.(?:ndjson|jsonl)$/i.test(file);
  let waiting = isJson ? '' : `${columns.join(',')}\n`;
  let draft: Draft | undefined;
  let failure: unknown;
  const attempt = (work: () => void) => {
    if (failure !== undefined) return;
    try {
      work();
    } catch (error) {
      failure = error;
    }
  };
  const flush = () => {
    draft ??= openDraft(file);
    writeFileSync(draft.descriptor, waiting);
    waiting = '';
  };
  const remove = () => draft?.remove();
  signal.addEventListener('abort', remove);
  return {
    write(row) {
      if (failure !== undefined) return;
      waiting += isJson
        ? `${JSON.stringify(row)}\n`
        : `${columns.map((column) => quote(row[column])).join(',')}\n`;
      if (waiting.length >= WRITTEN_AT_ONCE) attempt(flush);
    },
    close() {
      signal.removeEventListener('abort', remove);
      attempt(() => {
        flush();
        draft?.complete();
      });
      if (failure === undefined) return;
      remove();
      throw explainFailure(file, failure);
    },
  };
}

/** Checks that a file can be made at `file`. @throws {CommandError} */
export function checkPlace(file: string): void {
  try {
    accessSync(isSpecial(file) ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw explainFailure(file, error);
  }
}

function explainFailure(file: string, cause: unknown): CommandError {
  const code = String(Object(cause).code);
  return new CommandError(
    `${file} cannot be written (${code}): ${ADVICE[code] ?? 'name another file'}.`,
    {
      cause,
    },
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on the disk, or name a file elsewhere',
  ENOENT: 'make its folder, or name another file',
  EACCES: 'make its folder writable, or name another file',
};

interface Draft {
  readonly descriptor: number;
  readonly complete: () => void;
  readonly remove: () => void;
}

function openDraft(file: string): Draft {
  const isDirect = isSpecial(file);
  const path = isDirect ? file : join(dirname(file), `.${process.pid}-${basename(file)}`);
  const descriptor = openSync(path, 'w', 0o600);
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    descriptor,
    complete() {
      close();
      if (!isDirect) renameSync(path, file);
    },
    remove() {
      close();
      if (!isDirect) rmSync(path, { force: true });
    },
  };
}

/** Whether there is something that must not be replaced, such as a device or a pipe. */
function isSpecial(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === false;
}

/** https://www.rfc-editor.org/rfc/rfc4180 */
function quote(value: unknown): string {
  const text = value === undefined ? '' : Array.isArray(value) ? value.join('|') : String(value);
  return /[",\r\n]|^[\s#]|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
