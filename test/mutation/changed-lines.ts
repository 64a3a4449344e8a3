import { createHash } from 'node:crypto';

/** Consecutive lines of a file, from the first to the last, counted from 1. */
export interface LineRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** Most lines of one piece, so that a sample of them comes from many places. */
const PIECE_LINES = 10;

/** Returns the lines that are new or changed in the output of `git diff --unified=0 --no-prefix`. */
export function readChangedLines(diff: string): LineRange[] {
  const ranges: LineRange[] = [];
  let file: string | undefined;
  for (const line of diff.split('\n')) {
    if (line.startsWith('+++ ')) file = line === '+++ /dev/null' ? undefined : line.slice(4);
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (!hunk || file === undefined) continue;
    const from = Number(hunk[1]);
    const count = Number(hunk[2] ?? 1);
    if (count > 0) ranges.push({ file, from, to: from + count - 1 });
  }
  return ranges;
}

/** Returns `ranges`, or pieces of them with at most `maxLines` in all; the same ranges give the same pieces. */
export function sampleLines(ranges: readonly LineRange[], maxLines: number): readonly LineRange[] {
  if (countLines(ranges) <= maxLines) return ranges;
  const pieces = ranges.flatMap(cutIntoPieces).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const sample: LineRange[] = [];
  for (const piece of pieces) {
    if (countLines([...sample, piece]) <= maxLines) sample.push(piece);
  }
  return sample;
}

/** Returns how many lines the ranges have. */
export function countLines(ranges: readonly LineRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function cutIntoPieces({ file, from, to }: LineRange): LineRange[] {
  const count = Math.ceil((to - from + 1) / PIECE_LINES);
  return Array.from({ length: count }, (_, index) => {
    const start = from + index * PIECE_LINES;
    return { file, from: start, to: Math.min(to, start + PIECE_LINES - 1) };
  });
}

function rank({ file, from }: LineRange): string {
  return createHash('sha256').update(`${file}:${from}`).digest('hex');
}
