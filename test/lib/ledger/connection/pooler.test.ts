import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { checkDatabase } from '../../../../tools/cli/doctor/check-database.ts';
import { findPgBouncer } from '../../../support/find-pgbouncer.ts';
import { type PgBouncer, startPgBouncer } from '../../../support/pgbouncer.ts';
import { requirePresent } from '../../../support/requirement.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

/** A pooler with default settings, and one that ignores startup parameters, as hosted ones do. */
const CONFIGURATIONS: readonly (readonly [string, readonly string[]])[] = [
  ['with its defaults', []],
  [
    'that ignores startup parameters',
    ['ignore_startup_parameters = statement_timeout,plan_cache_mode,jit,search_path,lock_timeout'],
  ],
];

describe.each(CONFIGURATIONS)('behind a PgBouncer %s', (_name, settings) => {
  const database = useLedger();
  const { sql } = database;
  let pooler: PgBouncer;
  let url: string;

  beforeAll(async () => {
    if (findPgBouncer() === undefined) return;
    // Two connections for many clients, so that two transactions need not share one.
    pooler = await startPgBouncer(await database.createDatabase('empty'), [
      ...settings,
      'default_pool_size = 2',
    ]);
  });
  afterAll(() => pooler?.close());
  beforeEach((context) => {
    requirePresent(context, 'pgbouncer');
    url = pooler.urlOf(database.url);
  });
  const open = () => database.open({ url });
  const connect = (databaseUrl: string) => createConnection({ databaseUrl });

  it('stores a ledger for many concurrent instances', async () => {
    const ledgers = Array.from({ length: 5 }, () => open());
    const ids = Array.from({ length: 40 }, (_, i) => `u${i}`);
    await Promise.all(
      ids.map(async (uploadId, i) => {
        const ledger = ledgers[i % 5] ?? expect.fail('There are five.');
        await ledger.issueUpload({ uploadId, method: 'client', owner: 'ann' });
        await ledger.recordEvent(eventOf([{ key: { uploadId }, fact: 'uploaded' }]));
      }),
    );

    const found = await Promise.all(ids.map((id) => ledgers[0]?.findUpload(id)));
    expect(found.map((upload) => upload?.state)).toEqual(ids.map(() => 'ready'));
    expect(await ledgers[1]?.enqueuePulls([{ uploadId: 'p', owner: 'ann', request: {} }])).toBe(1);
  });

  it('leaves no prepared statements or settings on server connections', async () => {
    const ledger = open();
    for (let i = 0; i < 5; i += 1) await ledger.findUpload(`u${i}`);

    const connection = connect(`${url}?pgbouncer=true`);
    const left = await connection.run((sql) =>
      sql.unsafe<{ prepared: string; plans: string; timeout: string }[]>(
        `select (select count(*) from pg_prepared_statements) as prepared,
          current_setting('plan_cache_mode') as plans, current_setting('statement_timeout') as timeout`,
      ),
    );
    expect([...left]).toEqual([{ prepared: '0', plans: 'auto', timeout: '0' }]);
    await connection.close();
  });

  it('commits transactions and rolls them back', async () => {
    const connection = connect(url);
    const insert = `insert into requests values ('ann', $1, 'f', 'u', now(), 'r')`;
    await connection.transact(async (sql) => {
      await sql.unsafe(insert, ['a'], { prepare: true });
      await sql.unsafe(insert, ['b'], { prepare: true });
    });
    const undone = connection.transact(async (sql) => {
      await sql.unsafe(insert, ['c'], { prepare: true });
      throw new RangeError('no');
    });

    await expect(undone).rejects.toThrow(RangeError);
    const rows = await sql`select key from requests order by key`;
    expect(rows.map(({ key }) => key)).toEqual(['a', 'b']);
    await connection.close();
  });

  it('applies the settings of the URL to each piece of work', async () => {
    await sql`create schema other`;
    await sql`create table other.only_there (id integer)`;
    const connection = connect(`${url}?schema=other&lock_timeout=1234`);
    const work = () =>
      connection.run((sql) =>
        sql.unsafe<{ lock: string }[]>(
          `select current_setting('lock_timeout') as lock, (select count(*) from only_there)`,
        ),
      );
    const done = await Promise.all(Array.from({ length: 6 }, work));

    expect(done.map(([row]) => row?.lock)).toEqual(done.map(() => '1234ms'));
    const other = connect(url);
    const [row] = await other.run((sql) => sql.unsafe<{ path: string }[]>('show search_path'));
    expect(JSON.stringify(row)).not.toContain('other');
    await connection.close();
    await other.close();
  });

  it('is migrated once by many concurrent processes', async () => {
    const empty = pooler.urlOf(await database.createDatabase('empty'));
    const counts = await Promise.all(Array.from({ length: 4 }, () => applyMigrations(empty)));

    const migrated = connect(empty);
    const applied = await migrated.run((each) => each.unsafe<object[]>('select from migrations'));
    await migrated.close();
    expect(applied.length).toBeGreaterThan(3);
    expect(counts.reduce((sum, count) => sum + count)).toBe(applied.length);
    expect(
      await sql`select from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = ${new URL(empty).pathname.slice(1)})`,
    ).toHaveLength(0);
  });

  it('is not migrated with settings in the URL, which says what to do', async () => {
    const empty = pooler.urlOf(await database.createDatabase('empty'));
    await expect(applyMigrations(`${empty}?lock_timeout=1234`)).rejects.toThrow(
      'cannot run through a pooler with settings in DATABASE_URL: use the URL of the server itself.',
    );
  });

  it('passes the checks of doctor', async () => {
    expect(await checkDatabase(url)).toEqual([]);
  });

  it('continues after the pooler has lost its connections', async () => {
    const ledger = open();
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;

    expect(await ledger.findUpload('u1')).toMatchObject({ uploadId: 'u1' });
  });

  it('reports a wrong password as permanent', async () => {
    const wrong = new URL(url);
    wrong.password = 'canary';
    const connection = connect(wrong.href);

    await expect(connection.run((sql) => sql.unsafe('select 1'))).rejects.toMatchObject({
      isTransient: false,
      message: expect.stringMatching(
        /rejects this user with this password; correct .*DATABASE_URL/,
      ),
    });
    await connection.close();
  });
});

describe('a pooler that accepts every parameter and mixes up prepared statements', () => {
  const database = useLedger();

  it('is detected by its first mistake', async () => {
    const connection = createConnection({ databaseUrl: database.url });
    const ask = () =>
      connection.run((sql) =>
        sql.unsafe<{ one: string; names: string }[]>(
          'select $1::text as one, (select count(*) from pg_prepared_statements) as names',
          ['x'],
          { prepare: true },
        ),
      );
    expect([...(await ask())]).toEqual([{ one: 'x', names: '1' }]);
    // What was prepared here is gone, as on another connection; a transaction cannot prepare it again.
    await connection.run((sql) => sql.unsafe('deallocate all'));
    const again = await connection.transact((sql) =>
      sql.unsafe<{ one: string; names: string }[]>(
        'select $1::text as one, (select count(*) from pg_prepared_statements) as names',
        ['x'],
        { prepare: true },
      ),
    );

    expect([...again]).toEqual([{ one: 'x', names: '0' }]);
    expect([...(await ask())]).toEqual([{ one: 'x', names: '0' }]);
    await connection.close();
  });
});
