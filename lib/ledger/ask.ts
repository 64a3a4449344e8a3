import type { Connection } from './connection.ts';

/** A row as the driver answers it. */
export type Row = Readonly<Record<string, unknown>>;

/** What a statement takes; lists and objects as JSON texts. */
export type Parameters = readonly (string | number | null)[];

/** Answers the rows of one statement that may be repeated. */
export function ask(
  connection: Connection,
  statement: string,
  parameters: Parameters = [],
): Promise<readonly Row[]> {
  return connection.run<Row[]>((sql) => sql.unsafe(statement, [...parameters], { prepare: true }));
}
