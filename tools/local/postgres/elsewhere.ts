import { chmod, lstat, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalError } from '../local-error.ts';
import { findBarrier, type SystemUser } from './user.ts';

/**
 * Where root stores data that another user must reach: a place for programs' state, which survives a restart of the
 * machine, and where only root can write
 * (https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch05s08.html).
 */
export const ELSEWHERE = '/var/lib/vod-upload-backend';

/** Everyone may read, and only root may write, whatever the umask is. */
const OPEN = 0o755;

/**
 * Creates {@link ELSEWHERE} if it does not exist, and makes sure that it is owned by root and open to `user`.
 *
 * @throws {LocalError} where this is not possible.
 */
export async function openElsewhere(user: SystemUser): Promise<void> {
  try {
    await mkdir(ELSEWHERE, { recursive: true });
    const info = await lstat(ELSEWHERE);
    if (!info.isDirectory() || info.uid !== 0) throw new Error('it is not a folder of root’s own');
    await chmod(ELSEWHERE, OPEN);
    const barrier = await findBarrier(ELSEWHERE, user);
    if (barrier !== undefined) throw new Error(`that user cannot get through ${barrier}`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LocalError(
      `As root, PostgreSQL runs as the user ${user.name} and is kept in ${ELSEWHERE}, which is not possible: ${reason}. Work in a folder that everybody can get through, or name a server with DATABASE_URL.`,
      { cause },
    );
  }
}

/** Creates a folder in {@link ELSEWHERE} with a name of `prefix` and a random end; returns its path. */
export async function makeFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(ELSEWHERE, prefix));
  await chmod(folder, OPEN);
  return folder;
}
