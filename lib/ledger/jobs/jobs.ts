import {
  cleanText,
  hasRows,
  type LedgerDependencies,
  MAX_BYTES,
  type Parameters,
  query,
  type Row,
  writeJson,
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
  /** Column that may be large; missing if all rows are small. */
  readonly content?: string;
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
 * that order; fewer if their content is large. Jobs that another session is claiming at the same time are skipped, so sessions
 * do not wait for each other.
 */
export function writeClaim(jobs: JobTable, returning: string, count: number): string {
  const { name, key, condition, dueAt, tieBreaker, content } = jobs;
  const columns = key.map((column) => `${column} as due_${column}`).join(', ');
  return `with due as (
    select ${columns}, ${dueAt} as due_at${content === undefined ? '' : `, pg_column_size(${content}) as size`} from ${name}
    where ${condition === undefined ? '' : `${condition} and `}${dueAt} <= $1::timestamptz
    order by ${dueAt}${tieBreaker === undefined ? '' : `, ${tieBreaker}`} ${writeLimit(count)} for update skip locked
  ),
  ${content === undefined ? '' : `chosen as (${selectLight('due', 'due_at')}),`}
  claimed as (${writeLease(jobs, content === undefined ? 'due' : 'chosen', `due_at, ${returning}`)})
  select *, ${writeJobLease('$2::timestamptz')} from claimed order by due_at`;
}

/** Returns a query of the first rows of `rows` in the order `order`, as many as have a `size` of {@link MAX_BYTES} together. */
export function selectLight(rows: string, order: string): string {
  return `select * from (
      select *, sum(size) over earlier as bytes, row_number() over earlier as number
      from ${rows} window earlier as (order by ${order})
    ) w where bytes <= ${MAX_BYTES} or number = 1`;
}

/** When a claimed job was due, and when its lease ends, as the server wrote it: {@link releaseJobs} needs it. */
export type JobLease = Readonly<Record<'due_at' | 'leased_until', string>>;

/** Returns the column `lease` of a row that was due at `due_at`. */
export function writeJobLease(leasedUntil: string): string {
  return `jsonb_build_object('due_at', due_at, 'leased_until', ${leasedUntil}) as lease`;
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

/**
 * Releases claims of jobs that were not attempted, as if they had not been made: `claims` have the columns of the key, the
 * count of attempts and the lease. A claim that is not valid any more is ignored, and so is a second release: the next claim may
 * have the same count, but not the same lease.
 */
export async function releaseJobs(
  { connection }: Pick<LedgerDependencies, 'connection'>,
  { name, key }: Pick<JobTable, 'name' | 'key'>,
  claims: readonly (JobLease & { readonly attempts: number })[],
): Promise<void> {
  if (claims.length === 0) return;
  const [first] = key;
  const statement = `with released as (
      select * from jsonb_to_recordset($1::text::jsonb) as r(
        ${key.map((column) => `${column} text`).join(', ')}, attempts integer, due_at timestamptz, leased_until timestamptz
      )
    )
    update ${name} j set attempts = r.attempts - 1, next_attempt_at = r.due_at from released r
    where ${key.map((column) => `j.${column} = r.${column}`).join(' and ')}
      and j.${first} = any (array(select ${first} from released))
      and j.attempts = r.attempts and j.next_attempt_at = r.leased_until`;
  await query(connection, statement, [writeJson(claims)]);
}

function writeNext(failure: JobFailure): readonly [state: string, nextAttemptAt: string | null] {
  return 'dead' in failure ? ['dead', null] : ['pending', writeTime(failure.nextAttemptAt)];
}
