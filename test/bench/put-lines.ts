import { exactly, type Line, share } from './line.ts';
import { measurePut, type SdkVersion } from './put.ts';

const SDKS: readonly SdkVersion[] = ['2.15.4', '3.0.0'];

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
    ...ratios.flatMap(([what, name]) =>
      SDKS.map(
        (version): Line => ({
          name: `rate of put for ${what}, against the COS SDK ${version}`,
          ...{ unit: '×', target: { atLeast: 1 } },
          measure: async (stage) => (await costs(stage)).compared[name][version].rate,
        }),
      ),
    ),
    ...SDKS.map(
      (version): Line => ({
        name: `processor time of put for ${large}, against the COS SDK ${version}`,
        unit: '×',
        measure: async (stage) => (await costs(stage)).compared.large[version].processor,
      }),
    ),
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
