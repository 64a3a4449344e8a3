import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { listen } from '../../../support/listen.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { useDatabases } from '../../../support/use-ledger.ts';

const databases = useDatabases();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await writeFile(join(folder, '0001-first.sql'), 'create table first (id integer);');
  await writeFile(join(folder, '0002-second.sql'), 'create table second (id integer);');
  await writeFile(join(folder, 'notes.txt'), 'no migration');
});
afterAll(() => rm(folder, { recursive: true }));

async function listTables(url: string): Promise<readonly string[]> {
  const sql = postgres(url, { max: 1, fetch_types: false });
  const rows = await sql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`;
  await sql.end();
  return rows.map(({ name }) => name);
}

const countTables = async (url: string) => (await listTables(url)).length;

describe('applyMigrations()', () => {
  it('applies each migration once, in order', async () => {
    const url = await databases.create('empty');
    const names: string[] = [];

    const first = await applyMigrations(url, { folder, onApplied: ({ name }) => names.push(name) });
    const again = await applyMigrations(url, { folder, onApplied: ({ name }) => names.push(name) });

    expect([first, again]).toEqual([2, 0]);
    expect(names).toEqual(['0001-first.sql', '0002-second.sql']);
  });

  it('applies each migration in one of many concurrent processes', async () => {
    const url = await databases.create('empty');
    const names: string[] = [];
    const migrate = () =>
      applyMigrations(url, { folder, onApplied: ({ name }) => names.push(name) });
    const counts = await Promise.all(Array.from({ length: 8 }, migrate));

    expect(counts.reduce((sum, count) => sum + count)).toBe(2);
    expect(names).toEqual(['0001-first.sql', '0002-second.sql']);
  });

  it('refuses a migration that was changed or removed, and applies nothing', async () => {
    const url = await databases.create('empty');
    const other = await makeFolder();
    await writeFile(join(other, '0001-first.sql'), 'create table first (id integer);');
    await applyMigrations(url, { folder: other });
    const before = await countTables(url);

    await writeFile(join(other, '0001-first.sql'), 'create table first (id bigint);');
    await writeFile(join(other, '0002-second.sql'), 'create table second (id integer);');
    await expect(applyMigrations(url, { folder: other })).rejects.toThrow(
      'Migration 0001-first.sql has changed',
    );
    await rm(join(other, '0001-first.sql'));
    await expect(applyMigrations(url, { folder: other })).rejects.toThrow(
      'The database has had migration 0001-first.sql',
    );
    expect(await countTables(url)).toBe(before);
  });

  it('refuses a file whose name has another form', async () => {
    const url = await databases.create('empty');
    const other = await makeFolder();
    await writeFile(join(other, '0001-first.sql'), 'create table first (id integer);');
    await writeFile(join(other, '0002_second.sql'), 'create table second (id integer);');

    await expect(applyMigrations(url, { folder: other })).rejects.toThrow(
      /unlike 0002_second\.sql/,
    );
    expect(await countTables(url)).toBe(0);
  });

  it('ignores a change of line breaks', async () => {
    const url = await databases.create('empty');
    const other = await makeFolder();
    await writeFile(join(other, '0001-first.sql'), 'create table\nfirst (id integer);');
    await applyMigrations(url, { folder: other });
    await writeFile(join(other, '0001-first.sql'), 'create table\r\nfirst (id integer);');

    expect(await applyMigrations(url, { folder: other })).toBe(0);
  });

  it('rolls back a migration that fails halfway, and keeps those before it', async () => {
    const url = await databases.create('empty');
    const other = await makeFolder();
    await writeFile(join(other, '0001-good.sql'), 'create table good (id integer);');
    await writeFile(join(other, '0002-bad.sql'), 'create table half (id integer); select 1/0;');

    await expect(applyMigrations(url, { folder: other })).rejects.toThrow('division by zero');
    expect(await listTables(url)).toEqual(['good', 'migrations']);
  });

  it('executes statements with semicolons inside', async () => {
    const url = await databases.create('empty');
    const other = await makeFolder();
    await writeFile(
      join(other, '0001-odd.sql'),
      `-- Words; and 'an open quote.
      create table odd (id text default 'it''s; so', "a;b" integer); /* More; words. */
      create function twice(n integer) returns integer language plpgsql as $body$
        begin perform ';'; return n * 2; end $body$;
      insert into odd ("a;b") values (twice(4 - 1))`,
    );

    expect(await applyMigrations(url, { folder: other })).toBe(1);
    const sql = postgres(url, { max: 1, fetch_types: false });
    expect(await sql`select * from odd`).toEqual([{ id: "it's; so", 'a;b': 6 }]);
    await sql.end();
  });
});

describe('applyMigrations() with indexes that are built concurrently', () => {
  const INDEX = '-- Words.\ncreate index concurrently if not exists first_id on first (id);';
  const makeMigrations = async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, '0001-first.sql'), 'create table first (id integer);');
    await writeFile(join(folder, '0002-index.sql'), INDEX);
    await writeFile(join(folder, '0003-second.sql'), 'create table second (id integer);');
    return folder;
  };
  const connect = (url: string) =>
    postgres(url, { max: 3, fetch_types: false, onnotice: () => undefined });
  const listIndexes = (sql: postgres.Sql) =>
    sql`select indexrelid::regclass::text as name, indisvalid from pg_index
      where indrelid = 'first'::regclass`;
  const VALID = [{ name: 'first_id', indisvalid: true }];

  it('lets others write while an index is built', async () => {
    const url = await databases.create('empty');
    const folder = await makeMigrations();
    const sql = connect(url);
    await sql`create table first (id integer)`;
    await writeFile(join(folder, '0001-first.sql'), 'select 1;');

    // The build waits for this transaction; any lock that it held would keep others waiting too.
    const earlier = await sql.reserve();
    await earlier`begin`;
    await earlier`insert into first values (1)`;
    const migrating = applyMigrations(url, { folder });
    await expect
      .poll(
        () =>
          sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%create index%'`,
      )
      .toHaveLength(1);
    await sql.begin(async (later) => {
      await later`set local lock_timeout = 1000`;
      await later`insert into first values (2)`;
    });
    await earlier`commit`;
    earlier.release();

    expect(await migrating).toBe(3);
    expect(await listIndexes(sql)).toEqual(VALID);
    await sql.end();
  });

  it('builds an index again whose build was interrupted', async () => {
    const url = await databases.create('empty');
    const sql = connect(url);
    await sql`create table first (id integer)`;
    await sql`insert into first values (1), (1)`;
    await expect(sql`create unique index concurrently first_id on first (id)`).rejects.toThrow();
    expect(await listIndexes(sql)).toEqual([{ name: 'first_id', indisvalid: false }]);
    const folder = await makeFolder();
    await writeFile(join(folder, '0001-index.sql'), INDEX);

    expect(await applyMigrations(url, { folder })).toBe(1);
    expect(await listIndexes(sql)).toEqual(VALID);
    await sql.end();
  });

  it('applies each migration in one of several concurrent processes', async () => {
    const url = await databases.create('empty');
    const folder = await makeMigrations();
    const counts = await Promise.all(
      Array.from({ length: 5 }, () => applyMigrations(url, { folder })),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(3);
    const sql = connect(url);
    expect(await listIndexes(sql)).toEqual(VALID);
    await sql.end();
  });

  it('refuses anything else in the same migration', async () => {
    const url = await databases.create('empty');
    const folder = await makeMigrations();
    await writeFile(join(folder, '0002-index.sql'), `${INDEX}\ndrop table first;`);
    await expect(applyMigrations(url, { folder })).rejects.toThrow(
      'Migration 0002-index.sql builds indexes concurrently, so it can do nothing else.',
    );
  });
});

