import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ELSEWHERE } from '../../../../tools/local/postgres/elsewhere.ts';
import {
  choosePlace,
  draftsOf,
  findData,
  removeData,
} from '../../../../tools/local/postgres/place.ts';
import { makeFolder } from '../../../support/make-folder.ts';

/** Instead of root, PostgreSQL runs as another user, who may not have access to root's folders. */
const isRoot = process.getuid?.() === 0;

let root: string;

beforeEach(async () => {
  root = await makeFolder();
});

afterEach(async () => {
  for (const name of await readdir(root)) await removeData(join(root, name));
});

/** Writes what a server would write into the folder that was chosen for `dir`, and returns that folder. */
async function keep(dir: string, text: string): Promise<string> {
  const { folder } = await choosePlace(dir);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'PG_VERSION'), text);
  return folder;
}

async function readKept(dir: string): Promise<string> {
  const { folder } = await choosePlace(dir);
  return readFile(join(folder, 'PG_VERSION'), 'utf8');
}

const isThere = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

describe('choosePlace()', () => {
  it('chooses an ordinary folder, and instead of root a user that every machine has', async () => {
    await chmod(root, 0o755);

    const { folder, user } = await choosePlace(join(root, 'a'));

    expect(folder).toBe(join(root, 'a', 'postgres'));
    expect(user?.name).toBe(isRoot ? 'nobody' : undefined);
    expect(user?.uid === 0).toBe(false);
  });

  it("chooses a folder that the server's user can reach, and changes no mode on the path", async () => {
    const { folder } = await choosePlace(join(root, 'a'));

    expect(folder.startsWith(isRoot ? `${ELSEWHERE}/` : root)).toBe(true);
    // A failed start does not leave another folder each time.
    expect(await choosePlace(join(root, 'a'))).toMatchObject({ folder });
    expect((await stat(root)).mode & 0o777).toBe(0o700);
  });

  it.each([0o755, 0o700])('finds the data again, in a folder of mode %o', async (mode) => {
    await chmod(root, mode);
    const folder = await keep(join(root, 'a'), 'mine');

    expect(await choosePlace(join(root, 'a'))).toMatchObject({ folder });
    expect(await findData(join(root, 'a'))).toBe(folder);
    expect(await readKept(join(root, 'a'))).toBe('mine');
  });

  it('stays with the data when access to the folder changes', async () => {
    await keep(join(root, 'closed'), 'begun closed');
    await chmod(root, 0o755);
    await keep(join(root, 'open'), 'begun open');
    expect(await readKept(join(root, 'closed'))).toBe('begun closed');

    await chmod(root, 0o700);

    expect(await readKept(join(root, 'open'))).toBe('begun open');
    expect(await readKept(join(root, 'closed'))).toBe('begun closed');
  });

  it('finds the data of a folder that was moved', async () => {
    await keep(join(root, 'a'), 'mine');
    await rename(join(root, 'a'), join(root, 'b'));

    expect(await readKept(join(root, 'b'))).toBe('mine');
    // Another folder at the old path has none of the data.
    expect(await findData(join(root, 'a'))).toBeUndefined();
    await keep(join(root, 'a'), 'new');
    expect(await readKept(join(root, 'b'))).toBe('mine');
  });

  it('never shares data with a copy of the folder', async () => {
    await keep(join(root, 'a'), 'first');
    execFileSync('cp', ['-a', join(root, 'a'), join(root, 'b')]);

    await keep(join(root, 'b'), 'second');
    expect(await readKept(join(root, 'a'))).toBe('first');

    await removeData(join(root, 'b'));
    expect(await readKept(join(root, 'a'))).toBe('first');
  });

  it('starts empty if a link points to nothing', async () => {
    await mkdir(join(root, 'a'));
    await symlink(join(ELSEWHERE, 'data-gone', 'postgres'), join(root, 'a', 'postgres'));

    expect(await findData(join(root, 'a'))).toBeUndefined();
    await keep(join(root, 'a'), 'new');

    expect(await readKept(join(root, 'a'))).toBe('new');
  });

  it("follows the user's own link to another disk", async () => {
    await chmod(root, 0o755);
    await mkdir(join(root, 'disk'));
    await mkdir(join(root, 'a'));
    await symlink(join(root, 'disk'), join(root, 'a', 'postgres'));

    expect(await choosePlace(join(root, 'a'))).toMatchObject({ folder: join(root, 'disk') });
  });
});

describe('removeData()', () => {
  it('removes everything that a failed start left', async () => {
    const { folder } = await choosePlace(join(root, 'a'));

    await removeData(join(root, 'a'));

    expect(await readdir(join(root, 'a'))).toEqual([]);
    expect(await isThere(isRoot ? join(folder, '..') : folder)).toBe(false);
  });

  it.each([0o755, 0o700])('removes everything, with a root of mode %o', async (mode) => {
    await chmod(root, mode);
    const folder = await keep(join(root, 'a'), 'mine');
    // As after an interrupted start.
    for (const draft of draftsOf(folder)) await writeFile(draft, '');
    await writeFile(join(root, 'a', 'mine.txt'), 'keep me');
    const inPlace = folder.startsWith(root);

    await removeData(join(root, 'a'));

    expect(await readdir(join(root, 'a'))).toEqual(['mine.txt']);
    expect(await isThere(inPlace ? folder : join(folder, '..'))).toBe(false);
  });

  it('accepts a missing folder', async () => {
    await expect(removeData(join(root, 'none'))).resolves.toBeUndefined();
  });
});
