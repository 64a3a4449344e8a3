import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openList, type ReadChunks } from '../../../../tools/cli/pull/list-file.ts';
import { makeFolder } from '../../../support/make-folder.ts';

const read = (readChunks: ReadChunks) => text(Readable.from(readChunks()));
const { signal } = new AbortController();
const NOTHING = Readable.from([]);

it('openList() reads standard input as often as a file, and leaves nothing of it', async () => {
  const folders = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('vod-upload-list-'));
  const before = await folders();
  const ending = new AbortController();
  const input = Readable.from([Buffer.from('mediaUrl\n'), Buffer.from('a\n')]);
  const list = await openList('-', input, ending.signal);

  expect([await read(list), await read(list)]).toEqual(['mediaUrl\na\n', 'mediaUrl\na\n']);
  const kept = (await folders()).filter((name) => !before.includes(name));
  ending.abort();
  expect(kept.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
});

it('openList() reads a file, and leaves it', async () => {
  const folder = await makeFolder();
  const file = join(folder, 'list.csv');
  await writeFile(file, 'mediaUrl\n');
  const list = await openList(file, NOTHING, signal);

  expect(await read(list)).toBe('mediaUrl\n');
  expect(existsSync(file)).toBe(true);
  await rm(file);
  await expect(read(list)).rejects.toThrow(`The list ${file} cannot be read (ENOENT).`);
});

it('openList() refuses what is no file', async () => {
  const folder = await makeFolder();

  await expect(openList(join(folder, 'none'), NOTHING, signal)).rejects.toThrow('cannot be read');
  await expect(openList(folder, NOTHING, signal)).rejects.toThrow('is a folder: name a file in it');
});

it('openList() says that it could not keep standard input', async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('mediaUrl\n');
      throw Object.assign(new Error(), { code: 'ENOSPC' });
    })(),
  );

  await expect(openList('-', broken, signal)).rejects.toThrow(
    /^Standard input cannot be kept in .* \(ENOSPC\): make room there/,
  );
});
