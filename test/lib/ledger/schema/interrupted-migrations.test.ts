import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { useDatabases } from '../../../support/use-ledger.ts';
import { describeSchema } from './describe-schema.ts';

const databases = useDatabases();

const MIGRATIONS = 'lib/ledger/schema/migrations';

function connect(url: string): Sql {
  const sql = postgres(url, { max: 3, fetch_types: false, onnotice: () => undefined });
  onTestFinished(() => sql.end());
  return sql;
}

/** A process of `npm run migrate`, and what it has printed so far. */
interface Run {
  readonly child: ChildProcess;
  readonly printed: () => string;
}

function migrate(url: string): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', 'tools/migrate.ts'], {
    env: { ...process.env, DATABASE_URL: url },
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    text += String(chunk);
  });
  return { child, printed: () => text };
}

/**
 * Has the server stop after commands of migrations at the given distances, counted over all attempts, until their
 * stop is deleted.
 */
async function addGate(sql: Sql, steps: readonly number[]): Promise<void> {
  await sql.unsafe(`
    create schema gate;
    create table gate.stops (place bigint primary key);
    create sequence gate.commands;
    create function gate.wait() returns event_trigger language plpgsql as $$
      declare mine bigint := nextval('gate.commands');
      begin
        while exists (select from gate.stops where place = mine) loop perform pg_sleep(0.01); end loop;
      end $$;
    create event trigger gate on ddl_command_end execute function gate.wait();
    insert into gate.stops values ${listStops(steps)
      .map((place) => `(${place})`)
      .join(', ')};`);
}

const listStops = (steps: readonly number[]) =>
  steps.map((_, index) => steps.slice(0, index + 1).reduce((sum, step) => sum + step));

/** Waits until the migrations stop at a place or are complete; returns the run that is there, or a new one after it failed. */
async function reach(sql: Sql, place: number, begun: Run, url: string): Promise<Run> {
  let run = begun;
  for (;;) {
    const [row] = await sql<{ last: string }[]>`select last_value as last from gate.commands`;
    const { exitCode, signalCode } = run.child;
    if (Number(row?.last) >= place || exitCode === 0) return run;
    if (exitCode !== null || signalCode !== null) run = migrate(url);
    await sleep(20);
  }
}

const readUploads = (sql: Sql) =>
  sql`select upload_id, method, state, owner, size, created_at from uploads order by 1`;

/** Commands between two stops: some are in the same migration after a rollback, and the last ones in later migrations. */
const STEPS = [3, 4, 9, 20, 6, 23, 8, 5, 4, 7];

/** Uploads of the first migration's table, as if functions had made them. */
const FIRST_ROWS = `insert into uploads (upload_id, method, state, last_fact, owner, size, created_at, updated_at)
  select 'u' || i, 'client', 'ready', 'issued', 'owner', i, now(), now() from generate_series(1, 100) i`;

describe('npm run migrate that is interrupted again and again', () => {
  it.each<[string, (sql: Sql, run: Run) => Promise<unknown>]>([
    [
      'its process is killed',
      async (_, { child }) => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    ],
    [
      'the server ends its sessions',
      (sql) =>
        sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'vod-upload' and datname = current_database()`,
    ],
  ])('ends in the same schema, and loses nothing, when %s', async (_what, interrupt) => {
    const url = await databases.create('empty');
    const sql = connect(url);
    const first = await makeFolder();
    await copyFile(join(MIGRATIONS, '0001-uploads.sql'), join(first, '0001-uploads.sql'));
    await applyMigrations(url, { folder: first });
    await sql.unsafe(FIRST_ROWS);
    const before = await readUploads(sql);
    await addGate(sql, STEPS);

    let run = migrate(url);
    let interruptions = 0;
    for (const place of listStops(STEPS)) {
      run = await reach(sql, place, run, url);
      if (run.child.exitCode === 0) break;
      await interrupt(sql, run);
      interruptions += 1;
      // The server ends what a killed process has left once the statement is finished.
      await sql.unsafe(`delete from gate.stops where place <= ${place}`);
    }
    await reach(sql, Number.POSITIVE_INFINITY, run, url);
    await sql.unsafe('drop event trigger gate; drop schema gate cascade');

    expect(interruptions).toBe(STEPS.length);
    expect(await applyMigrations(url)).toBe(0);
    const reference = connect(await databases.create());
    expect(await describeSchema(sql)).toEqual(await describeSchema(reference));
    expect(await readUploads(sql)).toEqual(before);
  });
});

describe('applyMigrations() after a process was killed that built an index', () => {
  const MIGRATE = new URL('../../../../lib/ledger/schema/migrate.ts', import.meta.url).href;
  const INDEX = 'create index concurrently if not exists first_id on first (id);';

  /** Has a process begin the index of a migration, which waits for what `block` does in a transaction, and kills the process. */
  async function leaveBuild(block: string, phase: string) {
    const url = await databases.create('empty');
    const sql = connect(url);
    await sql`create table first (id integer)`;
    const folder = await makeFolder();
    await applyMigrations(url, { folder });
    await writeFile(join(folder, '0001-index.sql'), INDEX);
    const blocker = await sql.reserve();
    await blocker`begin`;
    await blocker.unsafe(block);
    const script = `import { applyMigrations } from ${JSON.stringify(MIGRATE)};
      await applyMigrations(${JSON.stringify(url)}, { folder: ${JSON.stringify(folder)} });`;
    const flags = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, flags, { stdio: 'inherit' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const listBuilds = () => sql<{ pid: number }[]>`select pid from pg_stat_progress_create_index
      where datname = current_database() and phase = ${phase}`;
    await expect.poll(listBuilds).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const unblock = async () => {
      await blocker`commit`;
      blocker.release();
    };
    return { url, folder, sql, listBuilds, unblock };
  }

  const WRITE = 'insert into first values (1)';
  const WAIT = 'waiting for writers before build';

  it.each(['completes', 'gives up'])('waits until the server %s the index', async (end) => {
    const { url, folder, sql, listBuilds, unblock } = await leaveBuild(WRITE, WAIT);
    const [orphan] = await listBuilds();
    const progress: string[] = [];

    const migrating = applyMigrations(url, { folder, onProgress: (text) => progress.push(text) });
    await expect.poll(() => progress).not.toEqual([]);
    const builds = await listBuilds();
    if (end === 'gives up') await sql`select pg_terminate_backend(${orphan?.pid ?? 0})`;
    await unblock();

    expect(await migrating).toBe(1);
    expect(progress[0]).toMatch(
      /^index first_id of 0001-index\.sql: another session builds it: waiting for writers before build, of process \d+ of the server$/,
    );
    expect(builds).toEqual([orphan]);
    expect(
      await sql`select indexrelid::regclass::text as name, indisvalid from pg_index
        where indrelid = 'first'::regclass`,
    ).toEqual([{ name: 'first_id', indisvalid: true }]);
  });

  it('waits for an index that nobody can see yet', async () => {
    const { url, folder, unblock } = await leaveBuild(
      'lock table pg_index in share mode',
      'initializing',
    );
    const progress: string[] = [];

    const migrating = applyMigrations(url, { folder, onProgress: (text) => progress.push(text) });
    await expect.poll(() => progress).not.toEqual([]);
    await unblock();

    expect(await migrating).toBe(1);
    expect(progress).toEqual([
      'index first_id of 0001-index.sql: another session builds it: initializing',
    ]);
  });
});
