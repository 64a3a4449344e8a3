import { readFile, sectionOf } from '../documents/documents.ts';

/** The ways of uploading, as docs/ways-of-uploading.md names them. */
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

/** One claim of the tables of that page: how a way does what the row is about. */
export interface Claim {
  readonly row: string;
  readonly way: Way;
  /** For example ``rule `classId` ``; a cell may make several. */
  readonly claim: string;
}

/** The page that describes the ways of uploading. */
export const PAGE: string = readFile('docs/ways-of-uploading.md');

/** Returns every claim of the page's tables, in their order. */
export function listClaims(): readonly Claim[] {
  return PAGE.split('\n')
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

/** Returns `custom` of the documents' example of rules, as the text of a file that Serverless reads. */
export function readExample(): string {
  const [, example = ''] =
    /^```yaml\n(.*?)^```$/ms.exec(sectionOf('docs/policy-and-rules.md', 'Rules')) ?? [];
  return example;
}

/** Returns the note of the page with this number. */
export function findNote(number: string): string | undefined {
  return new RegExp(`^${number}\\. (.*(?:\\n {3}.*)*)$`, 'm').exec(PAGE)?.[1];
}
