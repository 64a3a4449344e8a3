import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openList } from '../../../tools/cli/pull/list-file.ts';
import { makeFolder } from '../../support/make-folder.ts';

const read = (list: Awaited<ReturnType<typeof openList>>) => text(Readable.from(list.open()));

it('openList() reads standard input as often as a file, and leaves nothing of it', async () => {
  const folders = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('vod-upload-list-'));
  const before = await folders();
  const list = await openList('-', Readable.from([Buffer.from('mediaUrl\n'), Buffer.from('a\n')]));

  expect([await read(list), await read(list)]).toEqual(['mediaUrl\na\n', 'mediaUrl\na\n']);
  const kept = (await folders()).filter((name) => !before.includes(name));
  await list.close();
  expect(kept.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
});

it('openList() reads a file, and leaves it', async () => {
  const file = join(await makeFolder(), 'list.csv');
  await writeFile(file, 'mediaUrl\n');
  const list = await openList(file, Readable.from([]));

  expect(await read(list)).toBe('mediaUrl\n');
  await list.close();
  expect(existsSync(file)).toBe(true);
  await expect(openList(join(file, 'none'), Readable.from([]))).rejects.toThrow('cannot be read');
});
