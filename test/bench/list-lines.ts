import { exactly, type Line, share } from './line.ts';
import { measureLists } from './lists.ts';

/** Lines that are queued, if the command has no other number. */
const QUEUED = 10_000;

/** Returns the lines of `vod-upload pull --from`. */
export function listListLines([queued = QUEUED]: readonly number[]): readonly Line[] {
  const cost = share(async ({ folder, database }) =>
    measureLists(await folder(), await database(), queued),
  );
  return [
    {
      ...{ name: 'lines of a list that are read and checked in a second, of 100,000', unit: '' },
      measure: async (stage) => exactly((await cost(stage)).checkedPerSecond),
    },
    {
      name: `lines of a list of ${queued} that pull queues in a local stack in a second`,
      unit: '',
      measure: async (stage) => exactly((await cost(stage)).queuedPerSecond),
    },
    {
      ...{ name: 'memory of the program pull at most, with 1,000 lines', unit: 'MB' },
      measure: async (stage) => exactly((await cost(stage)).residentMegabytes[0]),
    },
    {
      ...{ name: 'the same with 100,000 lines', unit: 'MB' },
      measure: async (stage) => exactly((await cost(stage)).residentMegabytes[1]),
    },
  ];
}
