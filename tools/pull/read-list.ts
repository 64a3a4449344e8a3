import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { isJsonObject } from '../../lib/validation/json-object.ts';
import { decodeText } from './decode-text.ts';
import {
  type ColumnOptions,
  type Columns,
  EXPECTED_FIELDS,
  explainUnknown,
  readField,
  readHeader,
} from './list-columns.ts';
import { ListError } from './list-error.ts';

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

/** Longest line, in characters: more than all fields of a pull can have. */
export const MAX_LINE = 65_536;

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
  const text = decodeText(chunks);
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
  const line = first.split('\n').find((each) => /^[^\S\n]*[^#\s]/.test(each)) ?? '';
  if (line.trimStart().startsWith('{')) return 'ndjson';
  return line.includes('\t') && !line.includes(',') ? 'tsv' : 'csv';
}

async function* prepend(first: string, rest: AsyncIterable<string>) {
  yield first;
  yield* rest;
}

async function* readTable(text: AsyncIterable<string>, format: ListFormat, options: ListOptions) {
  let last = 0;
  const parser = parse({
    // The stream reads ahead, and drops what it has read if it fails.
    on_record: (record: string[], { lines }: { readonly lines: number }) => {
      last = lines;
      return record;
    },
    delimiter: format === 'tsv' ? '\t' : ',',
    ...(format === 'tsv' ? { quote: null } : { relax_quotes: true }),
    ...{ comment: '#', comment_no_infix: true, info: true, max_record_size: MAX_LINE },
    ...{ relax_column_count: true, skip_empty_lines: true, trim: true },
  });
  // Its error is thrown by the iteration too.
  const fed = pipeline(Readable.from(text), parser).catch(() => undefined);
  let columns: Columns | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      const { lines: line } = info;
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

async function* readLines(text: AsyncIterable<string>, { map, ignored }: ListOptions) {
  const fields = new Map([...map].map(([field, column]) => [column, field]));
  let line = 0;
  for await (const each of splitLines(text)) {
    line += 1;
    if (each.trim() === '' || each.startsWith('#')) continue;
    const row = parseRow(each, line);
    const named = Object.entries(row).flatMap(([name, value]) => {
      if (ignored.includes(name) || value === null) return [];
      const field = fields.get(name) ?? (name === 'limits' ? name : readField(name));
      if (field === undefined) throw new ListError(explainUnknown(name), { line });
      return [[field, value] as const];
    });
    yield toListed(Object.fromEntries(named), line);
  }
}

async function* splitLines(text: AsyncIterable<string>) {
  let rest = '';
  let line = 1;
  for await (const part of text) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) {
      checkLength(each, line);
      line += 1;
      yield each;
    }
    checkLength(rest, line);
  }
  if (rest !== '') yield rest;
}

function checkLength(text: string, line: number): void {
  if (text.length > MAX_LINE)
    throw new ListError(`is longer than ${MAX_LINE} characters.`, { line });
}

function parseRow(text: string, line: number): Readonly<Record<string, unknown>> {
  try {
    const row: unknown = JSON.parse(text);
    if (isJsonObject(row)) return row;
  } catch (cause) {
    throw new ListError('is not JSON.', { line, cause });
  }
  throw new ListError('must be a JSON object.', { line });
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
