import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';

/** One migration that was applied now. */
interface AppliedMigration {
  readonly name: string;
  readonly milliseconds: number;
}

interface MigrateOptions {
  /** Folder of the migrations, applied in the order of their names. */
  readonly folder?: string;
  readonly onApplied?: (migration: AppliedMigration) => void;
}

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));
const NAME = /^\d{4}-[a-z0-9-]+\.sql$/;
/** Any number will do that nobody else locks in the same database; this one spells "vod-" in ASCII. */
const LOCK = 0x76_6f_64_2d;

/**
 * Brings the database up to date: applies each migration that it has not had, in a transaction of its own. Of several
 * that do so at the same time, one works and the others find it done.
 *
 * @throws an error where a migration that was applied has changed or is gone, or one is not named as the others; nothing is
 * applied then.
 */
export async function applyMigrations(
  databaseUrl: string,
  { folder = FOLDER, onApplied = () => undefined }: MigrateOptions = {},
): Promise<number> {
  const migrations = await readMigrations(folder);
  const sql = postgres(databaseUrl, {
    max: 1,
    fetch_types: false,
    connect_timeout: 10,
    // That a table is there already is what is hoped for.
    onnotice: () => undefined,
  });
  try {
    await sql`select pg_advisory_lock(${LOCK}::bigint)`;
    await sql`create table if not exists migrations (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`;
    const known = await sql<Record<'name' | 'checksum', string>[]>`
      select name, checksum from migrations order by name`;
    const missing = findMissing(migrations, known);
    for (const migration of missing) onApplied(await apply(sql, migration));
    return missing.length;
  } finally {
    // The lock ends with its connection.
    await sql.end({ timeout: 5 });
  }
}

/** How a database and the migrations differ, by the names of the migrations. */
export interface MigrationDifferences {
  /** Not applied yet. */
  readonly missing: readonly string[];
  /** Not as they were when they were applied. */
  readonly changed: readonly string[];
  /** Applied, and not here. */
  readonly unknown: readonly string[];
}

/** Answers how the database differs from the migrations in `folder`; it changes nothing. */
export async function compareMigrations(
  databaseUrl: string,
  folder = FOLDER,
): Promise<MigrationDifferences> {
  const migrations = await readMigrations(folder);
  const sql = postgres(databaseUrl, { max: 1, fetch_types: false, connect_timeout: 10 });
  try {
    const [table] = await sql<{ exists: boolean }[]>`
      select to_regclass('migrations') is not null as exists`;
    const known = table?.exists
      ? await sql<Record<'name' | 'checksum', string>[]>`
          select name, checksum from migrations order by name`
      : [];
    const checksums = new Map(known.map(({ name, checksum }) => [name, checksum]));
    const here = new Set(migrations.map(({ name }) => name));
    return {
      missing: migrations.filter(({ name }) => !checksums.has(name)).map(({ name }) => name),
      changed: migrations
        .filter(({ name, checksum }) => (checksums.get(name) ?? checksum) !== checksum)
        .map(({ name }) => name),
      unknown: known.filter(({ name }) => !here.has(name)).map(({ name }) => name),
    };
  } finally {
    await sql.end({ timeout: 5 });
  }
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
      // A checkout with other line ends is no change.
      const text = statements.replaceAll('\r\n', '\n');
      return { name, statements, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

function findMissing(
  migrations: readonly Migration[],
  known: readonly { readonly name: string; readonly checksum: string }[],
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

async function apply(sql: postgres.Sql, migration: Migration): Promise<AppliedMigration> {
  const { name, statements, checksum } = migration;
  const start = performance.now();
  await sql.begin(async (transaction) => {
    await transaction.unsafe(statements);
    await transaction`insert into migrations (name, checksum) values (${name}, ${checksum})`;
  });
  return { name, milliseconds: Math.round(performance.now() - start) };
}
