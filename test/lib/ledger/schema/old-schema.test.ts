import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { lazyLedger } from '../../../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { NEWEST_MIGRATION } from '../../../../lib/ledger/schema/newest-migration.ts';
import { Problem } from '../../../../lib/problem.ts';
import { toErrorLogFields } from '../../../../lib/runtime/invocation.ts';
import { isItemFault } from '../../../../lib/runtime/item-fault.ts';
import { placeCalls, RECURRING_CALLS } from '../../../bench/recurring-calls.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { useLedger } from '../../../support/use-ledger.ts';
import { FILLED_AT, OPEN_ENDPOINT } from '../filled-ledger.ts';

const MIGRATIONS = 'lib/ledger/schema/migrations';
const stage = useLedger({
  clock: { now: () => FILLED_AT },
  targets: [{ id: OPEN_ENDPOINT, events: ['upload.*'] }],
});

/** Makes each recurring call once, and returns the errors by the names of the calls. */
async function callAll(ledger: Ledger, round: number): Promise<ReadonlyMap<string, unknown>> {
  const errors = new Map<string, unknown>();
  for (const [name, call] of Object.entries(RECURRING_CALLS)) {
    await call(ledger, placeCalls(round, 100)).catch((error: unknown) => errors.set(name, error));
  }
  return errors;
}

const failureOf = (work: Promise<unknown>) => work.catch((error: unknown) => error);

/** Returns a ledger on a database that has had the migrations whose names are before `end`. */
async function openOld(end: string) {
  const url = await stage.createDatabase('empty');
  const folder = await makeFolder();
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql') && name < end);
  for (const name of names) await copyFile(join(MIGRATIONS, name), join(folder, name));
  if (names.length > 0) await applyMigrations(url, { folder });
  return { url, ledger: stage.open({ url }) };
}

it('names the newest migration', async () => {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql'));
  expect(names.sort().at(-1)).toBe(NEWEST_MIGRATION);
});

describe('this code with a database of an earlier version', () => {
  it.each([
    ['after the first one', '0002'],
    ['without columns that it needs', '0011'],
  ])('says what to do, %s, and works once that is done', async (_what, end) => {
    const { url, ledger } = await openOld(end);
    const errors = await callAll(ledger, 0);

    expect(errors.size).toBeGreaterThan(0);
    for (const error of errors.values()) {
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({
        code: 'ledger_unavailable',
        message: expect.stringContaining('"npm run migrate"'),
      });
      // Nothing is set aside because of it.
      expect(isItemFault(error)).toBe(false);
    }
    await applyMigrations(url);
    expect([...(await callAll(ledger, 1))]).toEqual([]);
  });

  it('says so if a constraint of that version refuses a value', async () => {
    const { url, ledger } = await openOld('0012');
    const old = postgres(url, { max: 1, fetch_types: false });
    await old`alter table uploads add constraint narrow check (method <> 'client')`;

    const error = await failureOf(
      ledger.issueUpload({ uploadId: 'u-1', method: 'client', owner: 'owner1' }),
    );
    await old.end();
    expect(error).toMatchObject({ code: 'ledger_unavailable', cause: { code: 'OLD_SCHEMA' } });
    expect(isItemFault(error)).toBe(false);
  });

  it('answers 503 to callers, with what is to be done, and logs it as an error', async () => {
    const { ledger } = await openOld('0002');
    const withLedger = lazyLedger(() => Promise.resolve(ledger));
    const error = await failureOf(withLedger(({ readBacklog }) => readBacklog()));

    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({
      ...{ status: 503, code: 'ledger_unavailable' },
      message:
        'The database of this service is older than its code: nothing was done, retry after its operator has run "npm run migrate".',
      headers: { 'Retry-After': '60' },
    });
    expect(toErrorLogFields(error)).toMatchObject({
      ...{ level: 'error', code: 'ledger_unavailable', databaseCode: 'OLD_SCHEMA' },
      reason: expect.stringContaining('npm run migrate'),
    });
  });
});

it('reports other refusals as they are, if the database has had all migrations', async () => {
  const { ledger, sql } = stage;
  await sql`alter table uploads add constraint narrow check (method <> 'client')`;

  const error = await failureOf(
    ledger.issueUpload({ uploadId: 'u-1', method: 'client', owner: 'owner1' }),
  );
  expect(error).toMatchObject({ name: 'LedgerError', code: '23514' });
  expect(isItemFault(error)).toBe(true);
});

it('works on while a later version adds a column to each table', async () => {
  const { ledger, sql } = stage;
  expect([...(await callAll(ledger, 0))]).toEqual([]);
  const tables = await sql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public'`;
  for (const { name } of tables) {
    await sql.unsafe(`alter table ${name} add column added_later text`);
  }

  // Statements are prepared, and those that return all columns would fail now.
  expect([...(await callAll(ledger, 1))]).toEqual([]);
});
