import { execFile } from 'node:child_process';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../local-error.ts';

/** A user of this machine, with the system's numeric ids. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const ROOT = 0;
/** A user without special rights that exists on every machine, so that none has to be added. */
const UNPRIVILEGED = 'nobody';

const run = promisify(execFile);

/**
 * Returns the user that PostgreSQL must run as, or undefined if that is the user of this process. PostgreSQL refuses to
 * run as root (https://www.postgresql.org/docs/current/creating-cluster.html), so for root it is the owner of the data in
 * `folder`, or `nobody` if there are none yet.
 *
 * @throws {LocalError} where the machine has no such user.
 */
export async function findServerUser(folder: string): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== ROOT) return undefined;
  const owner = await stat(join(folder, 'PG_VERSION')).catch(() => undefined);
  if (owner !== undefined && owner.uid !== ROOT) return nameOwner(owner);
  const ids = ['-u', '-g'].map((flag) => askId(flag, UNPRIVILEGED));
  const [uid, gid] = await Promise.all(ids).catch((cause: unknown) => {
    const reason = `As root, PostgreSQL runs as the user ${UNPRIVILEGED}, whom this machine does not know`;
    throw new LocalError(`${reason}: start as an ordinary user.`, { cause });
  });
  return { name: UNPRIVILEGED, uid: Number(uid), gid: Number(gid) };
}

/** A container may have no name for the owner of mounted data. */
async function nameOwner({ uid, gid }: { uid: number; gid: number }): Promise<SystemUser> {
  const name = await askId('-nu', String(uid)).catch(() => String(uid));
  return { name, uid, gid };
}

async function askId(flag: string, user: string): Promise<string> {
  const { stdout } = await run('id', [flag, user]);
  return stdout.trim();
}

/**
 * Returns the outermost folder or file on the way to `path`, `path` included, that `user` may not pass, or undefined if
 * the way is open. Access control lists are ignored.
 *
 * @throws the file system's error if `path` does not exist.
 */
export async function findBarrier(path: string, user: SystemUser): Promise<string | undefined> {
  const real = await realpath(path);
  for (const step of [...listAbove(real), real]) {
    if (!mayPass(await stat(step), user)) return step;
  }
  return undefined;
}

/** The outermost first. */
function listAbove(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...listAbove(above), above];
}

interface Access {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The first class that matches decides, so an owner may be denied what others may do: path_resolution(7). */
function mayPass({ mode, uid, gid }: Access, user: SystemUser): boolean {
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
