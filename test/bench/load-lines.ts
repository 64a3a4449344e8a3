import { exactly, type Line, share } from './line.ts';
import { measureLoad } from './load.ts';
import { print } from './table.ts';

/** Seconds for which each function is called, if the command has no other number. */
const SECONDS = 5;

/** Returns the lines of functions under load. */
export function listLoadLines([seconds = SECONDS]: readonly number[]): readonly Line[] {
  const loads = share(async ({ folder, database }) => {
    const measured = await measureLoad(await folder(), await database(), seconds);
    print(
      '| under load | requests/s | held | p50 ms | p99 ms | RSS MB | at the end | bytes kept |',
    );
    print(`|${' --- |'.repeat(8)}`);
    for (const load of measured) {
      const { name, requestsPerSecond, heldPercent, p50, p99 } = load;
      const { startMegabytes, endMegabytes, retainedBytes } = load;
      const times = [p50.toFixed(1), p99.toFixed(1), startMegabytes, endMegabytes, retainedBytes];
      print(`| ${[name, requestsPerSecond, `${heldPercent} %`, ...times].join(' | ')} |`);
    }
    return measured;
  });
  const rateOf = (name: string): Line => ({
    ...{ name: `requests a second to ${name}`, unit: '' },
    measure: async (stage) =>
      exactly((await loads(stage)).find((load) => load.name === name)?.requestsPerSecond ?? 0),
  });
  return [
    rateOf('signature'),
    rateOf('signature, with a ledger'),
    {
      ...{ name: 'answers under load that differ from the first one', unit: '' },
      target: { atMost: 0 },
      measure: async (stage) =>
        exactly((await loads(stage)).reduce((sum, { failures }) => sum + failures, 0)),
    },
    {
      ...{ name: 'bytes that 2,000 more requests leave in the heap, the most', unit: 'kB' },
      // Up to 350 kB are what the engine compiles meanwhile: there is no more after four times as many requests.
      target: { atMost: 500 },
      measure: async (stage) =>
        exactly(Math.max(...(await loads(stage)).map((load) => load.retainedBytes)) / 1_000),
    },
  ];
}
