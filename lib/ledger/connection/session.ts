import type { Socket } from 'node:net';
import postgres from 'postgres';
import { readCode } from '../ledger-error.ts';
import type { DatabaseHost, DatabaseSettings } from './database-url.ts';
import { failWith, openSocket } from './open-socket.ts';
import { perform, type Session } from './transaction.ts';

/** How a session is opened. */
export interface SessionOptions {
  readonly settings: DatabaseSettings;
  readonly isPooled: boolean;
  /** Longest time of the server for one statement, where that can be said. */
  readonly statementMilliseconds: number;
  /** Longest wait for the session, over all hosts. */
  readonly connectMilliseconds: number;
}

/** An idle connection is closed before proxies and address translation forget it silently. */
export const IDLE_SECONDS = 60;

/** The server only reads: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
export const READ_ONLY = '25006';

/** How poolers, and servers that are older, refuse a startup parameter. */
const STARTUP_REFUSALS: ReadonlySet<string> = new Set([
  '08P01',
  '0A000',
  '22023',
  '42704',
  '55P02',
]);

/** After these another host may be better; one that refuses the password speaks for all of them. */
const TRY_NEXT = /^(?:E[A-Z_]+|CONNECT\w+|08\w+|53\w+|57P\w+|25006|TLS_REFUSED|NOT_POSTGRESQL)$/;

/**
 * Returns a session on the first host that has one to offer and is a primary.
 *
 * A server of one's own is told by startup parameters how to plan and when to give up, and prepares statements. A pooler
 * refuses such parameters by default (https://www.pgbouncer.org/config.html#ignore_startup_parameters), or passes over
 * them, and may do each transaction on another connection: then the session relies on nothing but transactions.
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

/** Closes it without a farewell, which nobody waits for. */
export function closeSession({ sql }: Session): void {
  sql.end({ timeout: 0 }).catch(() => undefined);
}

async function openAnyhow(host: DatabaseHost, options: SessionOptions): Promise<Session> {
  try {
    const { session, plans } = await openOn(host, options);
    const wanted = listParameters(options).get('plan_cache_mode');
    if (wanted === undefined || wanted === plans) return session;
    // What is in between has kept the parameters to itself.
    closeSession(session);
  } catch (error) {
    // Nothing was done yet, so the same may be asked for otherwise.
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
    const [row] = await perform(session, (sql) => sql.unsafe<Probe[]>(PROBE));
    // A standby can do nothing here, and becomes a primary at any time.
    if (row?.is_standby) throw failWith(READ_ONLY);
    return { session, plans: row?.plans };
  } catch (error) {
    closeSession(session);
    // Where the driver knows only that it has ended, the socket knows why.
    throw readCode(error).startsWith('CONNECTION_') ? (socket.errored ?? error) : error;
  } finally {
    clearTimeout(timer);
  }
}

interface Probe {
  /** Missing before PostgreSQL 12. */
  readonly plans: string | null;
  readonly is_standby: boolean;
}

/** Tells whether the startup parameters were heard, and whether this server may be written to. */
const PROBE =
  "select current_setting('plan_cache_mode', true) as plans, pg_is_in_recovery() as is_standby";

function createSession(host: DatabaseHost, socket: Socket, options: SessionOptions): Session {
  const { settings, isPooled } = options;
  let closures = 0;
  let isGiven = false;
  // Once it has closed, anyone who needs another one opens another session.
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
    // As a text, an empty one would be looked for in PGPASSWORD.
    password: () => settings.password,
    prepare: !isPooled,
    onclose: () => {
      closures += 1;
    },
    connection: Object.fromEntries(listParameters(options)),
    // The types leave it out: https://github.com/porsager/postgres#custom-socket
    ...{ socket: giveSocket },
    // Anything, or PGTARGETSESSIONATTRS would be looked at.
    target_session_attrs: 'primary',
  }).options;
  // Options that are parsed are taken as they are. The driver's own look at what kind of server it is on would end the
  // process where the connection is lost meanwhile, since nobody waits for it.
  const sql = postgres({ ...parsed, target_session_attrs: undefined });
  return { sql, host, isPooled, settings: settings.session, closures: () => closures };
}

/** All that the driver would look for in PG… variables of the environment is said. */
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
  // That a table is there already is what is hoped for.
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
    // Planning anew costs more than these statements themselves, and no parameter would change their plans.
    ['plan_cache_mode', 'force_generic_plan'],
    ['jit', 'off'],
    // Nothing here needs to read a table whole, and a plan that was made while one was empty, also that of a foreign key,
    // would do so for as long as its statistics say that: https://www.postgresql.org/docs/current/runtime-config-query.html.
    ['enable_seqscan', 'off'],
    ...Object.entries(settings.session),
  ]);
}
