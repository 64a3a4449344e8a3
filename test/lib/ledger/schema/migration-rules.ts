import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from 'postgres';
import { isConcurrent } from '../../../../lib/ledger/schema/build-indexes.ts';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { splitStatements } from '../../../../lib/ledger/schema/migration-files.ts';
import { SMALL_TABLES } from '../filled-ledger.ts';
import { describeSchema } from './describe-schema.ts';

const MIGRATIONS = 'lib/ledger/schema/migrations';

/** The last migration that was made before there were rules. */
const BEFORE_RULES = '0012-lists.sql';

/** Returns the names of the migrations for which there are rules. */
export async function listNewMigrations(): Promise<readonly string[]> {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
  return names.filter((name) => name > BEFORE_RULES);
}

/** Applies all migrations before the one with this name. */
export async function migrateBefore(url: string, end: string, folder: string): Promise<void> {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql') && name < end);
  for (const name of names) await copyFile(join(MIGRATIONS, name), join(folder, name));
  await applyMigrations(url, { folder });
}

/** Fills the growing tables of the version before the rules, each with this number of rows. */
export async function fillOldLedger(sql: Sql, rows: number): Promise<void> {
  for (const statement of writeRows(rows)) await sql.unsafe(statement);
}

const writeRows = (rows: number): readonly string[] => [
  `insert into uploads (upload_id, method, state, last_fact, owner, file_id, name, size, created_at, updated_at, check_at, sub_app_id)
    select 'u' || i, 'client', case when i % 5 = 0 then 'issued' else 'ready' end, 'issued', 'owner' || i % 200, 'file' || i,
      'A film ' || i, i, now() - i * interval '1 minute', now() - i * interval '1 minute', now() + i * interval '1 minute', 1
    from generate_series(1, ${rows}) i`,
  `insert into events (event_id, event_type, upload_id, file_id, payload, confirmed, received_at, recorded_by, fanned_out, sub_app_id)
    select 'event' || i, 'vod.NewFileUpload', 'u' || i, 'file' || i, jsonb_build_object('Text', repeat(md5(i::text), 12)), true,
      now() - i * interval '1 minute', 'recorder', i % 10 > 0, 1 from generate_series(1, ${rows}) i`,
  `insert into deliveries (event_id, endpoint, state, next_attempt_at, enqueued_at, updated_at)
    select 'event' || i, 'https://hook.example', case when i % 10 = 0 then 'pending' else 'delivered' end, now(), now(), now()
    from generate_series(1, ${rows}) i`,
  `insert into pulls (upload_id, owner, request, next_attempt_at)
    select upload_id, owner, '{}', created_at from uploads where state = 'issued'`,
  `insert into unconfirmed_events (event_id, raw, received_at, next_attempt_at, kept_by)
    select 'unconfirmed' || i, '{}', now(), now(), 'keeper' from generate_series(1, ${rows}) i`,
  `insert into media_actions (file_id, kind, upload_id, next_attempt_at, created_at, updated_at)
    select 'file' || i, 'delete', 'u' || i, now(), now(), now() from generate_series(1, ${rows}) i`,
  `insert into dead_items (kind, item_id, state, attempts, code, reason, first_failed_at, last_failed_at)
    select 'event', 'item' || i, 'dead', 3, 'internal', 'It failed.', now(), now() from generate_series(1, ${rows}) i`,
  `insert into requests (owner, key, fingerprint, upload_id, created_at, remembered_by)
    select owner, upload_id, 'f', upload_id, created_at, 'recorder' from uploads`,
  `insert into absent_files (sub_app_id, file_id, deletion_told, noted_at)
    select 1, 'absent' || i, true, now() from generate_series(1, ${rows}) i`,
];

/** Locks that make those wait who write, or even read: https://www.postgresql.org/docs/current/explicit-locking.html. */
const BLOCKING = `('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`;

