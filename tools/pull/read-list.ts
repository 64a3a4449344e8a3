import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { decodeText } from './decode-text.ts';
import { MAX_LINE, normalizeBreaks, parseRow, splitLines } from './json-lines.ts';
import {
  type ColumnOptions,
  type Columns,
  EXPECTED_FIELDS,
  explainUnknown,
  readField,
  readHeader,
} from './list-columns.ts';
import { ListError } from './list-error.ts';
import { checkQuotes, unquote } from './quotes.ts';

/** Forms of a list. */
export const LIST_FORMATS = ['csv', 'tsv', 'ndjson'] as const;

/** One of {@link LIST_FORMATS}. */
type ListFormat = (typeof LIST_FORMATS)[number];

/** One source in a list. */
export interface ListedPull {
  /** Its line; the last of them, if it has several. */
  readonly line: number;
  /** The list's own name for it. */
  readonly id: string | undefined;
  /** The fields of a pull as the list has them, not checked yet. */
  readonly pull: Readonly<Record<string, unknown>>;
  /** Bytes and seconds that the list expects, if it says so. */
  readonly expected: { readonly size?: number; readonly duration?: number };
}

/** How a list is to be read. */
export interface ListOptions extends ColumnOptions {
  /** Undefined: its first character decides. */
  readonly format: ListFormat | undefined;
}

/**
 * Yields the sources in a list, one after the other, with constant memory.
 *
 * @throws {ListError} that names the line, if the list cannot be read or is empty. What is wrong with one source alone is
 * found later.
 */
export async function* readList(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ListOptions,
): AsyncGenerator<ListedPull, void, undefined> {
  const text = normalizeBreaks(decodeText(chunks));
  const first = await readBeginning(text);
  const format = options.format ?? guessFormat(first);
  const whole = prepend(first, text);
  let isEmpty = true;
  for await (const item of format === 'ndjson'
    ? readLines(whole, options)
    : readTable(whole, format, options)) {
    isEmpty = false;
    yield item;
  }
  if (isEmpty) throw new ListError('The list is empty: it has no line with a URL.');
}

/** Returns the text up to the first line that is not empty and no comment, or more. */
async function readBeginning(text: AsyncIterator<string>): Promise<string> {
  let first = '';
  while (!CONTENT.test(first) && first.length < MAX_LINE) {
    const { done, value } = await text.next();
    if (done === true) break;
    first += value;
  }
  return first;
}

