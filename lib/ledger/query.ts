import type { Subscription } from '../model/message-type.ts';
import { isKeptTime } from '../validation/iso-time.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { Connection } from './connection.ts';

/** Dependencies of the parts of the ledger. */
export interface LedgerDependencies {
  readonly connection: Connection;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
  /** Whom recorded events are delivered to, where that is known. */
  readonly targets: readonly Subscription[] | undefined;
}

/** A row as the driver returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** What a statement takes; lists and objects as JSON texts. */
export type Parameters = readonly (string | number | null)[];

/** Returns the rows of one statement that may be repeated. */
export function query(
  connection: Connection,
  statement: string,
  parameters: Parameters = [],
): Promise<readonly Row[]> {
  return connection.run<Row[]>((sql) => sql.unsafe(statement, [...parameters], { prepare: true }));
}

/** Returns whether the statement returns a row; it may be repeated. */
export async function hasRows(
  connection: Connection,
  statement: string,
  parameters: Parameters,
): Promise<boolean> {
  return (await query(connection, statement, parameters)).length > 0;
}

/**
 * Most texts of one statement of {@link queryInParts}: a notification may name hundreds of thousands of files, and an answer
 * about all of them would take longer than anybody waits for one.
 */
const TEXTS_AT_ONCE = 10_000;

/** Returns the rows of a statement about all of `texts`, which are its first parameter; it is sent once for each part of them. */
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

/** Returns a column of type `timestamptz`, or such a time within JSON, in Unix milliseconds; not a number where it is null. */
export function readTime(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

/**
 * Returns `milliseconds` since 1970 as a column of type `timestamptz` takes it.
 *
 * @throws {RangeError} where it is no time that is kept: see `isKeptTime`.
 */
export function writeTime(milliseconds: number): string {
  if (!isKeptTime(Math.trunc(milliseconds))) {
    throw new RangeError('A time must be of a year from 1970 to 9999.');
  }
  return new Date(milliseconds).toISOString();
}

/** Escapes that JSON has and PostgreSQL's `jsonb` refuses: NUL, and halves of surrogate pairs. */
const REFUSED_ESCAPE = /\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/**
 * Returns `value` as a JSON text that a `jsonb` column takes; what it cannot hold becomes U+FFFD.
 *
 * To be passed as `$1::text::jsonb`: the driver writes what goes to `jsonb` directly as JSON once more.
 */
export function writeJson(value: unknown): string {
  const text = JSON.stringify(value);
  return REFUSED_ESCAPE.test(text) ? JSON.stringify(value, replaceRefused) : text;
}

/** Returns `text` as a `text` column takes it. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

function replaceRefused(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [cleanText(name), held]));
}
