import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { explainDatabaseError } from '../../../../lib/ledger/connection/explain-error.ts';
import { openLedgerLazily } from '../../../../lib/ledger/lazy-ledger.ts';
import { LedgerError } from '../../../../lib/ledger/ledger-error.ts';
import { Problem } from '../../../../lib/problem.ts';
import { toErrorLogFields } from '../../../../lib/runtime/invocation.ts';
import { useLedger } from '../../../support/use-ledger.ts';

let connection: Connection;
const database = useLedger();
const { sql } = database;

beforeEach(() => {
  connection = createConnection({ databaseUrl: database.url });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await connection.close();
});

const send = (statement: string, to = connection) => to.run((sql) => sql.unsafe(statement));
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('It went well.'),
    (error: unknown) => error,
  );

/** Returns the error that a function gets when it reads from this database. */
async function reach(databaseUrl: string) {
  const options = { clock: Date, random: { key: randomUUID } };
  const ledger = openLedgerLazily({ databaseUrl, databaseCa: undefined }, options);
  return failureOf(ledger?.((opened) => opened.findUpload('u1')) ?? expect.fail('There is a URL.'));
}

describe('a permanent error', () => {
  it.each([
    ['42P01', 'select * from nothing_here', /run "npm run migrate"/],
    ['42703', 'select nothing_here from uploads', /run "npm run migrate"/],
    ['22012', 'select 1 / 0', /refused a value/],
    ['22021', "select convert_from('\\xff', 'UTF8')", /refused a value/],
    ['42704', 'set nothing_here = 1', /does not know a setting/],
    ['0A000', 'select count(*) from uploads for update', /with 0A000/],
    ['23505', "insert into migrations values ('a', 'b'), ('a', 'b')", /with 23505/],
  ])('%s is reported once with its cause', async (code, statement, reason) => {
    const error = await failureOf(send(statement));

    expect(error).toBeInstanceOf(LedgerError);
    expect(error).toMatchObject({
      code,
      isTransient: false,
      message: expect.stringMatching(reason),
    });
    expect(toErrorLogFields(error)).toMatchObject({
      ...{ level: 'error', code: 'internal', databaseCode: code },
      reason: expect.stringMatching(reason),
    });
  });

  it('explains that the user lacks a right', async () => {
    const name = `user_${randomUUID().replaceAll('-', '')}`;
    await sql.unsafe(`create role ${name} login password 'p'`);
    const theirs = new URL(database.url);
    [theirs.username, theirs.password] = [name, 'p'];

    expect(await reach(theirs.href)).toMatchObject({
      ...{ name: 'LedgerError', code: '42501' },
      message: expect.stringMatching(/lacks a right; have the user of DATABASE_URL own/),
    });
    await sql.unsafe(`drop role ${name}`);
  });

  it.each([
    [
      '28P01',
      (wrong: URL) => (wrong.password = 'canary'),
      /password; correct both in DATABASE_URL/,
    ],
    [
      '3D000',
      (wrong: URL) => (wrong.pathname = '/canary'),
      /no database of this name; .*DATABASE_URL/,
    ],
    [
      'ENOTFOUND',
      (wrong: URL) => (wrong.hostname = 'canary.invalid'),
      /no host of this name; .*DATABASE_URL/,
    ],
  ])('%s is not reported as a 503', async (code, spoil, reason) => {
    const wrong = new URL(database.url);
    spoil(wrong);
    if (code === 'ENOTFOUND') wrong.search = 'sslmode=disable';
    const error = await reach(wrong.href);

    expect(error).not.toBeInstanceOf(Problem);
    const told = toErrorLogFields(error);
    expect(told).toMatchObject({
      level: 'error',
      databaseCode: code,
      reason: expect.stringMatching(reason),
    });
    expect(JSON.stringify(told)).not.toContain('canary');
  });
});

