import type { RunState } from '../../model/pull-run.ts';
import { readCursor, writeCursor } from '../page.ts';
import { type LedgerDependencies, query, writeJson, writeLimit, writeTime } from '../query.ts';
import { LOOKED_AT_ONCE } from './pull-run-statements.ts';

/** What became of the queued pulls of some items when their run was paused or resumed. */
export interface HeldItems {
  /** Pulls that were taken out of the queue, or are due again. */
  readonly count: number;
  readonly cursor?: string;
}

/** State of a row of `pull_runs`: the column says whether it has ended. */
export const RUN_STATE = `case when state = 'open' and paused then 'paused' else state end`;

// No other session pauses or resumes the run while this looks: each waits for the lock, and then sees the last decision.
const RUN = `run as materialized (
    select paused, ${RUN_STATE} as state from pull_runs where run_id = $1 for share
  )`;

/**
 * Returns the part of a `with` that takes those of the pulls of `uploadIds` out of the queue that were not attempted yet, if
 * `run` is paused, or makes those due at the time `$3` that were taken out. An attempt may have reached VOD, which knows for
 * three days that another is the same pull, so what was attempted once does not wait longer for the next.
 *
 * A pull that waits for a paused run is due at infinity: the index in which claims find the next ones has it at the end, so
 * that it costs them nothing, however many there are.
 */
function writeHold(uploadIds: string): string {
  return `chosen as (
    select p.pull_id from pulls p
    where p.upload_id = any (array(${uploadIds})) and case when (select paused from run)
      then p.attempts = 0 and p.next_attempt_at < 'infinity' else p.next_attempt_at = 'infinity' end
    order by p.pull_id for update
  ),
  held as (
    update pulls set next_attempt_at = case when (select paused from run) then 'infinity' else $3::timestamptz end
    where pull_id = any (array(select pull_id from chosen)) returning pull_id
  )`;
}

const HOLD_ITEMS = `with ${RUN},
  page as materialized (
    select source_id, upload_id from pull_run_items
    where run_id = $1 and source_id > $2 order by source_id ${writeLimit(LOOKED_AT_ONCE)}
  ),
  ${writeHold('select upload_id from page')}
  select (select count(*) from held)::integer as held, count(*)::integer as read, max(source_id) as last from page`;

const HOLD_PULLS = `with ${RUN},
  ${writeHold('select jsonb_array_elements_text($2::text::jsonb)')}
  select state, (select count(*) from held) as held from run`;

/** See `PullRunLedger`. */
export async function holdItems(
  runId: string,
  cursor: string | undefined,
  { connection, now }: LedgerDependencies,
): Promise<HeldItems> {
  const [, after = ''] = cursor === undefined ? [] : readCursor(cursor, 2);
  const [row] = await query(connection, HOLD_ITEMS, [runId, after, writeTime(now())]);
  const isLast = Number(row?.['read']) < LOOKED_AT_ONCE;
  const count = Number(row?.['held']);
  return isLast ? { count } : { count, cursor: writeCursor([0, String(row?.['last'])]) };
}

/** See `PullRunLedger`. */
export async function holdPulls(
  runId: string,
  uploadIds: readonly string[],
  { connection, now }: LedgerDependencies,
): Promise<RunState | undefined> {
  const parameters = [runId, writeJson(uploadIds), writeTime(now())];
  const [row] = await query(connection, HOLD_PULLS, parameters);
  // A constraint of the table allows only these.
  return row && (row['state'] as RunState);
}
