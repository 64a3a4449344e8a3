import { type Figure, judge, type Line, type Target } from './line.ts';

/** Figures by the names of their lines. */
export type Figures = Readonly<Record<string, Figure>>;

/** A line in the table, and the command that measures it. */
export type ListedLine = Omit<Line, 'measure'> & { readonly command: string };

const HEAD = '| what | target | now | half of the rounds | last | |';

/** Writes a line of text. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Returns the beginning of the table, without a last line break. */
export function writeHead(): string {
  return `${HEAD}\n${'| --- '.repeat(6)}|`;
}

/** Returns a row of the table; without `figure`, one that says which command measures it. */
export function writeRow(
  { name, unit, target, command }: ListedLine,
  figure: Figure | undefined,
  last: Figure | undefined,
): string {
  const now =
    figure === undefined
      ? ['', '', writeLast(last, unit), `not measured here: \`${command}\``]
      : [
          writeNumber(figure.median, unit),
          figure.low === figure.high ? '' : `${round(figure.low)} to ${round(figure.high)}`,
          writeLast(last, unit),
          judge(figure, target),
        ];
  return `| ${[name, writeTarget(target, unit), ...now].join(' | ')} |`;
}

function writeLast(last: Figure | undefined, unit: string): string {
  return last === undefined ? '' : writeNumber(last.median, unit);
}

/** Returns a target with its unit; empty if there is none. */
export function writeTarget(target: Target | undefined, unit: string): string {
  if (target === undefined) return '';
  return 'atMost' in target
    ? `at most ${writeNumber(target.atMost, unit)}`
    : `at least ${writeNumber(target.atLeast, unit)}`;
}

/** Returns a number with its unit, with as many digits as mean something. */
export function writeNumber(value: number, unit: string): string {
  return unit === '' ? round(value) : `${round(value)} ${unit}`;
}

function round(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number(value.toFixed(digits)).toLocaleString('en');
}
