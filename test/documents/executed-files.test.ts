import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT, sectionOf } from './documents.ts';

/** Most files that each call of the table may run through: what one person can read in one go. */
const MOST = [15, 25, 30, 15, 40];

/** Returns the numbers at the ends of a table's rows. */
function readCounts(table: string): readonly number[] {
  return [...table.matchAll(/\| +(\d+) \|$/gm)].map(([, count]) => Number(count));
}

it('a call runs through the number of files that ARCHITECTURE.md says, and no more than the limit', async () => {
  const told = readCounts(sectionOf('ARCHITECTURE.md', 'Files that one call executes'));
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'files'], { cwd: ROOT });
  const counted = readCounts(stdout);

  expect(counted).toEqual(told);
  expect(counted).toHaveLength(MOST.length);
  expect(counted.filter((count, place) => count > (MOST[place] ?? 0))).toEqual([]);
});
