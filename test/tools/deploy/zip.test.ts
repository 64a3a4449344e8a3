import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeZip } from '../../../tools/deploy/zip.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { requirePresent } from '../../support/requirement.ts';

const FILES = [
  { name: 'b.js', content: Buffer.from('exports.b = 1') },
  { name: 'a.js', content: Buffer.alloc(70_000, 'x') },
  { name: 'settings.json', content: Buffer.from('') },
];

/** Reads an archive with Python's reader, which has no code in common with the writer. */
async function readWithPython(zip: Buffer): Promise<unknown> {
  const folder = await makeFolder();
  await writeFile(join(folder, 'code.zip'), zip);
  const program = `
import json, zipfile
z = zipfile.ZipFile('code.zip')
assert z.testzip() is None
print(json.dumps([[i.filename, oct(i.external_attr >> 16), list(i.date_time), len(z.read(i))] for i in z.infolist()]))`;
  return JSON.parse(execFileSync('python3', ['-c', program], { cwd: folder }).toString());
}

describe('writeZip()', () => {
  it('writes an archive that another program reads: files by name, readable by all, without a date', async (context) => {
    requirePresent(context, 'python3');
    const date = [1980, 1, 1, 0, 0, 0];

    expect(await readWithPython(writeZip(FILES))).toEqual([
      ['a.js', '0o100644', date, 70_000],
      ['b.js', '0o100644', date, 13],
      ['settings.json', '0o100644', date, 0],
    ]);
  });

  it('returns the same bytes for the same files in any order', () => {
    expect(writeZip(FILES.toReversed()).equals(writeZip(FILES))).toBe(true);
  });
});
