import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMigrations } from '../../lib/ledger/schema/migrate.ts';
import { discardLocalDatabase, openLocalDatabase } from '../../tools/local/database.ts';
import { SCRATCH_FLAGS } from '../support/database-server.ts';
import { removeScratch } from '../support/remove-scratch.ts';
import { openTunnel } from '../support/tunnel.ts';

/** A PostgreSQL with the ledger's tables that can be stopped, and started again with all its data. */
export interface StoppableDatabase {
  /** Does not change; while the server is stopped, connections fail immediately. */
  readonly url: string;
  /** Stops the server without waiting for its clients. */
  stop(): Promise<void>;
  /** Starts it again if it is stopped. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a separate PostgreSQL with the ledger's tables in it. */
export async function startStoppableDatabase(): Promise<StoppableDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'chaos-ledger-'));
  // As root, the server runs as another user; without this, the data would have to be moved for that user.
  await chmod(dir, 0o755);
  const open = () => openLocalDatabase(dir, { flags: SCRATCH_FLAGS });
  let server = await open();
  await applyMigrations(server.url);
  const tunnel = await openTunnel(server.url, () => server.url);
  let stopped = Promise.resolve();
  return {
    url: tunnel.url,
    stop() {
      stopped = server.close();
      return stopped;
    },
    async start() {
      await stopped;
      server = await open();
    },
    async close() {
      await tunnel.cut();
      await server.close();
      await discardLocalDatabase(dir);
      await removeScratch(dir);
    },
  };
}
