import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { applyMigrations } from '../../lib/ledger/schema/migrate.ts';
import {
  fillOldLedger,
  listNewMigrations,
  migrateBefore,
} from '../lib/ledger/schema/migration-rules.ts';
import { exactly, type Line, type Stage, share } from './line.ts';
import { withScratchServer } from './scratch-server.ts';

/** Rows of each growing table, if the command has no other number. */
const ROWS = 1_000_000;

/** Returns the lines of the newer migrations, applied to a filled ledger. */
export function listMigrateLines([rows = ROWS]: readonly number[]): readonly Line[] {
  const measured = share((stage) => measureMigrations(rows, stage));
  const ledger = `a ledger with ${rows.toLocaleString('en')} rows in each growing table`;
  return [
    {
      ...{ name: `longest wait of a writer while ${ledger} is migrated`, unit: 'ms' },
      target: { atMost: 1_000 },
      measure: async (stage) => exactly((await measured(stage)).longestWait),
    },
    {
      ...{ name: `migrating ${ledger}, all that came after the first twelve`, unit: 's' },
      measure: async (stage) => exactly((await measured(stage)).seconds),
    },
  ];
}

async function measureMigrations(rows: number, { folder }: Stage) {
  const [first = ''] = await listNewMigrations();
  const old = await mkdtemp(join(await folder(), 'migrations-'));
  return withScratchServer(async (url) => {
    await migrateBefore(url, first, old);
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    await fillOldLedger(sql, rows);
    await sql.unsafe('vacuum (analyze)');
    const tables = await sql<{ name: string }[]>`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migrations'`;
    const writers = tables.map(({ name }) => startWriter(url, name));
    const startedAt = performance.now();
    await applyMigrations(url);
    const seconds = (performance.now() - startedAt) / 1_000;
    const waits = await Promise.all(writers.map((stop) => stop()));
    await sql.end();
    return { longestWait: Math.max(...waits), seconds };
  });
}

/**
 * Takes the lock of everyone who writes into the table, again and again. Returns a function that ends this and returns the
 * longest wait in milliseconds.
 */
function startWriter(url: string, table: string): () => Promise<number> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  let isOver = false;
  const write = async () => {
    let longest = 0;
    while (!isOver) {
      const startedAt = performance.now();
      await sql.begin((transaction) =>
        transaction.unsafe(`lock table ${table} in row exclusive mode`),
      );
      longest = Math.max(longest, performance.now() - startedAt);
    }
    await sql.end();
    return longest;
  };
  const written = write();
  return () => {
    isOver = true;
    return written;
  };
}
