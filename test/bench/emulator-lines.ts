import { measureEmulator } from './emulator.ts';
import { exactly, type Line, share } from './line.ts';

/** Media, if the command has no other number. */
const MEDIA = 100_000;

/** Returns the lines of the local emulator with many media, beside one with 100. */
export function listEmulatorLines([media = MEDIA]: readonly number[]): readonly Line[] {
  const costs = share(async ({ folder }) => measureEmulator(await folder(), media));
  const emulator = `the emulator with ${media} media`;
  return [
    {
      name: `a round of calls to ${emulator}, the median, against 100 media`,
      ...{ unit: '×', target: { atMost: 1.5 } },
      measure: async (stage) => exactly((await costs(stage)).p50Ratio),
    },
    {
      name: `the same to ${emulator}, of which 99 % take less`,
      ...{ unit: '×', target: { atMost: 1.5 } },
      measure: async (stage) => exactly((await costs(stage)).p99Ratio),
    },
    {
      name: `bytes that a change writes in ${emulator}, against 100 media`,
      ...{ unit: '×', target: { atMost: 1 } },
      measure: async (stage) => {
        const [few, many] = (await costs(stage)).bytesWritten;
        return exactly(many / few);
      },
    },
    {
      ...{ name: `pulls of one file in a second by ${emulator}`, unit: '' },
      target: { atLeast: 50 },
      measure: async (stage) => exactly((await costs(stage)).pullsPerSecond),
    },
    {
      name: 'pulls of different files in a second by an emulator in the process of its caller',
      ...{ unit: '', target: { atLeast: 50 } },
      measure: async (stage) => exactly((await costs(stage)).differentPullsPerSecond),
    },
    {
      ...{ name: `start of ${emulator}`, unit: 's' },
      measure: async (stage) => exactly((await costs(stage)).startMilliseconds[1] / 1_000),
    },
    {
      ...{ name: `memory of ${emulator}`, unit: 'MB' },
      measure: async (stage) => exactly((await costs(stage)).residentMegabytes),
    },
  ];
}
