/** One change of one place of an SQL text. */
export interface SqlMutant {
  /** Counts from 1. */
  readonly line: number;
  /** The function or constant of the file that the text belongs to. */
  readonly within: string;
  /** The text before and after the change, on one line each; a short text has its surroundings. */
  readonly from: string;
  readonly to: string;
  /** The whole file with the change. */
  readonly source: string;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly to: string;
}

/** An SQL text of the source; in `masked`, inserted expressions and SQL literals are blanked out. */
interface SqlText {
  readonly offset: number;
  readonly raw: string;
  readonly masked: string;
}

/** What ends a condition, an assignment or an item of `order by`. */
const BOUNDARY =
  /[(),;]|\b(?:case|and|or|where|order by|group by|limit|returning|on conflict|union|for update|offset|then|else|end|window|from|join|left|cross|using|desc|asc|set)\b/g;

/** Returns all changes that the operators below make in the SQL texts of a TypeScript file. */
export function findSqlMutants(source: string): readonly SqlMutant[] {
  const seen = new Set<string>();
  return listSqlTexts(source).flatMap((text) =>
    OPERATORS.flatMap((operator) => [...operator(text)]).flatMap((edit) => {
      const start = text.offset + edit.start;
      const from = source.slice(start, text.offset + edit.end);
      const mutated = source.slice(0, start) + edit.to + source.slice(text.offset + edit.end);
      if (seen.has(mutated)) return [];
      seen.add(mutated);
      const line = source.slice(0, start).split('\n').length;
      // A changed word or sign is shown with its surroundings.
      const around = from.length > 12 ? 0 : 24;
      const before = source.slice(Math.max(text.offset, start - around), start);
      const after = text.raw.slice(edit.end, edit.end + around);
      const oneLine = (part: string) => `${before}${part}${after}`.replaceAll(/\s+/g, ' ').trim();
      const within = findOwner(source.slice(0, start));
      return [{ line, within, from: oneLine(from), to: oneLine(edit.to), source: mutated }];
    }),
  );
}

function findOwner(before: string): string {
  const names = [...before.matchAll(/^(?:export )?(?:async )?(?:const|function\*?) (\w+)/gm)];
  return names.at(-1)?.[1] ?? '';
}

/** Returns the string literals of the source that are SQL; those nested in `${…}` are items of their own. */
function listSqlTexts(source: string): readonly SqlText[] {
  const found: SqlText[] = [];
  scanCode(source, 0, found);
  return found.filter(({ masked }) => IS_SQL.test(masked));
}

