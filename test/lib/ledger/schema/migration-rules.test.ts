import postgres, { type Sql } from 'postgres';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../../../support/make-folder.ts';
import { useDatabases } from '../../../support/use-ledger.ts';
import {
  fillOldLedger,
  judgeMigration,
  listNewMigrations,
  migrateBefore,
  readMigration,
} from './migration-rules.ts';

const ROWS = 2_000;

const databases = useDatabases();
let names: readonly string[];

beforeAll(async () => {
  names = await listNewMigrations();
});

/** Returns a connection to a filled ledger of the version before the rules. */
async function openFilled(): Promise<Sql> {
  const url = await databases.create('empty');
  await migrateBefore(url, '0013', await makeFolder());
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
  onTestFinished(() => sql.end());
  await fillOldLedger(sql, ROWS);
  return sql;
}

it('each migration since version 0013 lets others work on a filled ledger', async () => {
  const sql = await openFilled();
  const faults: Record<string, readonly string[]> = {};
  for (const name of names) faults[name] = await judgeMigration(sql, await readMigration(name));

  expect(faults).toEqual(Object.fromEntries(names.map((name) => [name, []])));
});

describe('the rules for migrations', () => {
  it.each<[string, string, readonly string[]]>([
    ['a column', 'alter table uploads add column more text', []],
    [
      'a column with a default',
      'alter table uploads add column more bigint not null default 0',
      [],
    ],
    ['a table', 'create table more (id text primary key); create index on more (id)', []],
    ['settings of a table', 'alter table deliveries set (fillfactor = 70)', []],
    ['an unchecked constraint', 'alter table uploads add check (size >= 0) not valid', []],
    [
      'an index that is built while others write',
      'create index concurrently if not exists more on events (file_id)',
      [],
    ],
  ])('allow %s', async (_what, text, faults) => {
    expect(await judgeMigration(await openFilled(), text)).toEqual(faults);
  });

  it.each<[string, string, readonly string[]]>([
    [
      'a column that is different in each row',
      'alter table uploads add column more text default random()::text',
      ['It rewrites uploads.', 'It reads all of uploads while others wait.'],
    ],
    [
      'another type',
      'alter table deliveries alter column attempts type bigint',
      [
        'It rewrites deliveries.',
        'It reads all of deliveries while others wait.',
        'Code of the version before misses deliveries.attempts integer.',
      ],
    ],
    [
      'a constraint that is checked',
      'alter table uploads add check (size >= 0)',
      ['It reads all of uploads while others wait.'],
    ],
    [
      'the same among other statements',
      "alter table requests alter column fingerprint drop not null; alter table uploads alter column size set default 0; alter table events add check (upload_id <> '')",
      ['It reads all of events while others wait.'],
    ],
    [
      'an index that keeps others from writing',
      'create index more on events (file_id)',
      ['It reads all of events while others wait.'],
    ],
    ['an update of all rows', "update uploads set name = 'A film'", ['It writes rows of uploads.']],
    [
      'a column that is removed',
      'alter table uploads drop column duration',
      ['Code of the version before misses uploads.duration double precision.'],
    ],
    [
      'a column that is renamed',
      'alter table uploads rename column duration to seconds',
      ['Code of the version before misses uploads.duration double precision.'],
    ],
    [
      'a function that is removed',
      'drop function admit_uploads(text, jsonb, timestamptz, bigint, bigint, bigint)',
      [
        'Code of the version before misses public.admit_uploads(asking text, wanted jsonb, at timestamp with time zone, most_begun bigint, most_open bigint, most_bytes bigint).',
      ],
    ],
    [
      'a column that code of the version before does not fill',
      'alter table marks add column more text not null',
      ['Code of the version before does not fill marks.more text not null.'],
    ],
  ])('find %s', async (_what, text, faults) => {
    expect(await judgeMigration(await openFilled(), text)).toEqual(faults);
  });
});
