import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Connection, createConnection } from '../connection/connection.ts';
import type { Statements } from '../connection/transaction.ts';
import { LedgerError } from '../ledger-error.ts';
import { buildIndexes, isConcurrent } from './build-indexes.ts';
import { type Migration, readMigrations, splitStatements } from './migration-files.ts';
import { forgetForeignOrder } from './restored-order.ts';
import { explainServer, readServer } from './server-support.ts';
import { describeBlocker, executeBriefly, isBlocked } from './short-locks.ts';

/** One migration that this run applied. */
interface AppliedMigration {
  readonly name: string;
  readonly milliseconds: number;
}

interface MigrateOptions {
  /** `DATABASE_CA`, if it is set. */
  readonly databaseCa?: string | undefined;
  /** Folder of the migrations, applied in the order of their names. */
  readonly folder?: string;
  readonly onApplied?: (migration: AppliedMigration) => void;
  /** Called with what is waited for, from time to time. */
  readonly onProgress?: (text: string) => void;
  /** Attempts to get the locks of one migration, about a second each at first, and six in the end. */
  readonly lockAttempts?: number;
}

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));
/** Any number that no other program locks in the same database; this one is "vod-" in ASCII. */
const LOCK = 0x76_6f_64_2d;

/** Longest wait for one piece of work, in milliseconds: a migration may rewrite every row. */
const ANSWER_MILLISECONDS = 6 * 60 * 60 * 1_000;

/** Milliseconds after which to look whether another process has finished its work. */
const POLL_MILLISECONDS = 200;

/** Attempts take about an hour in all. */
const LOCK_ATTEMPTS = 600;

/** Pauses between attempts, in which those that waited behind a migration do their work. */
const LOCK_PAUSE_MILLISECONDS = 1_000;
const MAX_LOCK_PAUSE_MILLISECONDS = 6_000;

/**
 * Brings the database up to date: applies all missing migrations. If several processes do so at the same time, each
 * migration is applied by one of them.
 *
 * Each migration is applied in a transaction of its own, completely or not at all. It waits for locks only briefly, and
 * is repeated if it cannot have them, so that nobody waits behind it for longer. One that builds indexes concurrently,
 * so that others can write in the meantime, is applied outside transactions; if it is interrupted, the next run repeats
 * it. In the end, messages that a dump has brought from another server leave the feed.
 *
 * @returns how many were applied.
 * @throws {LedgerError} if the database cannot be reached or refuses a statement; another error if the server is too
 * old or has another encoding, if an applied migration has changed or is missing, if the name of one has the wrong
 * form, or if others keep a lock for too long.
 */
export async function applyMigrations(
  databaseUrl: string,
  { databaseCa, folder = FOLDER, ...options }: MigrateOptions = {},
): Promise<number> {
  const { onApplied, onProgress = () => undefined, lockAttempts = LOCK_ATTEMPTS } = options;
  const migrations = await readMigrations(folder);
  const settings = { databaseUrl, databaseCa, clock: Date };
  const connection = createConnection({ ...settings, answerMilliseconds: ANSWER_MILLISECONDS });
  // Indexes are built outside the transaction that holds the lock.
  const builder = createConnection({ ...settings, answerMilliseconds: ANSWER_MILLISECONDS });
  const work = { builder, migrations, onProgress };
  try {
    const wrong = explainServer(await readServer(connection));
    if (wrong !== undefined) throw new Error(`${wrong.text} ${wrong.remedy}`);
    const patience = createPatience(connection, { lockAttempts, onProgress });
    let count = 0;
    for (;;) {
      const step = await connection.transact((sql) => applyNext(sql, work)).catch(toBlockedStep);
      if (step.applied !== undefined) {
        onApplied?.(step.applied);
        count += 1;
      }
      if (step.next === 'none') break;
      if (step.next === 'wait') await sleep(POLL_MILLISECONDS);
      await patience.take(step.next === 'blocked');
    }
    if (folder === FOLDER) await restoreOrder(connection, onProgress);
    return count;
  } finally {
    await Promise.all([connection.close(), builder.close()]);
  }
}

async function restoreOrder(
  connection: Connection,
  onProgress: (text: string) => void,
): Promise<void> {
  const count = await forgetForeignOrder(connection);
  if (count === 0) return;
  onProgress(
    `${count} messages of another server are no longer in the feed: listeners must begin again, without a cursor`,
  );
}

