import { type Page, type PageQuery, readCursor, takePage } from '../page.ts';
import {
  cleanText,
  type LedgerDependencies,
  query,
  writeConstant,
  writeJson,
  writeLimit,
  writeTime,
} from '../query.ts';
import {
  claimUnsettled,
  endRun,
  type HeldItems,
  holdItems,
  noteSettled,
  pauseRun,
  type UnsettledRun,
} from './pull-run-decisions.ts';
import {
  type AddedRunItem,
  addItems,
  countItems,
  listItems,
  type NewRunItem,
  type RefusedRunItem,
  type RunCount,
  type RunItem,
  type RunItemQuery,
  refuseItems,
} from './pull-run-items.ts';
import { type PullRun, RUN_COLUMNS, readRun } from './pull-run-row.ts';

/** Runs of pulls in the ledger. */
export interface PullRunLedger {
  /** Returns the run of this owner with this name, which is created if there is none. */
  openRun(
    run: Pick<PullRun, 'runId' | 'owner' | 'name'> & { readonly subAppId: number | undefined },
  ): Promise<PullRun>;
  findRun(runId: string): Promise<PullRun | undefined>;
  /** Latest first. @throws {Problem} `invalid_request` if the cursor is not from this list. */
  listRuns(
    criteria: PageQuery &
      Pick<PullRun, 'owner'> & {
        readonly subAppId: number | undefined;
        readonly name?: string | undefined;
      },
  ): Promise<Page<PullRun>>;
  /** Ends a run; one that was cancelled may still be undone. */
  endRun(runId: string, state: 'cancelled' | 'undone'): Promise<PullRun | undefined>;
  /** Pauses a run, or resumes it; undefined if it has ended. What is queued follows by {@link PullRunLedger.holdItems}. */
  pauseRun(runId: string, isPaused: boolean): Promise<PullRun | undefined>;
  /**
   * Takes the queued pulls of some thousand items out of the queue if their run is paused, and makes those due that were
   * taken out if it is open. Returns how many, and a cursor if there are more items.
   */
  holdItems(runId: string, cursor: string | undefined): Promise<HeldItems>;
  /**
   * Claims a run that was paused, resumed or ended some minutes ago, and of which it is not noted that all items have followed
   * that, for the next step; undefined if there is none.
   */
  claimUnsettled(leaseSeconds: number): Promise<UnsettledRun | undefined>;
  /** Notes that the items before `cursor`, or all, have followed, unless something else was decided in the meantime. */
  noteSettled(unsettled: UnsettledRun, cursor: string | undefined): Promise<void>;
  /**
   * Adds items to a run, and returns what each has become, in their order; undefined if the run has ended. One that
   * is known keeps its upload, unless it was refused, or it is a `retry` and its upload ended without a file.
   */
  addItems(
    runId: string,
    items: readonly NewRunItem[],
    options: { readonly retry: boolean },
  ): Promise<readonly AddedRunItem[] | undefined>;
  /** Records why items have no upload; those that have another one stay as they are. */
  refuseItems(runId: string, items: readonly RefusedRunItem[]): Promise<void>;
  countItems(runId: string): Promise<readonly RunCount[]>;
  /**
   * Returns items in the order of their ids. A page with a cursor may have fewer items than asked for, even none: to find
   * those in rare states, the number that is looked at is bounded.
   */
  listItems(runId: string, criteria: RunItemQuery): Promise<Page<RunItem>>;
  /**
   * Has the files of these items deleted, also those of uploads that were pruned. Returns how many.
   */
  deleteFiles(runId: string, ids: readonly string[]): Promise<number>;
}

const OPEN = `insert into pull_runs as r (run_id, owner, sub_app_id, name, state, created_at, updated_at)
  values ($1, $2, $3, $4, 'open', $5::timestamptz, $5::timestamptz)
  on conflict (owner, coalesce(sub_app_id, 0), name) do update set name = r.name
  returning ${RUN_COLUMNS}`;

const FIND = `select ${RUN_COLUMNS} from pull_runs where run_id = $1`;

