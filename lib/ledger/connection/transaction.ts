import type { Sql } from 'postgres';
import { readCode } from '../ledger-error.ts';
import type { DatabaseHost } from './database-url.ts';

/** An open connection. */
export interface Session {
  readonly sql: Sql;
  readonly host: DatabaseHost;
  /** Whether it goes through a pooler, so that no setting outlives a transaction. */
  readonly isPooled: boolean;
  /** Settings of the URL, by name, and those that are needed and that a pooler does not have. */
  readonly settings: Readonly<Record<string, string>>;
  /** Returns how often its connection has closed. */
  readonly closures: () => number;
}

/** Sends the statements of a piece of work. */
export interface Statements {
  /** Returns the rows of `query`, which may be several statements if it has no parameters. */
  unsafe<Rows extends object[]>(
    query: string,
    parameters?: (string | number | null)[],
    options?: { readonly prepare: true },
  ): Promise<Rows>;
}

/**
 * The connection was lost, or could not be opened: codes of the driver, of sockets, and of
 * https://www.postgresql.org/docs/current/errcodes-appendix.html.
 */
const LOST = new Set([
  ...['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'CONNECT_TIMEOUT'],
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'NO_ANSWER'],
  // Ended by an administrator, a crash, a failover or a time limit on idle connections; or the server is still
  // starting.
  ...['57P01', '57P02', '57P03', '57P05', '25P03', '08006'],
]);

/** Returns whether the connection of this error can no longer be used. */
export function isLost(error: unknown): boolean {
  return LOST.has(readCode(error));
}

/**
 * Runs `work` as one transaction.
 *
 * Sending to a connection that was closed during a transaction ends the whole process
 * (https://github.com/porsager/postgres/issues/1208). So once it is lost, work is left waiting: it sends nothing more,
 * not even the driver's own `rollback`, and the driver rejects the transaction itself.
 */
export async function begin<Result>(
  session: Session,
  work: (sql: Statements) => Promise<Result>,
): Promise<Result> {
  const ended: { result: Result }[] = [];
  const { sql, closures } = session;
  // A pooler may not pass the default on.
  await sql.begin('isolation level read committed', async (transaction) => {
    const before = closures();
    const goOn = async <Value>(step: () => Promise<Value>): Promise<Value> => {
      if (closures() !== before) return never();
      try {
        return await step();
      } catch (error) {
        if (isLost(error) || closures() !== before) return never();
        throw error;
      }
    };
    const send: Statements['unsafe'] = (query, parameters = [], options = undefined) =>
      goOn(() => transaction.unsafe(query, parameters, options));
    const result = await goOn(async () => {
      await saySettings(session, send);
      return work({ unsafe: send });
    });
    if (closures() !== before) return never();
    ended.push({ result });
  });
  const [end] = ended;
  if (end === undefined) throw new Error('The transaction ended without a result.');
  return end.result;
}

/** Returns the settings that startup parameters could not set. */
function listUnsaid({ isPooled, settings }: Session): readonly (readonly [string, string])[] {
  return isPooled ? Object.entries(settings) : [];
}

async function saySettings(session: Session, send: Statements['unsafe']): Promise<void> {
  const settings = listUnsaid(session);
  if (settings.length === 0) return;
  const calls = settings.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, true)`);
  await send(`select ${calls.join(', ')}`, settings.flat());
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
