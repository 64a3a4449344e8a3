import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildIndexes, isConcurrent } from './build-indexes.ts';
import type { Statements } from './connection/transaction.ts';
import { type Connection, createConnection } from './connection.ts';
import { LedgerError } from './ledger-error.ts';

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
}

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));
const NAME = /^\d{4}-[a-z0-9-]+\.sql$/;
/** Any number that no other program locks in the same database; this one is "vod-" in ASCII. */
const LOCK = 0x76_6f_64_2d;

/** Longest wait for one piece of work, in milliseconds: a migration may rewrite every row. */
const ANSWER_MILLISECONDS = 6 * 60 * 60 * 1_000;

/** Milliseconds after which to look whether another process has finished its work. */
const POLL_MILLISECONDS = 200;

/**
 * Brings the database up to date: applies all missing migrations. If several processes do so at the same time, each
 * migration is applied by one of them.
 *
 * Consecutive migrations are applied in one transaction, all or none. One that builds indexes concurrently, so that
 * others can write in the meantime, is applied by itself; if it is interrupted, the next run repeats it.
 *
 * @returns how many were applied.
 * @throws {LedgerError} if the database cannot be reached or refuses a statement; another error if the server is too
 * old or has another encoding, if an applied migration has changed or is missing, or if the name of one has the wrong
 * form.
 */
export async function applyMigrations(
  databaseUrl: string,
  { databaseCa, folder = FOLDER, onApplied = () => undefined }: MigrateOptions = {},
): Promise<number> {
  const migrations = await readMigrations(folder);
  const settings = { databaseUrl, databaseCa, now: Date.now };
  const connection = createConnection({ ...settings, answerMilliseconds: ANSWER_MILLISECONDS });
  // Indexes are built outside the transaction that holds the lock.
  const builder = createConnection({ ...settings, answerMilliseconds: ANSWER_MILLISECONDS });
  try {
    const wrong = explainServer(await readServer(connection));
    if (wrong !== undefined) throw new Error(`${wrong.text} ${wrong.remedy}`);
    let count = 0;
    for (;;) {
      const step = await connection
        .transact((sql) => applyNext(sql, builder, migrations))
        .catch(quoteServer);
      for (const migration of step.applied) onApplied(migration);
      count += step.applied.length;
      if (step.next === 'none') return count;
      if (step.next === 'wait') await sleep(POLL_MILLISECONDS);
    }
  } finally {
    await Promise.all([connection.close(), builder.close()]);
  }
}

/** Result of one transaction, and whether there is more to do, possibly after waiting for another process. */
interface Step {
  readonly applied: readonly AppliedMigration[];
  readonly next: 'none' | 'more' | 'wait';
}

async function applyNext(
  sql: Statements,
  builder: Connection,
  migrations: readonly Migration[],
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
  if (!lock?.free) return { applied: [], next: 'wait' };
  await sql.unsafe(`create table if not exists migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`);
  const missing = findMissing(migrations, await sql.unsafe<Known[]>(KNOWN));
  const first = missing.findIndex(isConcurrent);
  const batch = first === 0 ? missing.slice(0, 1) : missing.slice(0, first < 0 ? undefined : first);
  const applied: AppliedMigration[] = [];
  for (const migration of batch) {
    const work = isConcurrent(migration)
      ? buildIndexes(builder, migration)
      : sql.unsafe(migration.statements);
    applied.push(await apply(sql, migration, work));
  }
  return { applied, next: batch.length === missing.length ? 'none' : 'more' };
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

interface Migration {
  readonly name: string;
  readonly statements: string;
  readonly checksum: string;
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const odd = names.filter((name) => !NAME.test(name));
  if (odd.length > 0) {
    throw new Error(`Migrations are named as 0001-some-words.sql, unlike ${odd.join(', ')}.`);
  }
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(`${folder}/${name}`, 'utf8');
      // A checkout with other line ends does not count as a change.
      const text = statements.replaceAll('\r\n', '\n');
      return { name, statements, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
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

async function apply(
  sql: Statements,
  { name, checksum }: Migration,
  work: Promise<unknown>,
): Promise<AppliedMigration> {
  const start = performance.now();
  await work;
  await sql.unsafe('insert into migrations (name, checksum) values ($1, $2)', [name, checksum]);
  return { name, milliseconds: Math.round(performance.now() - start) };
}

/** A migration contains no secrets, so the server's message about it may be quoted. */
function quoteServer(error: unknown): never {
  if (!(error instanceof LedgerError) || !(error.cause instanceof Error)) throw error;
  throw new Error(`${error.message} The server says: ${error.cause.message}.`, { cause: error });
}

/** Version and encoding that a server reports. */
export interface Server {
  /** In the form of `server_version_num`: 160004 is 16.4. */
  readonly version: number;
  /** Encoding of the database, from `server_encoding`. */
  readonly encoding: string;
}

/** The oldest supported version, which is the oldest on which the ledger is tested. */
const OLDEST_VERSION = 13;

/**
 * Returns the version and encoding of the server behind `connection`.
 *
 * @throws {LedgerError}
 */
export async function readServer(connection: Connection): Promise<Server> {
  const [row] = await connection.run((sql) =>
    sql.unsafe<{ version: string; encoding: string }[]>(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
    ),
  );
  return { version: Number(row?.version), encoding: row?.encoding ?? '' };
}

/** Returns why such a server cannot be used for the ledger, and what to do about it; undefined if it can. */
export function explainServer({
  version,
  encoding,
}: Server): { readonly text: string; readonly remedy: string } | undefined {
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_VERSION) {
    return {
      text: `The database of DATABASE_URL is PostgreSQL ${major}, and the ledger needs ${OLDEST_VERSION} or newer.`,
      remedy: 'Upgrade it, or make a new one and set DATABASE_URL.',
    };
  }
  // Names and contexts may be in any language: https://www.postgresql.org/docs/current/multibyte.html.
  if (encoding !== 'UTF8') {
    return {
      text: `The database of DATABASE_URL has the encoding ${encoding}, and the ledger needs UTF8.`,
      remedy:
        "Make another (create database … encoding 'UTF8' template template0) and set DATABASE_URL.",
    };
  }
  return undefined;
}
