import { describe, expect, it } from 'vitest';
import { explainServer } from '../../../../lib/ledger/schema/server-support.ts';
import { checkDatabase } from '../../../../tools/cli/doctor/check-database.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const database = useLedger({ per: 'file' });

/** Returns the URL of the test's database after a change. */
function change(edit: (there: URL) => unknown): string {
  const there = new URL(database.url);
  edit(there);
  return there.href;
}

describe('checkDatabase()', () => {
  it('finds nothing wrong with a valid URL, whatever its other parameters are', async () => {
    for (const query of [
      '',
      '?pgbouncer=true',
      '?sslmode=prefer',
      '?options=-c%20search_path%3Dpublic',
    ]) {
      expect(await checkDatabase(`${database.url}${query}`)).toEqual([]);
    }
  });

  it.each<[string, () => string, RegExp, RegExp]>([
    [
      'that nothing listens at the address',
      () => 'postgres://a:b@127.0.0.1:1/c',
      /nothing listens there/,
      /DATABASE_URL/,
    ],
    [
      'an unknown host',
      () => 'postgres://a:b@nowhere.invalid/c',
      /no host of this name/,
      /DATABASE_URL/,
    ],
    [
      'a wrong password',
      () => change((there) => (there.password = 'canary')),
      /password/,
      /DATABASE_URL/,
    ],
    [
      'a missing database',
      () => change((there) => (there.pathname = '/canary')),
      /no database/,
      /DATABASE_URL/,
    ],
    [
      'missing TLS although it is required',
      () => `${database.url}?sslmode=verify-full`,
      /no TLS, which sslmode asks/,
      /DATABASE_URL/,
    ],
    [
      'an unknown setting',
      () => `${database.url}?options=-c%20colour%3Dred`,
      /setting/,
      /DATABASE_URL/,
    ],
  ])('finds %s, and its remedy names the variable', async (_what, make, text, remedy) => {
    const notes = await checkDatabase(make());

    expect(notes).toEqual([
      {
        ...{ kind: 'finding', check: 'database' },
        text: expect.stringMatching(text),
        remedy: expect.stringMatching(remedy),
      },
    ]);
    expect(notes[0]?.text).toContain('DATABASE_URL');
    expect(JSON.stringify(notes)).not.toContain('canary');
  });

  it.each(['SQL_ASCII', 'LATIN1'])('reports a database with the encoding %s', async (encoding) => {
    const name = `encoding_${encoding.toLowerCase()}`;
    await database.sql.unsafe(
      `create database ${name} encoding '${encoding}' locale 'C' template template0`,
    );

    expect(await checkDatabase(change((there) => (there.pathname = `/${name}`)))).toMatchObject([
      {
        ...{ kind: 'finding', check: 'database' },
        text: `The database of DATABASE_URL has the encoding ${encoding}, and the ledger needs UTF8.`,
        remedy: expect.stringMatching(/encoding 'UTF8'.*DATABASE_URL/),
      },
    ]);
    await database.sql.unsafe(`drop database ${name}`);
  });

  it('does not report malformed URLs, which the check of the configuration reports', async () => {
    for (const wrong of ['mysql://a:b@c/d', `${database.url}?colour=red`]) {
      expect(await checkDatabase(wrong)).toMatchObject([{ kind: 'skipped', check: 'database' }]);
    }
  });
});

describe('explainServer()', () => {
  it.each([
    [120_022, false],
    [129_999, false],
    [130_000, true],
    [180_004, true],
    [190_000, true],
  ])('decides for the version %i whether it is supported: %s', (version, isGood) => {
    const told = explainServer({ version, encoding: 'UTF8' });

    expect(told === undefined).toBe(isGood);
    if (!isGood) expect(told?.text).toMatch(/is PostgreSQL 12, and the ledger needs 13 or newer/);
  });
});