const NAMED = 'upload_id = any (array(select upload_id from item))';

// The uploads of a run are its own, since it gives each item its upload. One that was pruned is in both tables until it is
// removed.
const DELETE_FILES = `with item as (
    select upload_id from pull_run_items
    where run_id = $1 and source_id = any (array(select jsonb_array_elements_text($2::text::jsonb)))
  ),
  unwanted as (
    select file_id, sub_app_id, upload_id from uploads
    where ${NAMED} and state in ('ready', 'failed') and file_id is not null
    union
    select file_id, sub_app_id, upload_id from pruned_uploads where ${NAMED} and has_media and removed
  ),
  action as (
    insert into media_actions as a (file_id, kind, sub_app_id, upload_id, next_attempt_at, created_at, updated_at)
    select file_id, 'delete', sub_app_id, upload_id, $3::timestamptz, $3::timestamptz, $3::timestamptz from unwanted
    order by file_id
    on conflict (file_id, kind) do update set state = 'pending', attempts = 0, last_error = null,
      created_at = $3::timestamptz, next_attempt_at = $3::timestamptz, updated_at = $3::timestamptz
    where a.state = 'dead'
  )
  select count(*)::integer as count from unwanted`;

/** Creates the part of the ledger for runs of pulls. */
export function createPullRunLedger(dependencies: LedgerDependencies): PullRunLedger {
  const { connection, clock } = dependencies;
  return {
    async openRun({ runId, owner, subAppId, name }) {
      const values = [runId, owner, subAppId ?? null, cleanText(name), writeTime(clock.now())];
      const [row] = await query(connection, OPEN, values);
      if (row === undefined) throw new Error('The run that was opened is not there.');
      return readRun(row);
    },
    async findRun(runId) {
      const [row] = await query(connection, FIND, [runId]);
      return row && readRun(row);
    },
    async listRuns(criteria) {
      const { statement, parameters } = writeRunPage(criteria);
      const rows = await query(connection, statement, parameters);
      return takePage(rows.map(readRun), criteria.limit, (run) => [run.createdAt, run.runId]);
    },
    endRun: (runId, state) => endRun(runId, state, dependencies),
    pauseRun: (runId, isPaused) => pauseRun(runId, isPaused, dependencies),
    holdItems: (runId, cursor) => holdItems(runId, cursor, dependencies),
    claimUnsettled: (seconds) => claimUnsettled(seconds, dependencies),
    noteSettled: (unsettled, cursor) => noteSettled(unsettled, cursor, dependencies),
    addItems: (runId, items, options) => addItems(runId, items, options, dependencies),
    refuseItems: (runId, items) => refuseItems(runId, items, dependencies),
    countItems: (runId) => countItems(runId, dependencies),
    listItems: (runId, criteria) => listItems(runId, criteria, dependencies),
    async deleteFiles(runId, ids) {
      if (ids.length === 0) return 0;
      const parameters = [runId, writeJson(ids), writeTime(clock.now())];
      const [row] = await query(connection, DELETE_FILES, parameters);
      return Number(row?.['count']);
    },
  };
}

function writeRunPage({
  owner,
  subAppId,
  name,
  limit,
  cursor,
}: Parameters<PullRunLedger['listRuns']>[0]) {
  const parameters: (string | number)[] = [owner];
  const conditions = ['owner = $1'];
  if (subAppId !== undefined) conditions.push(`sub_app_id = ${writeConstant(subAppId)}`);
  if (name !== undefined) conditions.push(`name = $${parameters.push(name)}`);
  if (cursor !== undefined) {
    const [time, runId = ''] = readCursor(cursor, 2);
    conditions.push(
      `(created_at, run_id) < ($${parameters.push(writeTime(time))}, $${parameters.push(runId)})`,
    );
  }
  return {
    statement: `select ${RUN_COLUMNS} from pull_runs where ${conditions.join(' and ')}
      order by created_at desc, run_id desc ${writeLimit(limit + 1)}`,
    parameters,
  };
}
