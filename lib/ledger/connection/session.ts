import type { Socket } from 'node:net';
import postgres from 'postgres';
import { readCode } from '../ledger-error.ts';
import type { DatabaseHost, DatabaseSettings } from './database-url.ts';
import { failWith, openSocket } from './open-socket.ts';
import { begin, type Session, type Statements } from './transaction.ts';

/** Options of a session. */
export interface SessionOptions {
  readonly settings: DatabaseSettings;
  readonly isPooled: boolean;
  /** Longest time of the server for one statement, if that can be set. */
  readonly statementMilliseconds: number;
  /** Longest wait for the session, over all hosts. */
  readonly connectMilliseconds: number;
}

/** An idle connection is closed after this, before proxies and address translation drop it silently. */
export const IDLE_SECONDS = 60;

/** The server is read-only: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
export const READ_ONLY = '25006';

/** Codes with which poolers and older servers refuse a startup parameter. */
const STARTUP_REFUSALS: ReadonlySet<string> = new Set([
  '08P01',
  '0A000',
  '22023',
  '42704',
  '55P02',
]);

/** After these errors the next host is tried; others, such as a refused password, are the same on every host. */
const TRY_NEXT = /^(?:E[A-Z_]+|CONNECT\w+|08\w+|53\w+|57P\w+|25006|TLS_REFUSED|NOT_POSTGRESQL)$/;

/**
 * Opens a session on the first host that accepts one and is a primary.
 *
 * Without a pooler, startup parameters set how the server plans and when it gives up, and statements are prepared. A
 * pooler refuses such parameters by default (https://www.pgbouncer.org/config.html#ignore_startup_parameters), or
 * ignores them, and may run each transaction on another connection: then the session relies only on transactions.
 *
 * @throws an error with the `code` of the server, the driver or the socket, of the last host that was tried.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  let last: unknown;
  for (const host of options.settings.hosts) {
    try {
      return await openAnyhow(host, options);
    } catch (error) {
      if (!TRY_NEXT.test(readCode(error))) throw error;
      last = error;
    }
  }
  throw last;
}

/** Closes the session immediately, without waiting for the server. */
export function closeSession({ sql }: Session): void {
  sql.end({ timeout: 0 }).catch(() => undefined);
}

async function openAnyhow(host: DatabaseHost, options: SessionOptions): Promise<Session> {
  try {
    const { session, plans } = await openOn(host, options);
    const wanted = listParameters(options).get('plan_cache_mode');
    if (wanted === undefined || wanted === plans) return session;
    // A pooler has not passed the parameters on.
    closeSession(session);
  } catch (error) {
    // Nothing was done yet, so the session can be opened again in the other way.
    if (options.isPooled || !STARTUP_REFUSALS.has(readCode(error))) throw error;
  }
  const { session } = await openOn(host, { ...options, isPooled: true });
  return session;
}

async function openOn(host: DatabaseHost, options: SessionOptions) {
  const { settings, connectMilliseconds } = options;
  const milliseconds = connectMilliseconds / settings.hosts.length;
  const startedAt = performance.now();
  const socket = await openSocket(host, settings.tls, milliseconds);
  const session = createSession(host, socket, options);
  const timer = setTimeout(
    () => socket.destroy(failWith('CONNECT_TIMEOUT')),
    startedAt + milliseconds - performance.now(),
  );
  try {
    const probe = (sql: Statements) => sql.unsafe<Probe[]>(PROBE);
    // A pooler applies settings within a transaction only.
    const [row] = await (session.isPooled ? begin(session, probe) : probe(session.sql));
    // A standby cannot be used here, but may become a primary at any time.
    if (row?.is_standby) throw failWith(READ_ONLY);
    return { session: addNeeded(session, row?.needed), plans: row?.plans };
  } catch (error) {
    closeSession(session);
    // If the driver only knows that the connection has ended, the socket has the reason.
    throw readCode(error).startsWith('CONNECTION_') ? (socket.errored ?? error) : error;
  } finally {
    clearTimeout(timer);
  }
}

interface Probe {
  /** Missing before PostgreSQL 12. */
  readonly plans: string | null;
  readonly is_standby: boolean;
  /** Values of {@link NEEDED}. */
  readonly needed: readonly string[];
}