const IS_SQL =
  /\b(?:select|insert into|delete from|update \w+|order by|on conflict|coalesce\(|greatest\(|is (?:not )?null|set)\b|(?:=|<|>|\bin|~) *\$?(?:[\w('{]|$)/;

/** Reads code from `at` to its closing brace, or to the end; returns that position. */
function scanCode(source: string, at: number, found: SqlText[]): number {
  const token = /\/\/.*|\/\*[\s\S]*?\*\/|['"`{}]/g;
  token.lastIndex = at;
  let depth = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [text] = match;
    if (text === '}' && depth === 0) return match.index;
    if (text === '{') depth += 1;
    else if (text === '}') depth -= 1;
    else if (!text.startsWith('/')) token.lastIndex = scanText(source, match.index, found);
  }
  return source.length;
}

/** Reads the string literal that begins at `at`; returns the position after it. */
function scanText(source: string, at: number, found: SqlText[]): number {
  const quote = source.charAt(at);
  let masked = '';
  let place = at + 1;
  while (source.charAt(place) !== quote) {
    const begin = place;
    if (quote === '`' && source.startsWith('${', place)) {
      place = scanCode(source, place + 2, found) + 1;
      masked += '$'.repeat(place - begin);
    } else {
      place += source.charAt(place) === '\\' ? 2 : 1;
      masked += source.slice(begin, place);
    }
  }
  // Literals of SQL hold no keywords.
  const blanked = masked.replaceAll(/'[^']*'/g, (text) => `'${'_'.repeat(text.length - 2)}'`);
  found.push({ offset: at + 1, raw: source.slice(at + 1, place), masked: blanked });
  return place + 1;
}

/** Returns where the item that begins at `start` ends: at a clause, a comma or a closing parenthesis. */
function findItemEnd(masked: string, start: number): number {
  let depth = 0;
  for (const { 0: text, index } of masked.slice(start).matchAll(BOUNDARY)) {
    const step = DEPTHS[text] ?? 0;
    // A word that ends other items may begin this one.
    if (depth + step < 0 || (depth === 0 && step <= 0 && index > 0)) return start + index;
    depth += step;
  }
  return masked.length;
}

const DEPTHS: Readonly<Record<string, number>> = { '(': 1, case: 1, ')': -1, end: -1 };

/** Returns `end` without the white space before it. */
function trimEnd(masked: string, end: number): number {
  return masked.slice(0, end).trimEnd().length;
}

type Operator = (text: SqlText) => Iterable<Edit>;

/** Removes each condition. */
function* dropConditions({ masked }: SqlText): Iterable<Edit> {
  for (const match of masked.matchAll(/\b(?:where|and|or|on(?! conflict)|filter \(where)\s+/g)) {
    const start = match.index + match[0].length;
    const end = trimEnd(masked, findItemEnd(masked, start));
    const isOfOr = match[0].startsWith('or') || /^\s*or\b/.test(masked.slice(end));
    if (end > start) yield { start, end, to: isOfOr ? 'false' : 'true' };
  }
}

/** Removes each assignment of `set a = 1, b = 2` where others remain. */
function* dropAssignments({ masked }: SqlText): Iterable<Edit> {
  for (const match of masked.matchAll(/\bset\s+/g)) {
    const items = listItems(masked, match.index + match[0].length);
    const [first, second] = items;
    if (first === undefined || second === undefined) continue;
    yield { start: first.start, end: second.start, to: '' };
    for (const [i, item] of items.entries()) {
      const before = items[i - 1];
      if (before !== undefined) yield { start: before.end, end: item.end, to: '' };
    }
  }
}

/** Reverses the direction of each item of `order by`. */
function* turnOrders({ raw, masked }: SqlText): Iterable<Edit> {
  for (const match of masked.matchAll(/\border by\s+/g)) {
    for (const { start, end } of listItems(masked, match.index + match[0].length)) {
      const item = raw.slice(start, end);
      if (masked.startsWith(' desc', end)) yield { start, end: end + ' desc'.length, to: item };
      else yield { start, end, to: `${item} desc` };
    }
  }
}

function listItems(masked: string, first: number) {
  const items: { start: number; end: number }[] = [];
  for (let start = first; ; ) {
    const end = trimEnd(masked, findItemEnd(masked, start));
    items.push({ start, end });
    const comma = /^(?:\s+(?:desc|asc))?\s*,\s*/.exec(masked.slice(end));
    if (comma === null) return items;
    start = end + comma[0].length;
  }
}

/** Swaps the first two arguments of `coalesce`. */
function* swapCoalesces({ raw, masked }: SqlText): Iterable<Edit> {
  for (const match of masked.matchAll(/\bcoalesce\(/g)) {
    const [a, b] = listItems(masked, match.index + match[0].length);
    if (a === undefined || b === undefined) continue;
    const to = raw.slice(b.start, b.end) + raw.slice(a.end, b.start) + raw.slice(a.start, a.end);
    yield { start: a.start, end: b.end, to };
  }
}

/** Returns an operator that replaces each match of a pattern. */
function replacing(pattern: RegExp, replace: (match: string) => string): Operator {
  return ({ masked }) =>
    Array.from(masked.matchAll(pattern), (match) => ({
      start: match.index,
      end: match.index + match[0].length,
      to: replace(match[0]),
    }));
}

/** Returns an operator that replaces each of these texts by its counterpart. */
function exchanging(pairs: Readonly<Record<string, string>>): Operator {
  const texts = Object.keys(pairs).map((text) => text.replaceAll(/[()+*]/g, '\\$&'));
  return replacing(
    new RegExp(`(?<![\\w<>-])(?:${texts.join('|')})(?![=>])`, 'g'),
    (match) => pairs[match] ?? '',
  );
}

const OPERATORS: readonly Operator[] = [
  dropConditions,
  dropAssignments,
  turnOrders,
  swapCoalesces,
  exchanging({ 'and ': 'or ', 'or ': 'and ' }),
  exchanging({ '< ': '<= ', '<= ': '< ', '> ': '>= ', '>= ': '> ', '<> ': '= ' }),
  exchanging({ 'is null': 'is not null', 'is not null': 'is null', 'not ': '' }),
  exchanging({ 'greatest(': 'least(', 'least(': 'greatest(', 'min(': 'max(', 'max(': 'min(' }),
  exchanging({ '+ ': '- ', '- ': '+ ' }),
  replacing(/\s*\bfor update(?: of \w+)?(?: skip locked)?/g, () => ''),
  replacing(/ skip locked/g, () => ''),
  replacing(/\s*\bon conflict \([^)]*\) do nothing/g, () => ''),
  replacing(/\s*\blimit \$+\w*(?:\{\w+\})?/g, () => ''),
];
