import { claimJobs, type JobTable, writeClaim } from '../jobs/jobs.ts';
import { readCursor, writeCursor } from '../page.ts';
import { type LedgerDependencies, query, readTime, writeLimit, writeTime } from '../query.ts';
import { type PullRun, RUN_COLUMNS, readRun } from './pull-run-row.ts';
import { LOOKED_AT_ONCE } from './pull-run-statements.ts';

/** What became of the queued pulls of some items when their run was paused or resumed. */
export interface HeldItems {
  /** Pulls that were taken out of the queue, or are due again. */
  readonly count: number;
  readonly cursor?: string;
}

/** A run of which it is not noted that all items have followed what was last decided about it. */
export interface UnsettledRun {
  readonly run: PullRun;
  /** Where its next step begins; undefined at the first item. */
  readonly cursor?: string;
  /** Unix milliseconds; identifies this claim among all claims and decisions of the same run. */
  readonly claimedUntil: number;
}

/** Milliseconds from a decision until it is looked whether all items have followed: more than who decided needs. */
const SETTLE_MILLISECONDS = 300_000;

const END = `update pull_runs set state = case when state = 'undone' then state else $2 end,
    updated_at = greatest(updated_at, $3::timestamptz),
    settle_at = case when state = 'open' then $4::timestamptz else settle_at end,
    settle_cursor = case when state = 'open' then null else settle_cursor end
  where run_id = $1 returning ${RUN_COLUMNS}`;

const PAUSE = `update pull_runs set paused = $2::text = 'true', updated_at = greatest(updated_at, $3::timestamptz),
    settle_at = $4::timestamptz, settle_cursor = null
  where run_id = $1 and state = 'open' returning ${RUN_COLUMNS}`;

const UNSETTLED: JobTable = {
  name: 'pull_runs',
  key: ['run_id'],
  dueAt: 'settle_at',
  lease: 'settle_at = $2::timestamptz',
};

const CLAIM_UNSETTLED = writeClaim(UNSETTLED, `${RUN_COLUMNS}, settle_at, settle_cursor`, 1);

// The next step is due at once.
const NOTE_SETTLED = `update pull_runs
  set settle_cursor = $3, settle_at = case when $3::text is not null then $4::timestamptz end
  where run_id = $1 and settle_at = $2`;

/**
 * Takes those pulls of the items of the run `$1` after the item `$2` out of the queue that were not attempted yet, if the run
 * is paused, or makes those due at the time `$3` that were taken out. An attempt may have reached VOD, which knows for three
 * days that another is the same pull, so what was attempted once does not wait longer for the next.
 *
 * A pull that waits for a paused run is due at infinity: the index in which claims find the next ones has it at the end, so
 * that it costs them nothing, however many there are. No other session pauses or resumes the run while this looks: each waits
 * for the lock, and then sees the last decision.
 */
const HOLD_ITEMS = `with run as materialized (select paused from pull_runs where run_id = $1 for share),
  page as materialized (
    select source_id, upload_id from pull_run_items
    where run_id = $1 and source_id > $2 order by source_id ${writeLimit(LOOKED_AT_ONCE)}
  ),
  chosen as (
    select p.pull_id from pulls p
    where p.upload_id = any (array(select upload_id from page)) and case when (select paused from run)
      then p.attempts = 0 and p.next_attempt_at < 'infinity' else p.next_attempt_at = 'infinity' end
    order by p.pull_id for update
  ),
  held as (
    update pulls set next_attempt_at = case when (select paused from run) then 'infinity' else $3::timestamptz end
    where pull_id = any (array(select pull_id from chosen)) returning pull_id
  )
  select (select count(*) from held)::integer as held, count(*)::integer as read, max(source_id) as last from page`;

/** See `PullRunLedger`. */
export async function endRun(
  runId: string,
  state: 'cancelled' | 'undone',
  dependencies: LedgerDependencies,
): Promise<PullRun | undefined> {
  return decide(END, [runId, state], dependencies);
}

/** See `PullRunLedger`. */
export async function pauseRun(
  runId: string,
  isPaused: boolean,
  dependencies: LedgerDependencies,
): Promise<PullRun | undefined> {
  return decide(PAUSE, [runId, String(isPaused)], dependencies);
}

async function decide(
  statement: string,
  decision: readonly [runId: string, what: string],
  { connection, clock }: LedgerDependencies,
): Promise<PullRun | undefined> {
  const times = [clock.now(), clock.now() + SETTLE_MILLISECONDS].map(writeTime);
  const [row] = await query(connection, statement, [...decision, ...times]);
  return row && readRun(row);
}

/** See `PullRunLedger`. */
export async function holdItems(
  runId: string,
  cursor: string | undefined,
  { connection, clock }: LedgerDependencies,
): Promise<HeldItems> {
  const [, after = ''] = cursor === undefined ? [] : readCursor(cursor, 2);
  const [row] = await query(connection, HOLD_ITEMS, [runId, after, writeTime(clock.now())]);
  const isLast = Number(row?.['read']) < LOOKED_AT_ONCE;
  const count = Number(row?.['held']);
  return isLast ? { count } : { count, cursor: writeCursor([0, String(row?.['last'])]) };
}

/** See `PullRunLedger`. */
export async function claimUnsettled(
  leaseSeconds: number,
  dependencies: LedgerDependencies,
): Promise<UnsettledRun | undefined> {
  const [row] = await claimJobs(dependencies, CLAIM_UNSETTLED, leaseSeconds);
  if (row === undefined) return undefined;
  const cursor = row['settle_cursor'];
  return {
    run: readRun(row),
    ...(cursor === null ? {} : { cursor: String(cursor) }),
    claimedUntil: readTime(row['settle_at']),
  };
}

/** See `PullRunLedger`. */
export async function noteSettled(
  { run, claimedUntil }: UnsettledRun,
  cursor: string | undefined,
  { connection, clock }: LedgerDependencies,
): Promise<void> {
  const parameters = [run.runId, writeTime(claimedUntil), cursor ?? null, writeTime(clock.now())];
  await query(connection, NOTE_SETTLED, parameters);
}
