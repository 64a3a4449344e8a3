import { readFileSync } from 'node:fs';

/** The ways in, as the README names them and the seed of this project lists them. */
export const WAYS = [
  'console upload',
  'console pull',
  'server upload',
  'client upload',
  'API pull',
  'live recording',
] as const;

/** One of {@link WAYS}. */
export type Way = (typeof WAYS)[number];

/** One claim of the README's tables: that what a row is about is done by a way in this manner. */
export interface Claim {
  readonly row: string;
  readonly way: Way;
  /** As `rule \`classId\``; a cell may make several. */
  readonly claim: string;
}

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The section that describes the ways in. */
export const SECTION = sliceSection(README, '## What each way of uploading can do');

/** Returns every claim of the section's tables, in their order. */
export function listClaims(): readonly Claim[] {
  return SECTION.split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '))
    .filter((cells) => cells.length === WAYS.length + 1 && !WAYS.some((way) => cells.includes(way)))
    .filter(([row = '']) => !row.startsWith('---'))
    .flatMap(([row = '', ...cells]) =>
      WAYS.flatMap((way, place) =>
        (cells[place] ?? '').split(', ').map((claim) => ({ row, way, claim })),
      ),
    );
}

/** Returns `custom` as the section's example has it, as the text of a file that Serverless reads. */
export function readExample(): string {
  const [, example = ''] = /^```yaml\n(.*?)^```$/ms.exec(SECTION) ?? [];
  return example;
}

/** Returns the note of the section with this number. */
export function findNote(number: string): string | undefined {
  return new RegExp(`^${number}\\. (.*(?:\\n {3}.*)*)$`, 'm').exec(SECTION)?.[1];
}

function sliceSection(text: string, heading: string): string {
  const begin = text.indexOf(heading);
  const end = text.indexOf('\n## ', begin + heading.length);
  if (begin === -1 || end === -1) throw new Error(`README.md has no section "${heading}"`);
  return text.slice(begin, end);
}