/** A whole line with content. */
const CONTENT = /^[^\S\n]*[^#\s].*\n/m;

function guessFormat(first: string): ListFormat {
  const line = first.split('\n').find((each) => /^\s*[^#\s]/.test(each)) ?? '';
  if (/^\s*[{[]/.test(line)) return 'ndjson';
  return line.includes('\t') && !line.includes(',') ? 'tsv' : 'csv';
}

async function* prepend(first: string, rest: AsyncIterable<string>) {
  yield first;
  yield* rest;
}

async function* readTable(text: AsyncIterable<string>, format: ListFormat, options: ListOptions) {
  let last = 0;
  const parser = createParser(format, (line) => {
    last = line;
  });
  // Its error is thrown by the iteration too.
  const fed = pipeline(Readable.from(text), parser).catch(() => undefined);
  const clean = (fields: readonly string[]) => (format === 'tsv' ? fields.map(unquote) : fields);
  let columns: Columns | undefined;
  try {
    for await (const { record: fields, info } of parser as AsyncIterable<ParsedRecord>) {
      const { lines: line } = info;
      const record = clean(fields);
      if (record.every((field) => field === '')) continue;
      if (columns === undefined) {
        const header = readHeader(record, line, options);
        columns = header.columns;
        if (header.isHeader) continue;
      }
      yield toListed(nameFields(record, columns, line), line);
    }
  } catch (error) {
    throw explainParser(error, last + 1);
  }
  await fed;
}

/** @param onRead receives the line of each record: the stream reads ahead, and drops what it has read if it fails. */
function createParser(format: ListFormat, onRead: (line: number) => void) {
  return parse({
    on_record: (record: string[], { lines }: { readonly lines: number }) => {
      onRead(lines);
      return record;
    },
    delimiter: format === 'tsv' ? '\t' : ',',
    ...(format === 'tsv' ? { quote: null } : { relax_quotes: true }),
    ...{ comment: '#', comment_no_infix: true, info: true, max_record_size: MAX_LINE },
    ...{ relax_column_count: true, skip_empty_lines: true, trim: true },
  });
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** @param line the one after those that were read. */
function explainParser(error: unknown, line: number): unknown {
  if (!(error instanceof CsvError)) return error;
  const text =
    error.code === 'CSV_MAX_RECORD_SIZE'
      ? `is longer than ${MAX_LINE} characters; a quotation mark may not be closed.`
      : 'has a quotation mark that is not closed.';
  return new ListError(text, { line, cause: error });
}

function nameFields(
  record: readonly string[],
  columns: Columns,
  line: number,
): Record<string, string> {
  checkQuotes(record, columns, line);
  const surplus = record.slice(columns.length).some((field) => field !== '');
  if (surplus)
    throw new ListError(
      `has ${record.length} fields, and the list has ${columns.length} columns: put a field that has a comma into quotation marks.`,
      { line },
    );
  return Object.fromEntries(
    record.flatMap((field, place) => {
      const name = columns[place];
      return name === undefined || field === '' ? [] : [[name, field] as const];
    }),
  );
}

async function* readLines(text: AsyncIterable<string>, options: ListOptions) {
  const fields = new Map([...options.map].map(([field, column]) => [column, field]));
  let line = 0;
  for await (const each of splitLines(text)) {
    line += 1;
    if (each.trim() === '' || each.startsWith('#')) continue;
    const members = Object.entries(parseRow(each, line)).filter(
      ([name, value]) => !options.ignored.includes(name) && value !== null,
    );
    const named = members.map(
      ([name, value]) => [fields.get(name) ?? readMember(name, line), value] as const,
    );
    const row = Object.fromEntries(named);
    const twice = named.find(([field, value]) => row[field] !== value);
    if (twice !== undefined) throw new ListError(`has two members for ${twice[0]}.`, { line });
    yield toListed(row, line);
  }
}

function readMember(name: string, line: number): string {
  const field = name === 'limits' ? name : readField(name);
  if (field === undefined) throw new ListError(explainUnknown(name), { line });
  return field;
}

/** Texts of a table that stand for numbers. What is none stays as it is, and is refused later. */
const NUMBERS: ReadonlySet<string> = new Set([
  'classId',
  'tasksPriority',
  'limits.maxBytes',
  'limits.maxSeconds',
  ...EXPECTED_FIELDS,
]);

function toListed(fields: Readonly<Record<string, unknown>>, line: number): ListedPull {
  const values = Object.entries(fields).map(
    ([name, given]) => [name, typeof given === 'string' ? readValue(name, given) : given] as const,
  );
  const isLimit = (name: string) => name.startsWith('limits.');
  const limits = values
    .filter(([name]) => isLimit(name))
    .map(([name, value]) => [name.slice('limits.'.length), value] as const);
  const pull = values.filter(
    ([name]) => name !== 'id' && name !== 'problem' && !isLimit(name) && !EXPECTED.includes(name),
  );
  const expected = values.filter(([name]) => EXPECTED.includes(name));
  const wrong = expected.find(([, value]) => typeof value !== 'number');
  if (wrong !== undefined) throw new ListError(`must have a number for ${wrong[0]}.`, { line });
  const given = fields['id'];
  if (given !== undefined && typeof given !== 'string' && typeof given !== 'number')
    throw new ListError('must have a text or a number for id.', { line });
  return {
    line,
    id: given === undefined ? undefined : String(given),
    pull: {
      ...Object.fromEntries(pull),
      ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
    },
    expected: Object.fromEntries(expected),
  };
}

const EXPECTED: readonly string[] = EXPECTED_FIELDS;

function readValue(name: string, text: string): unknown {
  if (name === 'limits.mediaTypes') return text.split(/[\s|;]+/).filter(Boolean);
  return NUMBERS.has(name) && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}
