import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import postgres, { type Sql } from 'postgres';
import { applyMigrations } from '../../lib/ledger/schema/migrate.ts';
import { fillLedger } from '../lib/ledger/filled-ledger.ts';

/** Bytes that a filled ledger takes for each upload, with what filling it needs in addition, rounded up. */
const BYTES_PER_UPLOAD = 4_500;

/** Bytes that are left free on the disk. */
const RESERVE = 8 * 1024 ** 3;

/** Returns whether the disk has room for a ledger with this number of uploads. */
export async function hasRoom(uploads: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize > uploads * BYTES_PER_UPLOAD + RESERVE;
}

/** Creates a database on the server of `url` with a ledger of this number of uploads, and returns its URL. */
export async function createLargeLedger(url: string, uploads: number): Promise<string> {
  const admin = connect(url);
  const name = `ledger_${uploads}`;
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  const database = new URL(url);
  database.pathname = `/${name}`;
  await applyMigrations(database.href);
  const sql = connect(database.href);
  // Building an index takes a fraction of the time of adding each row to it.
  const indexes = await sql.unsafe<{ name: string; definition: string }[]>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      join pg_class c on c.oid = indrelid
      where c.relnamespace = 'public'::regnamespace and not exists (
        select from pg_constraint where conindid = indexrelid)`,
  );
  for (const index of indexes) await sql.unsafe(`drop index ${index.name}`);
  await fillLedger(sql, uploads);
  for (const { definition } of indexes) await sql.unsafe(definition);
  await sql.unsafe('vacuum (analyze)');
  await sql.end();
  return database.href;
}

/** What one table takes of the disk, in bytes. */
export interface TableSize {
  readonly table: string;
  /** With its TOAST table and maps. */
  readonly rows: number;
  readonly indexes: number;
}

/** Returns the sizes of the tables of the ledger at `url`, largest first. */
export async function readSizes(url: string): Promise<readonly TableSize[]> {
  const sql = connect(url);
  const rows = await sql.unsafe<Record<keyof TableSize, string>[]>(
    `select relname as table, pg_table_size(oid) as rows, pg_indexes_size(oid) as indexes from pg_class
      where relkind in ('r', 'm') and relnamespace = 'public'::regnamespace order by pg_total_relation_size(oid) desc`,
  );
  await sql.end();
  return rows.map((row) => ({
    table: row.table,
    rows: Number(row.rows),
    indexes: Number(row.indexes),
  }));
}

function connect(url: string): Sql {
  return postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
}
