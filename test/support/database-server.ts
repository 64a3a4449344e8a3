import { chmod, mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { applyMigrations } from '../../lib/ledger/schema/migrate.ts';
import { discardLocalDatabase, openLocalDatabase } from '../../tools/local/database.ts';
import { removeScratch } from './remove-scratch.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly databaseServer: DatabaseServer;
  }
}

/** The PostgreSQL that all test files of a run share. */
interface DatabaseServer {
  /** URL of its superuser. */
  readonly url: string;
  /** Name of a database with the ledger's tables, which no test connects to: others are copied from it. */
  readonly template: string;
  /** The end of a statement that creates a database: the fastest strategy. */
  readonly strategy: string;
}

/** Arguments of a server whose data may be lost after the tests, so that nothing waits for a disk. */
export const SCRATCH_FLAGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
  // Two test files run at a time, and some open dozens of connections.
  'max_connections=200',
].flatMap((flag) => ['-c', flag]);

/** A folder in memory, in which a database of some 300 files is copied six times as fast as on a disk. */
const MEMORY = '/dev/shm';
/** More than enough space for the server and the databases of two test files. */
const MEMORY_BYTES = 2 * 1024 ** 3;

/** Starts the server before the first test file, or uses the one that `TEST_DATABASE_URL` names; stops it after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openServer(process.env['TEST_DATABASE_URL']);
  const template = `ledger_${process.pid}_${Date.now()}`;
  const url = new URL(server.url);
  url.pathname = `/${template}`;
  await administer(server.url, `create database ${template}`);
  await applyMigrations(url.href);
  const [version] = await administer(server.url, 'show server_version_num');
  // Older servers have only one strategy: https://www.postgresql.org/docs/15/sql-createdatabase.html.
  const strategy = Number(version?.['server_version_num']) >= 150_000 ? 'strategy file_copy' : '';
  project.provide('databaseServer', { url: server.url, template, strategy });
  return async () => {
    await administer(server.url, `drop database ${template} with (force)`);
    await server.close();
  };
}

/** Returns a new server, or the one at `databaseUrl`, with a superuser's URL. */
export async function openServer(databaseUrl = '') {
  const dir = await mkdtemp(join(await chooseFolder(), 'ledger-'));
  // As root, the server runs as another user; without this, the data would have to be moved for that user.
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

async function chooseFolder(): Promise<string> {
  const memory = await statfs(MEMORY).catch(() => undefined);
  return memory !== undefined && memory.bavail * memory.bsize >= MEMORY_BYTES ? MEMORY : tmpdir();
}

async function administer(url: string, statement: string) {
  const admin = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
  const rows = await admin.unsafe(statement);
  await admin.end();
  return rows;
}
