import type { Statements } from '../connection/transaction.ts';
import { readCode } from '../ledger-error.ts';

/**
 * Longest wait for locks: of the first statement of a transaction, and of all that follow, which wait while others wait
 * for what the first one has locked. A statement that waits for a table makes all later ones wait behind it, so together
 * with the work itself this is less than a second:
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT.
 */
const MAX_WAIT_MILLISECONDS = 400;

/** The same for each statement after that time, which may have been spent on work: a lock that is free in a moment. */
const MIN_WAIT_MILLISECONDS = 50;

/** A lock could not be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Returns whether a transaction ended since it would have had to wait longer, and may be repeated. */
export function isBlocked(error: unknown): boolean {
  return readCode(error) === LOCK_NOT_AVAILABLE;
}

/** Executes the statements one by one in the transaction of `sql`, in which they wait for locks only for a short time. */
export async function executeBriefly(
  sql: Statements,
  statements: readonly string[],
): Promise<void> {
  let until: number | undefined;
  for (const statement of statements) {
    const left = until === undefined ? MAX_WAIT_MILLISECONDS : until - performance.now();
    const limit = Math.max(MIN_WAIT_MILLISECONDS, Math.ceil(left));
    await sql.unsafe(`set local lock_timeout = ${limit}; ${statement}`);
    until ??= performance.now() + MAX_WAIT_MILLISECONDS;
  }
}

/** Returns who has the longest open transaction in the database, in words for the operator. */
export async function describeBlocker(sql: Statements): Promise<string> {
  const [oldest] = await sql.unsafe<{ pid: number; seconds: number; state: string }[]>(
    `select pid, extract(epoch from clock_timestamp() - xact_start)::integer as seconds, state from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
      order by xact_start limit 1`,
  );
  return oldest === undefined
    ? 'a transaction of another user'
    : `the transaction of process ${oldest.pid} of the server, which is ${oldest.state} and began ${oldest.seconds} s ago`;
}
