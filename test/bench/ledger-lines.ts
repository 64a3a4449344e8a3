import { type Growth, measureGrowth, type Size } from './growth.ts';
import { createLargeLedger, hasRoom, readSizes } from './large-ledger.ts';
import { exactly, type Line, share } from './line.ts';
import { withScratchServer } from './scratch-server.ts';
import { print, writeNumber } from './table.ts';

const SIZES = [100_000, 1_000_000, 10_000_000];

const write = (uploads: number) => uploads.toLocaleString('en');

/**
 * Returns the lines of large ledgers.
 *
 * @param numbers numbers of uploads, the smallest first.
 */
export function listLedgerLines(numbers: readonly number[]): readonly Line[] {
  const sizes = numbers.length > 0 ? numbers : SIZES;
  const [smallest = 0, largest = 0] = [sizes[0], sizes.at(-1)];
  const measured = share(() => measureLedgers(sizes));
  return [
    {
      name: `largest growth of the median of a recurring call, from ${write(smallest)} to ${write(largest)} uploads`,
      ...{ unit: '×', target: { atMost: 2 } },
      measure: async (stage) => {
        const { growths } = await measured(stage);
        const [worst] = [...growths].sort((a, b) => b.ratio - a.ratio);
        return { median: worst?.ratio ?? 0, low: worst?.low ?? 0, high: worst?.high ?? 0 };
      },
    },
    {
      ...{ name: `size of a ledger of ${write(largest)} uploads, for each`, unit: 'B' },
      measure: async (stage) => exactly((await measured(stage)).bytes),
    },
  ];
}

async function measureLedgers(sizes: readonly number[]) {
  return withScratchServer(async (url) => {
    const ledgers: Size[] = [];
    for (const uploads of sizes) {
      if (!(await hasRoom(uploads))) {
        throw new Error(`The disk has no room for ${write(uploads)} uploads: measure fewer.`);
      }
      const startedAt = performance.now();
      ledgers.push({ uploads, url: await createLargeLedger(url, uploads) });
      const seconds = Math.round((performance.now() - startedAt) / 1_000);
      print(`${write(uploads)} uploads: filled in ${seconds} s`);
    }
    let bytes = 0;
    for (const size of ledgers) bytes = await printSizes(size);
    const growths = await measureGrowth(ledgers);
    printGrowths(ledgers, growths);
    return { growths, bytes };
  });
}

async function printSizes({ url, uploads }: Size): Promise<number> {
  print(`\n| bytes for each of ${write(uploads)} uploads | rows | indexes |\n| --- | --- | --- |`);
  const sizes = await readSizes(url);
  const rows = sizes.reduce((sum, size) => sum + size.rows, 0);
  const indexes = sizes.reduce((sum, size) => sum + size.indexes, 0);
  for (const size of [...sizes, { table: 'all', rows, indexes }]) {
    const each = [size.rows, size.indexes].map((bytes) => Math.round(bytes / uploads));
    if (each.some((bytes) => bytes > 0)) print(`| ${[size.table, ...each].join(' | ')} |`);
  }
  return (rows + indexes) / uploads;
}

function printGrowths(ledgers: readonly Size[], growths: readonly Growth[]): void {
  const columns = ledgers.map(({ uploads }) => `ms at ${write(uploads)}`);
  print(`\n| ${['call', ...columns, 'growth', 'half of the rounds'].join(' | ')} |`);
  print(`|${' --- |'.repeat(columns.length + 3)}`);
  for (const { name, milliseconds, ratio, low, high } of growths) {
    const times = milliseconds.map((each) => each.toFixed(2));
    const spread = `${low.toFixed(2)} to ${high.toFixed(2)}`;
    print(`| ${[name, ...times, writeNumber(ratio, '×'), spread].join(' | ')} |`);
  }
  print('');
}
