import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMigrations } from '../../lib/ledger/migrate.ts';
import { discardLocalDatabase, openLocalDatabase } from '../../tools/local/database.ts';
import { SCRATCH_FLAGS } from '../support/database-server.ts';
import { removeScratch } from '../support/remove-scratch.ts';
import { openTunnel } from '../support/tunnel.ts';

/** A PostgreSQL with the ledger's tables that is stopped for a while, and comes back with all that it had. */
export interface StoppableDatabase {
  /** The same at all times; while the server is stopped, connections are broken at once. */
  readonly url: string;
  /** Stops the server without waiting for those who are connected. */
  stop(): Promise<void>;
  /** Starts it again, where it is stopped. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a PostgreSQL of its own, with the ledger's tables in it. */
export async function startStoppableDatabase(): Promise<StoppableDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'chaos-ledger-'));
  // As root, the server runs as another user, for whom the data would be moved otherwise.
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
