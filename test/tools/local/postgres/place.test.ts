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

/** PostgreSQL runs as another user than root, who may not get where root keeps its files. */
const isRoot = process.getuid?.() === 0;

let root: string;

beforeEach(async () => {
  root = await makeFolder();
});

afterEach(async () => {
  for (const name of await readdir(root)) await removeData(join(root, name));
});

/** Makes what a server would have written into the folder that was chosen for `dir`, and returns that folder. */
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
  it('stays in an ordinary folder, as root with a user that every machine has', async () => {
    await chmod(root, 0o755);

    const { folder, user } = await choosePlace(join(root, 'a'));

    expect(folder).toBe(join(root, 'a', 'postgres'));
    expect(user?.name).toBe(isRoot ? 'nobody' : undefined);
    expect(user?.uid === 0).toBe(false);
  });

  it('goes where the user of the server gets to, and changes no mode on the way', async () => {
    const { folder } = await choosePlace(join(root, 'a'));

    expect(folder.startsWith(isRoot ? `${ELSEWHERE}/` : root)).toBe(true);
    // A start that failed does not leave one more behind each time.
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

  it('stays with the data when the way opens or closes', async () => {
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
    // And another one at the old path has nothing of it.
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

  it('begins anew where a link leads to nothing', async () => {
    await mkdir(join(root, 'a'));
    await symlink(join(ELSEWHERE, 'data-gone', 'postgres'), join(root, 'a', 'postgres'));

    expect(await findData(join(root, 'a'))).toBeUndefined();
    await keep(join(root, 'a'), 'new');

    expect(await readKept(join(root, 'a'))).toBe('new');
  });

  it('follows a link of the user’s own to another disk', async () => {
    await chmod(root, 0o755);
    await mkdir(join(root, 'disk'));
    await mkdir(join(root, 'a'));
    await symlink(join(root, 'disk'), join(root, 'a', 'postgres'));

    expect(await choosePlace(join(root, 'a'))).toMatchObject({ folder: join(root, 'disk') });
  });
});

describe('removeData()', () => {
  it('leaves nothing behind of a start that failed', async () => {
    const { folder } = await choosePlace(join(root, 'a'));

    await removeData(join(root, 'a'));

    expect(await readdir(join(root, 'a'))).toEqual([]);
    expect(await isThere(isRoot ? join(folder, '..') : folder)).toBe(false);
  });

  it.each([0o755, 0o700])('leaves nothing behind, with a root of mode %o', async (mode) => {
    await chmod(root, mode);
    const folder = await keep(join(root, 'a'), 'mine');
    // As a start does that is broken off.
    for (const draft of draftsOf(folder)) await writeFile(draft, '');
    await writeFile(join(root, 'a', 'mine.txt'), 'keep me');
    const inPlace = folder.startsWith(root);

    await removeData(join(root, 'a'));

    expect(await readdir(join(root, 'a'))).toEqual(['mine.txt']);
    expect(await isThere(inPlace ? folder : join(folder, '..'))).toBe(false);
  });

  it('bears a folder that is not there', async () => {
    await expect(removeData(join(root, 'none'))).resolves.toBeUndefined();
  });
});
