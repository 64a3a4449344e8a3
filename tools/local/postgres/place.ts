import { execFile } from 'node:child_process';
import {
  mkdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../local-error.ts';
import { ELSEWHERE, makeFolder, openElsewhere } from './elsewhere.ts';
import { findBarrier, findServerUser, type SystemUser } from './user.ts';

/** Where a database is stored, and the user of its server. */
export interface Place {
  /** Folder of the server's data. It may not exist yet; the folder above it exists. */
  readonly folder: string;
  /** Undefined for the user of this process. */
  readonly user: SystemUser | undefined;
}

const run = promisify(execFile);

/**
 * Returns the place of the database that belongs to `dir`: `<dir>/postgres`, or a folder in {@link ELSEWHERE} if the
 * server's user cannot reach that. `<dir>/postgres` is then a link to the folder, which still works after `dir` has
 * moved. Data in `dir` that this user can no longer reach are moved.
 *
 * @throws {LocalError} where the data belong to another user, or there is no place for them.
 */
export async function choosePlace(dir: string): Promise<Place> {
  await mkdir(dir, { recursive: true });
  const entry = await findEntry(dir);
  const found = await findData(dir);
  // A link to nothing, or to the data of another folder.
  if (found === undefined) await rm(entry, { force: true });
  const folder = found ?? entry;
  const user = await findServerUser(folder);
  if (user === undefined) {
    await demandOwn(folder);
    return { folder, user };
  }
  if (!isElsewhere(folder)) {
    if ((await findBarrier(dirname(folder), user)) === undefined) return { folder, user };
    await openElsewhere(user);
    return { folder: await moveElsewhere(entry, found), user };
  }
  await openElsewhere(user);
  await writeFile(originOf(folder), entry);
  return { folder, user };
}

/**
 * Returns the folder of the data that belong to `dir`, in either place, or undefined if there is none. A folder in
 * {@link ELSEWHERE} may still be empty.
 */
export async function findData(dir: string): Promise<string | undefined> {
  try {
    const entry = await findEntry(dir);
    const link = await readlink(entry).catch(() => undefined);
    if (link === undefined || !isElsewhere(link)) return await realpath(entry);
    return (await belongsTo(link, entry)) ? link : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the data that belong to `dir`, in either place. No server may run on them. */
export async function removeData(dir: string): Promise<void> {
  const entry = join(dir, 'postgres');
  const folder = (await findData(dir)) ?? entry;
  const data = isElsewhere(folder) ? [dirname(folder)] : [folder, ...draftsOf(folder)];
  // If this is a link, only the link is removed.
  for (const path of [...data, entry]) await rm(path, { recursive: true, force: true });
}

/** Returns the paths of what exists only while the data in `folder` are created. */
export function draftsOf(folder: string): readonly [data: string, password: string] {
  return [`${folder}.new`, `${folder}.password`];
}

async function findEntry(dir: string): Promise<string> {
  return join(await realpath(dir), 'postgres');
}

function isElsewhere(folder: string): boolean {
  return dirname(dirname(folder)) === ELSEWHERE;
}

/** Returns the path of the file that records the path of the link to these data. */
function originOf(folder: string): string {
  return join(dirname(folder), 'origin');
}

/** After a checkout was moved, its link is at another path; after it was copied, there are two links. */
async function belongsTo(folder: string, entry: string): Promise<boolean> {
  const origin = await readFile(originOf(folder), 'utf8');
  if (origin === entry) return true;
  return (await readlink(origin).catch(() => undefined)) !== folder;
}

async function moveElsewhere(entry: string, data: string | undefined): Promise<string> {
  const home = await makeFolder('data-');
  const folder = join(home, 'postgres');
  await writeFile(originOf(folder), entry);
  // `mv` preserves the owner, and works between disks.
  if (data !== undefined) await run('mv', [data, folder]);
  await rm(entry, { force: true });
  await symlink(folder, entry);
  return folder;
}

async function demandOwn(folder: string): Promise<void> {
  const owner = await stat(folder).catch(() => undefined);
  const self = process.getuid?.();
  if (owner === undefined || self === undefined || owner.uid === self) return;
  throw new LocalError(
    `The database in ${folder} is another user's: start as that user or as root, or choose another folder with LOCAL_DIR.`,
  );
}