describe('applyMigrations() while others use the tables', () => {
  const connect = (url: string) => postgres(url, { max: 3, fetch_types: false });
  const prepare = async () => {
    const url = await databases.create('empty');
    const folder = await makeFolder();
    await writeFile(join(folder, '0001-both.sql'), 'create table a (); create table b ();');
    await applyMigrations(url, { folder });
    await writeFile(
      join(folder, '0002-more.sql'),
      'alter table a add column id integer; alter table b add column id integer;',
    );
    const sql = connect(url);
    // The driver reserves only a connection that is open.
    await sql`select`;
    return { url, folder, sql };
  };

  it.each(['a', 'b'])(
    'lets nobody wait for long behind it, while a transaction keeps table %s',
    async (table) => {
      const { url, folder, sql } = await prepare();
      const keeper = await sql.reserve();
      await keeper.unsafe(`begin; lock table ${table} in access share mode`);
      const [{ pid } = {}] = await keeper<{ pid: number }[]>`select pg_backend_pid() as pid`;

      const waits: string[] = [];
      let isOver = false;
      const migrating = applyMigrations(url, { folder, onProgress: (text) => waits.push(text) });
      const write = async () => {
        while (!isOver) {
          await sql.begin(async (other) => {
            await other.unsafe(`set local lock_timeout = 1000; select from a; select from b`);
          });
        }
      };
      const writing = write();
      await expect.poll(() => waits.length).toBeGreaterThan(1);
      await keeper`commit`;
      keeper.release();

      expect(await migrating).toBe(1);
      isOver = true;
      await writing;
      expect(waits[0]).toMatch(
        new RegExp(
          `^waiting for the transaction of process ${pid} of the server, which is idle in transaction and began \\d+ s ago$`,
        ),
      );
      expect(await sql`select a.id, b.id as other from a, b`).toEqual([]);
      await sql.end();
    },
  );

  it('gives up in the end, names who keeps a table, and has changed nothing', async () => {
    const { url, folder, sql } = await prepare();
    const keeper = await sql.reserve();
    await keeper.unsafe('begin; lock table b in access share mode');

    await expect(applyMigrations(url, { folder, lockAttempts: 1 })).rejects.toThrow(
      /others keep them: end the transaction of process \d+ of the server, which is idle in transaction and began \d+ s ago, and run this again/,
    );
    await keeper`commit`;
    keeper.release();
    expect(
      await sql`select from pg_attribute where attrelid = 'a'::regclass and attname = 'id'`,
    ).toHaveLength(0);
    await sql.end();
  });
});

