import { type DrainCost, measureDrain } from './drain.ts';
import { measureQueue } from './ledger.ts';
import { exactly, type Line, share } from './line.ts';

const PULLS = 1_000_000;
/** The largest limit that can be configured; a larger one measures the same with less patience. */
const PULLS_PER_SECOND = 100;
const SWEEP_MILLISECONDS = 60_000;

/**
 * Returns the lines of a long queue.
 *
 * @param numbers how many pulls are queued, and how many of them are sent in a second, until none is left.
 */
export function listQueueLines([
  pulls = PULLS,
  pullsPerSecond = PULLS_PER_SECOND,
]: readonly number[]): readonly Line[] {
  const many = pulls.toLocaleString('en');
  const sweeps = Math.ceil((pulls / pullsPerSecond / 60) * 1.06) + 1;
  const queue = share(async ({ database }) => measureQueue(await database(), pulls));
  const drain = share(async (stage) => {
    await queue(stage);
    return measureDrain(await stage.database(), {
      ...{ pullsPerSecond, sweepMilliseconds: SWEEP_MILLISECONDS, sweeps },
    });
  });
  const drained = (
    name: string,
    unit: string,
    read: (cost: DrainCost) => number,
  ): Pick<Line, 'name' | 'unit' | 'measure'> => ({
    ...{ name: `${name}, with ${many} queued`, unit },
    measure: async (stage) => exactly(read(await drain(stage))),
  });
  return [
    {
      ...{ name: `growth of the heap while ${many} pulls are queued`, unit: 'kB' },
      target: { atMost: 1_000 },
      measure: async (stage) => exactly((await queue(stage)).heapGrowth / 1_000),
    },
    {
      ...{ name: `pulls queued in a second, of ${many}`, unit: '' },
      measure: async (stage) => exactly((await queue(stage)).pullsPerSecond),
    },
    drained('pulls that were sent', '', ({ sent }) => sent),
    {
      ...drained(
        'pulls sent by overlapping sweeps, of what the limit allows',
        '%',
        (cost) => cost.percent,
      ),
      target: { atLeast: 95 },
    },
    {
      ...drained(
        'most pulls in any second, of the limit',
        '%',
        ({ mostInSecond }) => (mostInSecond * 100) / pullsPerSecond,
      ),
      target: { atMost: 100 },
    },
  ];
}
