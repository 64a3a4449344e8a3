import { describeCost, type Prices } from './prices.ts';
import type { Survey } from './survey.ts';

const NUMBER = new Intl.NumberFormat('en-GB');
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Returns a number with separators. */
export function showNumber(count: number): string {
  return NUMBER.format(count);
}

/** Returns bytes in the largest unit of which there is one. */
export function showBytes(bytes: number): string {
  const power =
    bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}

/** Returns what is about to be pulled, and what is not, in lines. */
export function describeSurvey(survey: Survey, prices: Prices | undefined): string {
  const { lines, accepted, known, duplicates, bytes, withoutRanges, refused } = survey;
  const left = refused.reduce((sum, { count }) => sum + count, 0);
  const pulled = accepted - known;
  const rows = [
    `${showNumber(lines)} lines: ${showNumber(pulled)} to pull, ${showNumber(known)} known to the run, ${showNumber(duplicates)} duplicates, ${showNumber(left)} refused`,
    `size: ${describeSize(survey, pulled)}`,
    ...(withoutRanges === 0
      ? []
      : [`${showNumber(withoutRanges)} sources have no ranges: an interrupted fetch begins again`]),
    `cost: ${describeCost(prices, pulled, bytes)}`,
    ...(duplicates === 0 ? [] : [`duplicates: ${describeDuplicates(survey)}`]),
    ...(left === 0 ? [] : ['refused:']),
    ...refused.map(
      ({ reason, count, first }) =>
        `  ${showNumber(count).padStart(9)}  ${reason} (line ${first.join(', ')}${count > first.length ? ', …' : ''})`,
    ),
  ];
  return `${rows.join('\n')}\n`;
}

function describeDuplicates({ duplicates, firstDuplicates }: Survey): string {
  const lines = firstDuplicates.map(({ line, of }) => `line ${line} of line ${of}`);
  return [...lines, ...(duplicates > lines.length ? ['…'] : [])].join(', ');
}

function describeSize({ bytes, unsized }: Survey, pulled: number): string {
  if (bytes === 0 && unsized === 0 && pulled > 0) return 'not known, since no source was looked at';
  const others = `, and ${showNumber(unsized)} sources do not say theirs`;
  return `${showBytes(bytes)}${unsized === 0 ? '' : others}`;
}
