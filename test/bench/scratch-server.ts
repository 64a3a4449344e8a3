import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discardLocalDatabase, openLocalDatabase } from '../../tools/local/database.ts';
import { removeScratch } from '../support/remove-scratch.ts';

/**
 * A server that waits for no disk, since that takes the same time whatever is in the tables and would hide what differs,
 * and that fills and indexes large tables quickly.
 */
const FLAGS = [
  ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'],
  ...['wal_level=minimal', 'max_wal_senders=0', 'max_wal_size=4GB'],
  ...['shared_buffers=1GB', 'maintenance_work_mem=512MB', 'work_mem=64MB'],
].flatMap((flag) => ['-c', flag]);

/** Runs `work` with the URL of an empty PostgreSQL, which is deleted afterwards; `TMPDIR` says where it is. */
export async function withScratchServer<Result>(
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-bench-'));
  // As root, the server runs as another user, who needs access to the folder.
  await chmod(folder, 0o755);
  const server = await openLocalDatabase(folder, { databaseUrl: '', flags: FLAGS });
  try {
    return await work(server.url);
  } finally {
    await server.close();
    await discardLocalDatabase(folder);
    await removeScratch(folder);
  }
}
