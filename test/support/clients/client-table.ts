import { readFile } from '../../documents/documents.ts';

/** The page that has the tables. */
export const CLIENTS_PAGE = 'docs/clients.md';

/** A cell of a client's column: ✓ is a scenario that a test runs. */
export interface ClientCell {
  readonly scenario: string;
  readonly cell: string;
}

/** Returns the columns of the page's tables of scenarios by their clients. */
export function readColumns(): ReadonlyMap<string, readonly ClientCell[]> {
  const tables = readFile(CLIENTS_PAGE)
    .split('\n\n')
    .filter((block) => block.startsWith('| scenario |'));
  return new Map(tables.flatMap(readTable));
}

function readTable(table: string): (readonly [string, readonly ClientCell[]])[] {
  const [[, ...clients] = [], , ...rows] = table
    .trim()
    .split('\n')
    .map((line) => line.slice(2, -2).split(' | '));
  return clients.map((client, place) => [
    client,
    rows.map(([scenario = '', ...cells]) => ({ scenario, cell: cells[place] ?? '' })),
  ]);
}
