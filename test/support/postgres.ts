import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { applyMigrations } from '../../lib/ledger/migrate.ts';
import { discardLocalDatabase, openLocalDatabase } from '../../tools/local/database.ts';
import { removeScratch } from './remove-scratch.ts';

/** A PostgreSQL for one test file. */
export interface TestPostgres {
  /** Returns the URL of a new database: with the ledger's tables, or `empty`. */
  createDatabase(content?: 'empty'): Promise<string>;
  close(): Promise<void>;
}

/** Arguments of a server whose data need not outlive the tests, so that nothing waits for a disk. */
export const SCRATCH_FLAGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
].flatMap((flag) => ['-c', flag]);

/** Starts a PostgreSQL of its own, or uses the server that `TEST_DATABASE_URL` names. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const server = await openServer(process.env['TEST_DATABASE_URL']);
  const admin = postgres(server.url, { max: 1, fetch_types: false, onnotice: () => undefined });
  const made: string[] = [];

  const create = async (template?: string) => {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await admin.unsafe(`create database ${name}${template ? ` template ${template}` : ''}`);
    made.push(name);
    return name;
  };
  const urlOf = (name: string) => {
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return url.href;
  };
  let migrated: Promise<string> | undefined;
  const migrateTemplate = async () => {
    const template = await create();
    await applyMigrations(urlOf(template));
    return template;
  };

  return {
    async createDatabase(content) {
      if (content === 'empty') return urlOf(await create());
      migrated ??= migrateTemplate();
      return urlOf(await create(await migrated));
    },
    async close() {
      for (const name of made) await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
      await server.close();
    },
  };
}

async function openServer(databaseUrl = '') {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'));
  // As root, the server runs as another user, for whom the data would be moved otherwise.
  await chmod(dir, 0o755);
  const server = await openLocalDatabase(dir, { databaseUrl, flags: SCRATCH_FLAGS });
  return {
    url: server.url,
    async close() {
      await server.close();
      await discardLocalDatabase(dir);
      await removeScratch(dir);
    },
  };
}
