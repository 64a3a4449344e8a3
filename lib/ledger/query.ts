import type { Subscription } from '../model/message-type.ts';
import type { UploadState } from '../model/upload-state.ts';
import type { Clock, Random } from '../system.ts';
import { LAST_SECOND } from '../validation/iso-time.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { Connection } from './connection/connection.ts';

/** Dependencies of the parts of the ledger. */
export interface LedgerDependencies {
  readonly connection: Connection;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'key'>;
  /** Targets of recorded events, if they are known. */
  readonly targets: readonly Subscription[] | undefined;
}

/** A row as the driver returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** Parameters of a statement; lists and objects as JSON texts. */
export type Parameters = readonly (string | number | null)[];

/** Returns the rows of one statement, which must be repeatable. */
export function query(
  connection: Connection,
  statement: string,
  parameters: Parameters = [],
): Promise<readonly Row[]> {
  return connection.run<Row[]>((sql) => sql.unsafe(statement, [...parameters], { prepare: true }));
}

/**
 * Returns the end of a query that returns at most `count` rows. The number is part of the text, so only pass one of few
 * values: as a parameter it would be unknown to the planner, which then expects a tenth of all rows and so reads the
 * whole table.
 *
 * @throws {RangeError} if it is not the number of any rows.
 */
export function writeLimit(count: number): string {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new RangeError('A limit must be an integer.');
  return `limit ${count}`;
}

/** Most bytes that the rows of one answer have on disk, unless it is a single row; in memory they are several times as many. */
export const MAX_BYTES = 1_000_000;

/**
 * Returns a name of a fixed set, or a number, as a constant of a statement: some of these are frequent and others rare,
 * and the planner must know which one is meant.
 *
 * @throws {RangeError} if it is anything else.
 */
export function writeConstant(value: string | number): string {
  if (!/^\w+$/.test(String(value))) throw new RangeError('A constant must be a name or a number.');
  return `'${value}'`;
}

/**
 * Returns the condition of the uploads in one state. It is a range, which is read through the index of states in its
 * order: an equal state, in the order of time alone, would be looked for among the uploads in all states.
 */
export function writeInState(state: UploadState): string {
  return `state between '${state}' and '${state}'`;
}

/** Returns patterns of message types as one regular expression of PostgreSQL. */
export function writePattern(types: readonly string[]): string {
  return `^(?:${types.map(writePart).join('|')})$`;
}

function writePart(pattern: string): string {
  const isPrefix = pattern.endsWith('*');
  const text = isPrefix ? pattern.slice(0, -1) : pattern;
  return text.replace(/\W/g, '\\$&') + (isPrefix ? '.*' : '');
}

/** Returns whether the statement returns a row; it must be repeatable. */
export async function hasRows(
  connection: Connection,
  statement: string,
  parameters: Parameters,
): Promise<boolean> {
  return (await query(connection, statement, parameters)).length > 0;
}

/**
 * Most texts in one statement of {@link queryInParts}: a notification may name hundreds of thousands of files, and one
 * statement about all of them would exceed the time limit.
 */
const TEXTS_AT_ONCE = 10_000;

/** Returns the rows of a statement for all of `texts`, its first parameter; it is sent once for each part of them. */
export async function queryInParts(
  connection: Connection,
  statement: string,
  texts: readonly string[],
  others: Parameters,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let from = 0; from < texts.length; from += TEXTS_AT_ONCE) {
    const part = writeJson(texts.slice(from, from + TEXTS_AT_ONCE));
    rows.push(...(await query(connection, statement, [part, ...others])));
  }
  return rows;
}

/** Returns a column of type `timestamptz`, or such a time within JSON, in Unix milliseconds; NaN if it is null. */
export function readTime(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

/** Unix milliseconds of the last time that can be stored. */
const LAST_MILLISECOND = LAST_SECOND * 1_000 + 999;

/**
 * Returns whether `milliseconds` is a time that may be sent to the database: whole Unix milliseconds in a year from 1970 to
 * 9999. For other years `Date` writes a sign and six digits, which PostgreSQL does not read
 * (https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-INPUT); no time here is before
 * 1970.
 */
export function isStorableTime(milliseconds: unknown): milliseconds is number {
  return (
    typeof milliseconds === 'number' &&
    Number.isInteger(milliseconds) &&
    milliseconds >= 0 &&
    milliseconds <= LAST_MILLISECOND
  );
}

/**
 * Returns `milliseconds` since 1970 in the form for a column of type `timestamptz`.
 *
 * @throws {RangeError} if it is not a time that can be stored: see {@link isStorableTime}.
 */
export function writeTime(milliseconds: number): string {
  if (!isStorableTime(Math.trunc(milliseconds))) {
    throw new RangeError('A time must be of a year from 1970 to 9999.');
  }
  return new Date(milliseconds).toISOString();
}

/** Escapes of JSON that PostgreSQL's `jsonb` refuses: NUL, and halves of surrogate pairs. */
const REFUSED_ESCAPE = /\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/**
 * Returns `value` as a JSON text that a `jsonb` column accepts; characters that it cannot store become U+FFFD.
 *
 * Pass it as `$1::text::jsonb`: the driver would encode a parameter of type `jsonb` as JSON again.
 */
export function writeJson(value: unknown): string {
  const text = JSON.stringify(value);
  return REFUSED_ESCAPE.test(text) ? JSON.stringify(value, replaceRefused) : text;
}

/** Returns `text` in a form that a `text` column accepts. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

function replaceRefused(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [cleanText(name), held]));
}
