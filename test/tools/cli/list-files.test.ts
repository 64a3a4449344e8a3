import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles } from '../../../tools/cli/put/list-files.ts';
import { makeFolder } from '../../support/make-folder.ts';

const CHOICE = {
  ...{ recursive: true, include: [], exclude: [], state: '/none', abort: false },
} as const;

/** Does work without the rights of root, who may read everything. */
async function asUser<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Makes a folder with these files. */
async function makeTree(...names: readonly (string | Buffer)[]): Promise<string> {
  const folder = await makeFolder();
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'sub'));
  for (const name of names) {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]), 'film');
  }
  return folder;
}

describe('the files of a folder', () => {
  it('are found beside a folder that cannot be read', async () => {
    const folder = await makeTree('a.mp4', 'sub/b.mp4');
    await chmod(join(folder, 'sub'), 0);

    const { files, problems } = await asUser(() => listFiles([folder], CHOICE, undefined));

    expect(files.map(({ path }) => path)).toEqual([join(folder, 'a.mp4')]);
    expect(problems.map(({ error }) => error.message)).toEqual([
      `${join(folder, 'sub')} cannot be read (EACCES).`,
    ]);
    await chmod(join(folder, 'sub'), 0o755);
  });

  it('are refused with the reason if their names are no text', async () => {
    const folder = await makeTree('a.mp4', Buffer.from([0xff, 0x2e, 0x6d, 0x70, 0x34]));

    const { files, problems } = await listFiles([folder], CHOICE, undefined);

    expect(files).toHaveLength(1);
    expect(problems.map(({ error }) => error.message)).toEqual([
      `${join(folder, '\ufffd.mp4')} cannot be read: its name is not UTF-8. Rename it.`,
    ]);
  });

  it('are counted if they are no media, or links', async () => {
    const folder = await makeTree('a.mp4', 'a.txt', 'sub/b.mp4');
    await symlink('a.mp4', join(folder, 'link.mp4'));
    await symlink('sub', join(folder, 'other'));

    const { files, ignored, links } = await listFiles([folder], CHOICE, undefined);

    expect(files.map(({ path }) => path)).toEqual([
      join(folder, 'a.mp4'),
      join(folder, 'sub/b.mp4'),
    ]);
    expect({ ignored, links }).toEqual({ ignored: 1, links: 2 });
  });

  it('are in its own folders only if that is asked for', async () => {
    const folder = await makeTree('a.mp4', 'sub/b.mp4');

    const { files } = await listFiles([folder], { ...CHOICE, recursive: false }, undefined);

    expect(files).toHaveLength(1);
  });
});
