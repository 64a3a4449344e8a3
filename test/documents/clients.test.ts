import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIENTS_PAGE, readColumns } from '../support/clients/client-table.ts';
import { SCENARIOS } from '../support/clients/scenarios.ts';
import { ROOT, readFile } from './documents.ts';

const FOLDERS = ['test/e2e', 'test/tools/local/clients'];
const CELL = /^(?:✓|requests|not tried|no \((\d+)\))$/;

const columns = readColumns();
const cells = [...columns].flatMap(([client, column]) =>
  column.map(({ scenario, cell }) => ({ client, scenario, cell })),
);

/**
 * Returns the clients whose scenarios tests run, by their names in the tables: those of packages for ✓, or those of
 * which a test sends the requests.
 */
function listDescribed(cell: string): string[] {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(ROOT + folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFile(`${folder}/${name}`)),
  )
    .filter((source) => source.includes('describeClient('))
    .filter((source) => source.includes('createRequestsClient(') === (cell === 'requests'));
  const names = [...columns.keys()].filter((name) =>
    sources.some((source) => source.includes(`'${name}'`)),
  );
  return names.sort();
}

describe('the tables of clients', () => {
  it('have a row for each scenario, and no other', () => {
    const rows = new Set(cells.map(({ scenario }) => scenario));

    expect([...rows].sort()).toEqual(Object.keys(SCENARIOS).sort());
  });

  // The tests of a client run all cells of its column that say so: test/support/clients/describe-client.ts.
  it.each(['✓', 'requests'])(
    'have "%s" in the columns of those clients that tests describe so, and in no other',
    (word) => {
      const marked = new Set(cells.filter(({ cell }) => cell === word).map(({ client }) => client));

      expect([...marked].sort()).toEqual(listDescribed(word));
      expect(marked.size).toBeGreaterThan(2);
    },
  );

  it('give a reason for each "no", and no other word', () => {
    const page = readFile(CLIENTS_PAGE);
    const wrong = cells.filter(({ cell }) => {
      const [whole, note] = CELL.exec(cell) ?? [];
      return whole === undefined || (note !== undefined && !page.includes(`\n${note}. `));
    });

    expect(wrong).toEqual([]);
  });

  it('name the versions that are installed', () => {
    const {
      devDependencies,
      dependencies,
    }: Record<string, Record<string, string>> = JSON.parse(readFile('package.json'));
    const installed = Object.values({ ...devDependencies, ...dependencies });
    const versions = [...columns.keys()].flatMap((name) => name.match(/\d+\.\d+\.\d+$/) ?? []);
    // The upload SDK for Node.js brings the older storage client.
    const missing = versions
      .filter((version) => version !== '2.15.4')
      .filter((version) => !installed.some((value) => value.endsWith(version)));

    expect(missing).toEqual([]);
    expect(versions.length).toBeGreaterThan(5);
  });
});
