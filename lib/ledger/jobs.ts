import {
  cleanText,
  hasRows,
  type LedgerDependencies,
  type Parameters,
  query,
  type Row,
  writeTime,
} from './query.ts';

/**
 * A table whose rows are work. One that is due is claimed, and is nobody else's until its lease runs out; then it is due
 * again, so that nothing is lost with a sweep that was killed. Each claim counts one up in `attempts`, and may settle its
 * row for as long as it is the last one.
 */
export interface JobTable {
  readonly name: string;
  /** Columns of its primary key. */
  readonly key: readonly string[];
  /** Which of its rows wait to be done; missing where all do. */
  readonly condition?: string;
  /** When a row is due; what an index has them in the order of. */
  readonly dueAt: string;
  /** By what that index tells apart those that are due at once; missing where by nothing. */
  readonly tieBreaker?: string;
  /** What a claim sets of its row, at the time `$1` and with a lease until `$3`. */
  readonly lease: string;
}

/** A table of jobs with a key of two columns, and the columns `state`, `last_error`, `next_attempt_at` and `updated_at`. */
export interface TrackedJobTable extends JobTable {
  readonly key: readonly [string, string];
}

/** What becomes of a job that failed: another try at a time, Unix milliseconds, or none. */
export type JobFailure = { readonly error: string } & (
  | { readonly nextAttemptAt: number }
  | { readonly dead: true }
);

/**
 * Returns the statement that claims up to `$2` jobs, those that are due the longest, and returns the columns `returning` of
 * them in that order. What another session is claiming at the same time is passed over, so nobody waits for anybody.
 */
export function writeClaim(jobs: JobTable, returning: string): string {
  const { name, key, condition, dueAt, tieBreaker } = jobs;
  const columns = key.map((column) => `${column} as due_${column}`).join(', ');
  return `with due as (
    select ${columns}, ${dueAt} as due_at from ${name}
    where ${condition === undefined ? '' : `${condition} and `}${dueAt} <= $1::timestamptz
    order by ${dueAt}${tieBreaker === undefined ? '' : `, ${tieBreaker}`} limit $2 for update skip locked
  ),
  claimed as (${writeLease(jobs, 'due', `due_at, ${returning}`)})
  select * from claimed order by due_at`;
}

/** Returns the statement that claims the rows whose key is in the columns `due_…` of `due`, a part of its `with`. */
export function writeLease({ name, key, lease }: JobTable, due: string, returning: string): string {
  const isDue = key.map((column) => `${column} = due_${column}`).join(' and ');
  return `update ${name} set ${lease} from ${due} where ${isDue} returning ${returning}`;
}

/**
 * Returns the condition that a claim still holds: no other one has followed it.
 *
 * @param first number of the first of its parameters: those of the key, and the claim's count of attempts.
 */
export function writeHeld({ key }: JobTable, first = 1): string {
  return [...key, 'attempts'].map((column, i) => `${column} = $${first + i}`).join(' and ');
}

/**
 * Returns the statement of {@link settleJob}, which returns the key of the row that was settled. Settled once more by the
 * same claim, it stays as it is: the answer to the first time may have been lost.
 */
export function writeSettlement(jobs: TrackedJobTable): string {
  return `update ${jobs.name}
    set state = $4, next_attempt_at = coalesce($5, next_attempt_at), last_error = $6, updated_at = $7::timestamptz
    where ${writeHeld(jobs)} and state in ('pending', $4) returning ${jobs.key.join(', ')}`;
}

/** Returns the rows that a statement claims now for so many seconds; `wanted`, and what follows, are `$2`, and `$4` and on. */
export function claimJobs(
  { connection, now }: LedgerDependencies,
  statement: string,
  leaseSeconds: number,
  [wanted, ...others]: readonly [wanted: number | string, ...others: Parameters],
): Promise<readonly Row[]> {
  const at = now();
  const until = writeTime(at + leaseSeconds * 1_000);
  return query(connection, statement, [writeTime(at), wanted, until, ...others]);
}

/** Ends a claim of a job with a state, or a failure; returns whether it still held. */
export function settleJob(
  { connection, now }: LedgerDependencies,
  statement: string,
  claim: readonly [string, string, attempt: number],
  outcome: 'done' | 'delivered' | JobFailure,
): Promise<boolean> {
  const result =
    typeof outcome === 'string'
      ? [outcome, null, null]
      : [...writeNext(outcome), cleanText(outcome.error)];
  return hasRows(connection, statement, [...claim, ...result, writeTime(now())]);
}

function writeNext(failure: JobFailure): readonly [state: string, nextAttemptAt: string | null] {
  return 'dead' in failure ? ['dead', null] : ['pending', writeTime(failure.nextAttemptAt)];
}