describe('npm run migrate', () => {
  const run = promisify(execFile);
  const migrate = (databaseUrl: string) =>
    run('npx', ['tsx', 'tools/migrate.ts'], {
      env: { ...process.env, DATABASE_URL: databaseUrl },
    });

  it('prints a line for each migration, and then that there are none to apply', async () => {
    const url = await databases.create('empty');
    expect((await migrate(url)).stdout).toMatch(/^(applied \d{4}-[a-z-]+\.sql in \d+ ms\n)+$/);
    expect((await migrate(url)).stdout).toBe('Nothing to do: the database is up to date.\n');
  });

  it.each<[string, (url: URL) => string, RegExp]>([
    [
      'a server that does not run',
      () => 'postgres://a:canary@127.0.0.1:1/c',
      /nothing listens there; .*DATABASE_URL/,
    ],
    [
      'an unknown host',
      () => 'postgres://a:canary@nowhere.invalid/c',
      /no host of this name; .*DATABASE_URL/,
    ],
    [
      'a wrong password',
      (url) => url.href.replace(/:[^:@]+@/, ':canary@'),
      /this password; .*DATABASE_URL/,
    ],
    [
      'a missing database',
      (url) => url.href.replace(url.pathname, '/canary'),
      /no database of this name; .*DATABASE_URL/,
    ],
    [
      'an invalid URL',
      () => 'postgres://a:canary%@db.lan/c',
      /DATABASE_URL has a %.*percent-encode/,
    ],
    [
      'a URL of another scheme',
      () => 'mysql://a:canary@db.lan/c',
      /DATABASE_URL must be a URL that begins/,
    ],
    ['an unknown parameter', (url) => `${url.href}?colour=red`, /DATABASE_URL .*parameter colour/],
  ])('reports %s in one sentence', async (_what, make, sentence) => {
    const url = make(new URL(await databases.create('empty')));
    const { code, stderr } = await migrate(url).catch((error) => error);

    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('canary');
  });

  it('refuses other systems than PostgreSQL', async () => {
    const web = createServer((_request, response) => response.end());
    const { host, close } = await listen(web);
    const { code, stderr } = await migrate(`postgres://a:b@${host}/c`).catch((error) => error);

    expect([code, stderr]).toEqual([
      1,
      'The database of DATABASE_URL failed: what answers there does not speak PostgreSQL; set host and port of DATABASE_URL to those of the database.\n',
    ]);
    await close();
  });

  it.each(['SQL_ASCII', 'LATIN1'])('refuses a database with the encoding %s', async (encoding) => {
    const url = new URL(await databases.create('empty'));
    const name = `encoding_${encoding.toLowerCase()}`;
    const admin = postgres(url.href, { max: 1, fetch_types: false });
    await admin.unsafe(
      `create database ${name} encoding '${encoding}' locale 'C' template template0`,
    );
    url.pathname = name;

    await expect(applyMigrations(url.href)).rejects.toThrow(
      new RegExp(`DATABASE_URL has the encoding ${encoding}, and the ledger needs UTF8`),
    );
    expect(await countTables(url.href)).toBe(0);
    await admin.unsafe(`drop database ${name}`);
    await admin.end();
  });

  it('fails without DATABASE_URL and says why', async () => {
    await expect(migrate('')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('DATABASE_URL must be set'),
    });
  });
});
