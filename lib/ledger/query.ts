import type { Connection } from './connection.ts';
import { writeJson } from './json-text.ts';

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

/**
 * Most texts of one statement of {@link askAboutAll}: a notification may name hundreds of thousands of files, and an answer
 * about all of them would take longer than anybody waits for one.
 */
const TEXTS_AT_ONCE = 10_000;

/** Returns the rows of a statement about all of `texts`, which are its first parameter; it is sent once for each part of them. */
export async function askAboutAll(
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
