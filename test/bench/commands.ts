import { listEmulatorLines } from './emulator-lines.ts';
import { listLedgerLines } from './ledger-lines.ts';
import type { Line } from './line.ts';
import { SHORT_LINES } from './lines.ts';
import { listListLines } from './list-lines.ts';
import { listLoadLines } from './load-lines.ts';
import { listMigrateLines } from './migrate-lines.ts';
import { listPutLines } from './put-lines.ts';
import { listQueueLines } from './queue-lines.ts';

/** A set of lines that is measured together. */
interface Command {
  /** What to type. */
  readonly words: string;
  /** Returns the lines, given the numbers of the command line. */
  readonly list: (numbers: readonly number[]) => readonly Line[];
}

/** The commands by their first word. */
export const COMMANDS = {
  short: { words: 'npm run bench', list: () => SHORT_LINES },
  ledger: { words: 'npm run bench -- ledger', list: listLedgerLines },
  migrate: { words: 'npm run bench -- migrate', list: listMigrateLines },
  queue: { words: 'npm run bench -- queue', list: listQueueLines },
  emulator: { words: 'npm run bench -- emulator', list: listEmulatorLines },
  put: { words: 'npm run bench -- put', list: listPutLines },
  lists: { words: 'npm run bench -- lists', list: listListLines },
  load: { words: 'npm run bench -- load', list: listLoadLines },
} as const satisfies Readonly<Record<string, Command>>;
