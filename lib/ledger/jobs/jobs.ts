import {
  cleanText,
  hasRows,
  type LedgerDependencies,
  type Parameters,
  query,
  type Row,
  writeLimit,
  writeTime,
} from '../query.ts';

/**
 * A table whose rows are jobs. A job that is due is claimed, and no one else can claim it until its lease expires; then
 * it is due again, so that no job is lost if a sweep is killed. Each claim adds one to `attempts`, and can settle its
 * row as long as no other claim has followed.
 */
export interface JobTable {
  readonly name: string;
  /** Columns of its primary key. */
  readonly key: readonly string[];
  /** Condition for rows that are pending; missing if all are. */
  readonly condition?: string;
  /** Column with the time at which a row is due; an index has the rows in this order. */
  readonly dueAt: string;
  /** Second column of that index, for rows that are due at the same time; missing if there is none. */
  readonly tieBreaker?: string;
  /** Assignments of a claim, at the time `$1` and with a lease until `$2`. */
  readonly lease: string;
}

/** A table of jobs with a key of two columns, and the columns `state`, `last_error`, `next_attempt_at` and `updated_at`. */
export interface TrackedJobTable extends JobTable {
  readonly key: readonly [string, string];
}

/** What happens to a job that failed: another attempt at a time in Unix milliseconds, or none. */
export type JobFailure = { readonly error: string } & (
  | { readonly nextAttemptAt: number }
  | { readonly dead: true }
);

/**
 * Returns the statement that claims up to `count` jobs, longest due first, and returns their columns `returning` in
 * that order. Jobs that another session is claiming at the same time are skipped, so sessions do not wait for each
 * other.
 */
export function writeClaim(jobs: JobTable, returning: string, count: number): string {
  const { name, key, condition, dueAt, tieBreaker } = jobs;
  const columns = key.map((column) => `${column} as due_${column}`).join(', ');
  return `with due as (
    select ${columns}, ${dueAt} as due_at from ${name}
    where ${condition === undefined ? '' : `${condition} and `}${dueAt} <= $1::timestamptz
    order by ${dueAt}${tieBreaker === undefined ? '' : `, ${tieBreaker}`} ${writeLimit(count)} for update skip locked
  ),
  claimed as (${writeLease(jobs, 'due', `due_at, ${returning}`)})
  select * from claimed order by due_at`;
}

/** Returns the statement that claims the rows whose key is in the columns `due_…` of `due`, a part of its `with`. */
export function writeLease({ name, key, lease }: JobTable, due: string, returning: string): string {
  const isDue = key.map((column) => `${column} = due_${column}`).join(' and ');
  const [first] = key;
  return `update ${name} set ${lease} from ${due}
    where ${isDue} and ${first} = any (array(select due_${first} from ${due})) returning ${returning}`;
}

/**
 * Returns the condition that a claim is still valid: no other claim has followed it.
 *
 * @param first number of the first of its parameters: those of the key, and the claim's count of attempts.
 */
export function writeHeld({ key }: JobTable, first = 1): string {
  return [...key, 'attempts'].map((column, i) => `${column} = $${first + i}`).join(' and ');
}

/**
 * Returns the statement of {@link settleJob}, which returns the key of the row that was settled. Repeating it for the
 * same claim changes nothing, since the answer to the first one may have been lost.
 */
export function writeSettlement(jobs: TrackedJobTable): string {
  return `update ${jobs.name}
    set state = $4, next_attempt_at = coalesce($5, next_attempt_at), last_error = $6, updated_at = $7::timestamptz
    where ${writeHeld(jobs)} and state in ('pending', $4) returning ${jobs.key.join(', ')}`;
}

/** Returns the rows that a statement claims for `leaseSeconds`; `others` are its parameters from `$3` on. */
export function claimJobs(
  { connection, clock }: LedgerDependencies,
  statement: string,
  leaseSeconds: number,
  others: Parameters = [],
): Promise<readonly Row[]> {
  const at = clock.now();
  const until = writeTime(at + leaseSeconds * 1_000);
  return query(connection, statement, [writeTime(at), until, ...others]);
}

/** Ends a claim of a job with a state, or a failure; returns whether it was still valid. */
export function settleJob(
  { connection, clock }: LedgerDependencies,
  statement: string,
  claim: readonly [string, string, attempt: number],
  outcome: 'done' | 'delivered' | JobFailure,
): Promise<boolean> {
  const result =
    typeof outcome === 'string'
      ? [outcome, null, null]
      : [...writeNext(outcome), cleanText(outcome.error)];
  return hasRows(connection, statement, [...claim, ...result, writeTime(clock.now())]);
}

function writeNext(failure: JobFailure): readonly [state: string, nextAttemptAt: string | null] {
  return 'dead' in failure ? ['dead', null] : ['pending', writeTime(failure.nextAttemptAt)];
}