describe('a transient error', () => {
  it('is a 503 with Retry-After', async () => {
    const error = await reach('postgres://ann:canary@127.0.0.1:1/u');

    expect(error).toMatchObject({
      ...{ name: 'Problem', status: 503, code: 'ledger_unavailable' },
      headers: { 'Retry-After': '5' },
    });
    expect(toErrorLogFields(error)).toMatchObject({ level: 'warn', databaseCode: 'ECONNREFUSED' });
  });

  it('is a statement that takes too long', async () => {
    const hasty = createConnection({
      databaseUrl: database.url,
      clock: Date,
      answerMilliseconds: 1_000,
    });
    const error = await failureOf(send('select pg_sleep(5)', hasty));

    expect(error).toMatchObject({
      code: expect.stringMatching(/57014|NO_ANSWER/),
      isTransient: true,
    });
    await hasty.close();
  });

  it('is a server without free connections', async () => {
    const name = `limited_${randomUUID().replaceAll('-', '')}`;
    await sql.unsafe(`create role ${name} login password 'p' connection limit 0`);
    const theirs = new URL(database.url);
    [theirs.username, theirs.password] = [name, 'p'];

    expect(await reach(theirs.href)).toMatchObject({ code: 'ledger_unavailable' });
    await sql.unsafe(`drop role ${name}`);
  });

  it.each([
    ['08P01', 'no more connections allowed (max_client_conn)', true],
    ['08P01', 'query_wait_timeout', true],
    [
      '08P01',
      'server login has been failing, cached error: connect failed (server_login_retry)',
      true,
    ],
    [
      '08P01',
      'server login has been failing, cached error: password authentication failed for user',
      false,
    ],
    ['08P01', 'unsupported startup parameter: jit', false],
    ['08P01', 'transaction blocks not allowed in statement pooling mode', false],
    ['XX000', 'MaxClientsInSessionMode: max clients reached', true],
    ['XX000', 'Tenant or user not found', false],
    ['57P03', 'the database system is starting up', true],
    ['57P04', 'database was dropped', false],
    ['53300', 'too many clients already', true],
    ['53100', 'no space left on device', true],
    ['40001', 'could not serialize access', true],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN', true],
    ['EPROTO', 'wrong version number', false],
    ['CERT_HAS_EXPIRED', 'certificate has expired', false],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'alert', false],
  ])('is distinguished from a permanent one: %s, %s', (code, message, isTransient) => {
    const error = Object.assign(new Error(`${message} canary`), { code });
    const settings = {
      session: {},
      tls: { mode: 'off', because: '', authorities: undefined, minVersion: undefined },
    } as const;
    const fault = explainDatabaseError(error, settings);

    expect(fault.isTransient).toBe(isTransient);
    expect(fault.what.length).toBeGreaterThan(5);
    expect(fault.remedy.length).toBeGreaterThan(5);
    expect(JSON.stringify(fault)).not.toContain('canary');
  });
});

describe('a read-only server', () => {
  it('is left for a new connection that repeats the work', async () => {
    await send('create table plain (n integer)');
    await send('set default_transaction_read_only = on');

    await send('insert into plain values (1)');
    await send('set default_transaction_read_only = on');
    await connection.transact((sql) => sql.unsafe('insert into plain values (2)'));

    expect(await sql`select count(*)::integer as count from plain`).toEqual([{ count: 2 }]);
  });

  it('is reported as transient, since it may become a primary, if it stays read-only', async () => {
    await sql.unsafe(
      `alter database ${new URL(database.url).pathname.slice(1)} set default_transaction_read_only = on`,
    );
    const error = await failureOf(send('create table plain (n integer)'));

    expect(error).toMatchObject({
      ...{ code: '25006', isTransient: true },
      message: expect.stringMatching(/is read-only; set DATABASE_URL to the primary/),
    });
  });
});

describe('environment variables of other clients', () => {
  it.each([
    ...['PGHOST', 'PGPORT', 'PGUSER', 'PGUSERNAME', 'PGPASSWORD', 'PGDATABASE', 'PGAPPNAME'],
    ...['PGSSL', 'PGSSLMODE', 'PGSSLNEGOTIATION', 'PGOPTIONS', 'PGTARGETSESSIONATTRS', 'PGMAX'],
    ...['PGTARGET_SESSION_ATTRS', 'PGPREPARE', 'PGIDLE_TIMEOUT', 'PGCONNECT_TIMEOUT', 'PGBACKOFF'],
    ...[
      'PGMAX_LIFETIME',
      'PGMAX_PIPELINE',
      'PGDEBUG',
      'PGFETCH_TYPES',
      'PGSERVICE',
      'PGREQUIRESSL',
    ],
  ])('have no effect: %s', async (name) => {
    vi.stubEnv(name, 'standby');
    const other = createConnection({ databaseUrl: database.url });
    const [row] = await other.run((sql) =>
      sql.unsafe<object[]>(
        `select current_user::text as "user", current_database()::text as "database",
          current_setting('application_name') as "application"`,
      ),
    );
    const { username, pathname } = new URL(database.url);

    expect(row).toEqual({ user: username, database: pathname.slice(1), application: 'vod-upload' });
    await other.close();
  });

  it('do not supply a missing password', async () => {
    const without = new URL(database.url);
    vi.stubEnv('PGPASSWORD', without.password);
    without.password = '';

    expect(await reach(without.href)).toMatchObject({ code: '28P01' });
  });
});
