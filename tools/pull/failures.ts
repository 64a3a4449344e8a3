import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FAILURE_COLUMNS, openRows, type RowFile, toFailure } from './write-results.ts';

/** The list of failures: what is refused before anything is sent, and what failed later. */
export interface Failures {
  readonly file: RowFile;
  readonly add: (id: string, pull: Readonly<Record<string, unknown>>, reason: string) => void;
  /** How many were refused here. */
  readonly count: () => number;
  /** Removes the file, since nothing was done. */
  readonly discard: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Creates the list of failures at `path`. It is written beside it when it is first needed, and replaces an earlier one when it
 * is closed.
 */
export function createFailures(path: string): Failures {
  const draft = join(dirname(path), `.${process.pid}-${basename(path)}`);
  let rows: RowFile | undefined;
  let isKept = true;
  let count = 0;
  const writing: Promise<void>[] = [];
  const open = () => {
    rows ??= openRows(draft, FAILURE_COLUMNS);
    return rows;
  };
  const close = async () => {
    await Promise.all(writing);
    if (rows === undefined) return;
    await rows.close();
    rows = undefined;
    await (isKept ? rename(draft, path) : rm(draft, { force: true }));
  };
  return {
    file: { write: (row) => open().write(row), close },
    add(id, fields, reason) {
      count += 1;
      writing.push(open().write(toFailure(id, fields, reason)));
    },
    count: () => count,
    async discard() {
      isKept = false;
      await close();
    },
    close,
  };
}