/** Creates the pauses between attempts to get the locks of a migration. */
function createPatience(
  connection: Connection,
  { lockAttempts, onProgress }: Required<Pick<MigrateOptions, 'lockAttempts' | 'onProgress'>>,
) {
  let blocked = 0;
  return {
    /** Waits if the last attempt was blocked. */
    async take(isBlocked: boolean): Promise<void> {
      blocked = isBlocked ? blocked + 1 : 0;
      if (blocked === 0) return;
      const blocker = await connection.run(describeBlocker);
      if (blocked >= lockAttempts) {
        throw new Error(
          `A migration could not have its locks, since others keep them: end ${blocker}, and run this again.`,
        );
      }
      onProgress(`waiting for ${blocker}`);
      await sleep(
        Math.min(2 ** (blocked - 1) * LOCK_PAUSE_MILLISECONDS, MAX_LOCK_PAUSE_MILLISECONDS),
      );
    },
  };
}

/** Result of one transaction, and whether there is more to do, possibly after waiting for others. */
interface Step {
  readonly applied?: AppliedMigration;
  /** `wait` if another process applies migrations, `blocked` if another transaction has a lock that is needed. */
  readonly next: 'none' | 'more' | 'wait' | 'blocked';
}

function toBlockedStep(error: unknown): Step {
  return isBlocked(error) ? { next: 'blocked' } : quoteServer(error);
}

interface Work {
  readonly builder: Connection;
  readonly migrations: readonly Migration[];
  readonly onProgress: (text: string) => void;
}

async function applyNext(
  sql: Statements,
  { builder, migrations, onProgress }: Work,
): Promise<Step> {
  // Building an index waits for every older snapshot; so this transaction keeps none, and nobody waits for the lock
  // within a statement: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY.
  await sql.unsafe('set transaction isolation level read committed');
  await sql.unsafe('set local idle_in_transaction_session_timeout = 0');
  // The lock ends with the transaction, so that it works through a pooler and is always released.
  const [lock] = await sql.unsafe<{ free: boolean }[]>(
    'select pg_try_advisory_xact_lock($1::bigint) as free',
    [LOCK],
  );
  if (!lock?.free) return { next: 'wait' };
  await sql.unsafe(`create table if not exists migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`);
  const [migration, ...later] = findMissing(migrations, await sql.unsafe<Known[]>(KNOWN));
  if (migration === undefined) return { next: 'none' };
  const start = performance.now();
  if (isConcurrent(migration)) await buildIndexes(migration, { builder, watcher: sql, onProgress });
  else await executeBriefly(sql, splitStatements(migration.statements));
  const { name, checksum } = migration;
  await sql.unsafe('insert into migrations (name, checksum) values ($1, $2)', [name, checksum]);
  return {
    applied: { name, milliseconds: Math.round(performance.now() - start) },
    next: later.length === 0 ? 'none' : 'more',
  };
}

type Known = Readonly<Record<'name' | 'checksum', string>>;

const KNOWN = 'select name, checksum from migrations order by name';

/** Differences between a database and the migrations, by name. */
export interface MigrationDifferences {
  /** Not applied yet. */
  readonly missing: readonly string[];
  /** Changed since they were applied. */
  readonly changed: readonly string[];
  /** Applied, but not in the folder. */
  readonly unknown: readonly string[];
}

/**
 * Returns how the database behind `connection` differs from the migrations in `folder`; it changes nothing.
 *
 * @throws {LedgerError}
 */
export async function compareMigrations(
  connection: Connection,
  folder = FOLDER,
): Promise<MigrationDifferences> {
  const migrations = await readMigrations(folder);
  const [table] = await connection.run((sql) =>
    sql.unsafe<{ exists: boolean }[]>("select to_regclass('migrations') is not null as exists"),
  );
  const known = table?.exists ? await connection.run((sql) => sql.unsafe<Known[]>(KNOWN)) : [];
  const checksums = new Map(known.map(({ name, checksum }) => [name, checksum]));
  const here = new Set(migrations.map(({ name }) => name));
  return {
    missing: migrations.filter(({ name }) => !checksums.has(name)).map(({ name }) => name),
    changed: migrations
      .filter(({ name, checksum }) => (checksums.get(name) ?? checksum) !== checksum)
      .map(({ name }) => name),
    unknown: known.filter(({ name }) => !here.has(name)).map(({ name }) => name),
  };
}

function findMissing(
  migrations: readonly Migration[],
  known: readonly Known[],
): readonly Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum } of known) {
    const migration = byName.get(name);
    if (migration === undefined) {
      throw new Error(`The database has had migration ${name}, which is not here: use newer code.`);
    }
    if (migration.checksum !== checksum) {
      throw new Error(
        `Migration ${name} has changed since it was applied: undo that, and write a new one.`,
      );
    }
    byName.delete(name);
  }
  return [...byName.values()];
}

/** A migration contains no secrets, so the server's message about it may be quoted. */
function quoteServer(error: unknown): never {
  if (!(error instanceof LedgerError) || !(error.cause instanceof Error)) throw error;
  throw new Error(`${error.message} The server says: ${error.cause.message}.`, { cause: error });
}
