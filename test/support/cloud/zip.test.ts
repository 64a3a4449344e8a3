import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../make-folder.ts';
import { writeZip } from './code-zip.ts';
import { readZip } from './zip.ts';

describe('readZip()', () => {
  it('reads archives of other programs, and refuses damaged ones', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'a.txt'), 'a'.repeat(1_000));
    await promisify(execFile)('zip', ['-q', 'a.zip', 'a.txt'], { cwd: folder });
    const zip = await readFile(join(folder, 'a.zip'));

    expect(readZip(zip).map(({ name, content }) => [name, content.length])).toEqual([
      ['a.txt', 1_000],
    ]);
    const damaged = Buffer.from(writeZip({ 'a.txt': 'aaaa' }));
    damaged.write('b', damaged.indexOf('aaaa'));
    expect(() => readZip(damaged)).toThrow('a.txt has another checksum');
    expect(() => readZip(zip.subarray(0, -1))).toThrow('does not end as a zip');
  });
});
