import { openRows, type RowFile } from './row-file.ts';
import { FAILURE_COLUMNS, toFailure } from './write-results.ts';

/** The list of failures: what is refused before anything is sent, and what failed later. */
export interface Failures {
  readonly write: RowFile['write'];
  readonly add: (id: string, pull: Readonly<Record<string, unknown>>, reason: string) => void;
  /** How many were refused here. */
  readonly refused: () => number;
  /** How many there are in all. */
  readonly count: () => number;
  /** Completes the list; without failures there is none. @throws {CommandError} if it cannot be written. */
  readonly close: () => void;
}

/**
 * Creates the list of failures at `path`.
 *
 * @param signal removes what is not complete when it is aborted.
 */
export function createFailures(path: string, signal: AbortSignal): Failures {
  let rows: RowFile | undefined;
  let count = 0;
  let refused = 0;
  const write: RowFile['write'] = (row) => {
    rows ??= openRows(path, FAILURE_COLUMNS, signal);
    count += 1;
    rows.write(row);
  };
  return {
    write,
    add(id, fields, reason) {
      refused += 1;
      write(toFailure(id, fields, reason));
    },
    refused: () => refused,
    count: () => count,
    close: () => rows?.close(),
  };
}
