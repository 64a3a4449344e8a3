import { rm } from 'node:fs/promises';
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

/** Creates the list of failures at `path`, which is opened when it is first needed. */
export function createFailures(path: string): Failures {
  let rows: RowFile | undefined;
  let count = 0;
  const writing: Promise<void>[] = [];
  const open = () => {
    rows ??= openRows(path, FAILURE_COLUMNS);
    return rows;
  };
  const close = async () => {
    await Promise.all(writing);
    await rows?.close();
    rows = undefined;
  };
  return {
    file: { write: (row) => open().write(row), close },
    add(id, fields, reason) {
      count += 1;
      writing.push(open().write(toFailure(id, fields, reason)));
    },
    count: () => count,
    async discard() {
      await close();
      if (count > 0) await rm(path, { force: true });
    },
    close,
  };
}
