import { exactly, type Line, share } from './line.ts';
import { measurePut } from './put.ts';

/** Mebibytes of the largest file, if the command has no other number. */
const MEBIBYTES = 1_024;

/** Returns the lines of `vod-upload put`, beside the vendor's storage SDK and the same emulator. */
export function listPutLines([mebibytes = MEBIBYTES]: readonly number[]): readonly Line[] {
  const costs = share(async ({ folder }) => measurePut(await folder(), mebibytes));
  const large = `${mebibytes} MiB`;
  const ratios = [
    ['a file of 1 MB', 'small'],
    ['a file of 100 MB', 'middle'],
    [`a file of ${large}`, 'large'],
    ['1,000 files of 10 kB', 'many'],
  ] as const;
  return [
    ...ratios.map(
      ([what, name]): Line => ({
        name: `rate of put for ${what}, against the COS SDK 3.0.0`,
        ...{ unit: '×', target: { atLeast: 1 } },
        measure: async (stage) => (await costs(stage)).ratios[name],
      }),
    ),
    {
      name: `processor time of put for ${large}, against the COS SDK 3.0.0`,
      unit: '×',
      measure: async (stage) => (await costs(stage)).processorRatio,
    },
    {
      name: `parts of ${large} that put sends again after each of ten kills`,
      ...{ unit: '', target: { atMost: 16 } },
      measure: async (stage) => exactly((await costs(stage)).partsSentAgain),
    },
    {
      name: `memory of the program put at most, for ${large}`,
      unit: 'MB',
      measure: async (stage) => exactly((await costs(stage)).residentMegabytes),
    },
  ];
}
