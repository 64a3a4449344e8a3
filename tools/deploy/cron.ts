/** A field of a timer's expression: https://cloud.tencent.com/document/product/583/9708. */
interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names for its numbers, beginning with the lowest number. */
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'second', from: 0, to: 59 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day', from: 1, to: 31 },
  {
    name: 'month',
    from: 1,
    to: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  {
    name: 'weekday',
    from: 0,
    to: 6,
    names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
  },
  { name: 'year', from: 1970, to: 2099 },
];

/** Returns what is wrong with a timer's expression, or undefined if it is valid. */
export function explainCron(expression: string): string | undefined {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    return `must have 7 fields (second, minute, hour, day, month, weekday, year), not ${parts.length}`;
  }
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    if (!part.split(',').every((item) => isItem(item, field))) {
      return `has "${part}" for its ${field.name}, which is from ${field.from} to ${field.to}, as in *, 5, 1-5, 1,3 or */5`;
    }
  }
  return undefined;
}

function isItem(item: string, field: Field): boolean {
  const [range = '', step, ...rest] = item.split('/');
  if (rest.length > 0) return false;
  if (step !== undefined && !(/^[1-9]\d{0,3}$/.test(step) && Number(step) <= field.to)) {
    return false;
  }
  if (range === '*') return true;
  const [first = '', last, ...more] = range.split('-');
  if (more.length > 0) return false;
  const from = readNumber(first, field);
  const to = last === undefined ? from : readNumber(last, field);
  return from !== undefined && to !== undefined && from <= to;
}

function readNumber(text: string, { from, to, names }: Field): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + from;
  if (!/^\d{1,4}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= from && number <= to ? number : undefined;
}
