import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../connection/connection.ts';
import type { Statements } from '../connection/transaction.ts';
import { readCode } from '../ledger-error.ts';
import { type Migration, splitStatements } from './migration-files.ts';

/** A statement that builds an index concurrently, with the name of the index. */
const BUILD = /^create (?:unique )?index concurrently if not exists (\w+)/m;

/** The server runs this statement outside transactions only; a pooler's settings are repeated in each transaction. */
const IN_TRANSACTION = '25001';

/** Milliseconds between two looks at an index that is being built. */
const LOOK_MILLISECONDS = 1_000;

/** Looks after which the progress is reported. */
const LOOKS_PER_REPORT = 5;

/** Returns whether a migration builds indexes concurrently, and so cannot run in a transaction. */
export function isConcurrent({ statements }: Pick<Migration, 'statements'>): boolean {
  return BUILD.test(statements);
}

/** Dependencies of {@link buildIndexes}. */
interface BuildOptions {
  /** Sends the statements that build. */
  readonly builder: Connection;
  /** Another connection, which looks how far they are. */
  readonly watcher: Statements;
  readonly onProgress: (text: string) => void;
}

/**
 * Builds the indexes of a migration that are missing, or whose build was interrupted, one by one.
 *
 * @throws {LedgerError} if the database refuses one; another error if the migration does anything else.
 */
export async function buildIndexes(
  { name, statements }: Pick<Migration, 'name' | 'statements'>,
  { builder, watcher, onProgress }: BuildOptions,
): Promise<void> {
  for (const statement of splitStatements(statements)) {
    const [, index] = BUILD.exec(statement) ?? [];
    if (index === undefined) {
      throw new Error(`Migration ${name} builds indexes concurrently, so it can do nothing else.`);
    }
    const report = (how: string) => onProgress(`index ${index} of ${name}: ${how}`);
    await waitForOther(watcher, index, report);
    const build = builder.run((sql) => buildIndex(sql, index, statement));
    await follow(watcher, index, build, report).catch((error: unknown) => {
      if (readCode(error) !== IN_TRANSACTION) throw error;
      throw new Error(
        `Migration ${name} cannot run through a pooler with settings in DATABASE_URL: use the URL of the server itself.`,
        { cause: error },
      );
    });
  }
}

async function buildIndex(sql: Statements, index: string, statement: string): Promise<void> {
  // A build that was interrupted leaves an index that is not used.
  const broken = await sql.unsafe<object[]>(
    'select from pg_index where indexrelid = to_regclass($1) and not indisvalid',
    [index],
  );
  if (broken.length > 0) await sql.unsafe(`drop index concurrently ${index}`);
  await sql.unsafe(statement);
}

/** How far a build is: https://www.postgresql.org/docs/current/progress-reporting.html. */
interface Progress {
  readonly phase: string;
  readonly percent: number | null;
  /** Process whose transaction is waited for. */
  readonly locker: string | null;
}

async function readProgress(sql: Statements, index: string): Promise<Progress | undefined> {
  // Within a transaction, statistics otherwise stay as they were when it first read them:
  // https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS.
  await sql.unsafe('select pg_stat_clear_snapshot()');
  // Without parameters: with them its snapshot would be kept, and the build would wait for that for ever. A concurrent build
  // that has no index yet may be the one of this index, whose name nobody else sees until it waits for writers.
  const [progress] = await sql.unsafe<Progress[]>(
    `select phase, current_locker_pid as locker,
        (case when blocks_total > 0 then blocks_done * 100 / blocks_total
          when tuples_total > 0 then tuples_done * 100 / tuples_total end)::integer as percent
      from pg_stat_progress_create_index where datname = current_database() and (
        index_relid = to_regclass('${index}')
        or (index_relid = 0 and command = 'CREATE INDEX CONCURRENTLY')
      )`,
  );
  return progress;
}

function describe({ phase, percent, locker }: Progress): string {
  if (Number(locker) > 0) return `${phase}, of process ${locker} of the server`;
  return percent === null ? phase : `${phase}, ${percent} %`;
}

/**
 * Waits until no other session builds the index: a server completes, or gives up, what a process has begun that was
 * killed meanwhile.
 */
async function waitForOther(
  sql: Statements,
  index: string,
  report: (how: string) => void,
): Promise<void> {
  for (let looks = 0; ; looks += 1) {
    const progress = await readProgress(sql, index);
    if (progress === undefined) return;
    if (looks % LOOKS_PER_REPORT === 0) report(`another session builds it: ${describe(progress)}`);
    await sleep(LOOK_MILLISECONDS);
  }
}

/** Returns the result of `build`, and reports how far it is meanwhile. */
async function follow(
  sql: Statements,
  index: string,
  build: Promise<void>,
  report: (how: string) => void,
): Promise<void> {
  const ended = new AbortController();
  const end = build.finally(() => ended.abort());
  // Its error is thrown below; but if the connection that looks is lost first, no one waits for it.
  end.catch(() => undefined);
  for (let looks = 1; !ended.signal.aborted; looks += 1) {
    await sleep(LOOK_MILLISECONDS, undefined, ended).catch(() => undefined);
    if (ended.signal.aborted || looks % LOOKS_PER_REPORT > 0) continue;
    const progress = await readProgress(sql, index);
    if (progress !== undefined) report(describe(progress));
  }
  return end;
}