/** A growing table as a transaction sees it. */
interface TableState {
  readonly name: string;
  /** Changes when the table is rewritten. */
  readonly file: string;
  readonly scans: string;
  readonly written: string;
  readonly blocks: boolean;
}

function readTables(sql: Pick<Sql, 'unsafe'>): Promise<TableState[]> {
  return sql.unsafe<TableState[]>(
    `select c.relname as name, pg_relation_filenode(c.oid)::text as file,
        coalesce(s.seq_scan, 0)::text as scans, coalesce(s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0)::text as written,
        exists (select from pg_locks l where l.relation = c.oid and l.pid = pg_backend_pid() and l.granted
          and l.mode in ${BLOCKING}) as blocks
      from pg_class c left join pg_stat_xact_user_tables s on s.relid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`,
  );
}

/**
 * Applies the statements of a migration to a filled ledger, and returns what is wrong with it, in sentences: what would make
 * others wait, and what code of the version before would miss.
 */
export async function judgeMigration(sql: Sql, text: string): Promise<readonly string[]> {
  const before = await describeSchema(sql);
  const faults = isConcurrent({ statements: text })
    ? await buildAll(sql, text)
    : await sql.begin((transaction) => applyAll(transaction, text));
  const after = await describeSchema(sql);
  const missing = (['columns', 'functions', 'tables'] as const).flatMap((kind) => {
    const left = new Set(after[kind].map(readName));
    return before[kind].map(readName).filter((name) => !left.has(name));
  });
  return [
    ...faults,
    ...missing.map((name) => `Code of the version before misses ${name}.`),
    ...findDemands(before.columns, after.columns),
    ...(await findUnused(sql)),
  ];
}

/** Returns what identifies a table, a column with its type, or a function with its parameters. */
function readName(text: string): string {
  return text.startsWith('CREATE')
    ? (/FUNCTION ([^\n]+)/.exec(text)?.[1] ?? text)
    : text.replace(/ not null| default .*/g, '').replace(/^(\w+ [a-zA-Z]) .*/, '$1');
}

/** Returns columns of tables that were there before which rows of the version before would leave empty. */
function findDemands(before: readonly string[], after: readonly string[]): readonly string[] {
  const tableOf = (column: string) => column.split('.')[0];
  const tables = new Set(before.map(tableOf));
  const known = new Set(before);
  return after
    .filter((column) => tables.has(tableOf(column)) && !known.has(column))
    .filter((column) => column.includes(' not null') && !column.includes(' default '))
    .map((column) => `Code of the version before does not fill ${column}.`);
}

async function buildAll(sql: Sql, text: string): Promise<readonly string[]> {
  for (const statement of splitStatements(text)) await sql.unsafe(statement);
  return [];
}

async function findUnused(sql: Sql): Promise<readonly string[]> {
  const rows = await sql.unsafe<{ name: string }[]>(
    'select indexrelid::regclass::text as name from pg_index where not indisvalid',
  );
  return rows.map(({ name }) => `The index ${name} is not valid.`);
}

async function applyAll(sql: Pick<Sql, 'unsafe'>, text: string): Promise<readonly string[]> {
  const before = new Map((await readTables(sql)).map((table) => [table.name, table]));
  for (const statement of splitStatements(text)) await sql.unsafe(statement);
  return (await readTables(sql)).flatMap((table) => {
    const earlier = before.get(table.name);
    if (earlier === undefined || SMALL_TABLES.has(table.name)) return [];
    const faults: string[] = [];
    if (table.file !== earlier.file) faults.push(`It rewrites ${table.name}.`);
    if (table.blocks && table.scans !== earlier.scans) {
      faults.push(`It reads all of ${table.name} while others wait.`);
    }
    if (table.written !== earlier.written) faults.push(`It writes rows of ${table.name}.`);
    return faults;
  });
}

/** Returns the text of a migration. */
export function readMigration(name: string): Promise<string> {
  return readFile(join(MIGRATIONS, name), 'utf8');
}