/**
 * Settings on which statements rely, whatever the defaults of the database or of the role are: how times and texts are
 * written, and that a statement sees what was committed while it waited for a lock.
 */
const NEEDED = [
  ['DateStyle', 'ISO, MDY'],
  ['standard_conforming_strings', 'on'],
  ['default_transaction_isolation', 'read committed'],
] as const;

/** Returns whether the startup parameters took effect, and whether this server accepts writes. */
const PROBE = `select current_setting('plan_cache_mode', true) as plans, pg_is_in_recovery() as is_standby,
  json_build_array(${NEEDED.map(([name]) => `current_setting('${name}')`).join(', ')}) as needed`;

/** Returns the session of a pooler with the needed settings that it does not have, for each transaction. */
function addNeeded(session: Session, present: readonly string[] = []): Session {
  if (!session.isPooled) return session;
  const missing = NEEDED.filter(([, value], place) => present[place] !== value);
  return { ...session, settings: { ...session.settings, ...Object.fromEntries(missing) } };
}

function createSession(host: DatabaseHost, socket: Socket, options: SessionOptions): Session {
  const { settings, isPooled } = options;
  let closures = 0;
  let isGiven = false;
  // There is one socket per session: after it has closed, another session is opened.
  const giveSocket = async () => {
    if (socket.errored) throw socket.errored;
    if (isGiven || socket.destroyed) throw failWith('CONNECTION_CLOSED');
    isGiven = true;
    return socket;
  };
  const parsed: object = postgres({
    ...DRIVER_OPTIONS,
    host: host.name,
    port: host.port,
    database: settings.database,
    user: settings.user,
    // A function, since for an empty text the driver would read PGPASSWORD.
    password: () => settings.password,
    prepare: !isPooled,
    onclose: () => {
      closures += 1;
    },
    connection: Object.fromEntries(listParameters(options)),
    // Missing in the driver's types: https://github.com/porsager/postgres#custom-socket
    ...{ socket: giveSocket },
    // Any value, since otherwise the driver would read PGTARGETSESSIONATTRS.
    target_session_attrs: 'primary',
  }).options;
  // The driver uses parsed options as they are. Its own check of the kind of server would end the process if the
  // connection is lost during it, since its promise is not awaited.
  const sql = postgres({ ...parsed, target_session_attrs: undefined });
  return { sql, host, isPooled, settings: settings.session, closures: () => closures };
}

/** Options that the driver would otherwise read from PG… variables of the environment. */
const DRIVER_OPTIONS = {
  ssl: false,
  sslnegotiation: null,
  max: 1,
  max_pipeline: 100,
  max_lifetime: null,
  idle_timeout: IDLE_SECONDS,
  connect_timeout: 0,
  keep_alive: 60,
  backoff: false,
  debug: false,
  publications: '',
  // Only types that every server has are used.
  fetch_types: false,
  // The notice that a table already exists is expected.
  onnotice: () => undefined,
} as const;

/** Returns the startup parameters. */
function listParameters(options: SessionOptions): ReadonlyMap<string, string> {
  const { settings, isPooled, statementMilliseconds } = options;
  const name = ['application_name', settings.applicationName] as const;
  if (isPooled) return new Map([name]);
  return new Map([
    name,
    ['statement_timeout', String(statementMilliseconds)],
    // Planning again costs more than these statements themselves, and no parameter would change their plans.
    ['plan_cache_mode', 'force_generic_plan'],
    ['jit', 'off'],
    // Starting workers takes longer than any of these statements.
    ['max_parallel_workers_per_gather', '0'],
    // No statement here needs to read a whole table. A plan that was made while a table was empty, even that of a
    // foreign key, would do so until its statistics change:
    // https://www.postgresql.org/docs/current/runtime-config-query.html.
    ['enable_seqscan', 'off'],
    // Without statistics, few rows are expected of an index; then reading all of them and sorting them seems as cheap as
    // reading the first ones in the index's own order.
    ['enable_bitmapscan', 'off'],
    ...Object.entries(settings.session),
    ...NEEDED,
  ]);
}
