import type { RunState } from '../../model/pull-run.ts';
import { type Page, type PageQuery, readCursor, takePage } from '../page.ts';
import {
  cleanText,
  type LedgerDependencies,
  query,
  type Row,
  readTime,
  writeConstant,
  writeLimit,
  writeTime,
} from '../query.ts';
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
import { type HeldItems, holdItems, holdPulls, RUN_STATE } from './pull-run-pauses.ts';

/** A list of pulls of one owner. */
export interface PullRun {
  readonly runId: string;
  readonly owner: string;
  /** Application of VOD of the owner's tenant; missing if there are no tenants. */
  readonly subAppId?: number;
  readonly name: string;
  readonly state: RunState;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** When it last changed, or got items, in Unix milliseconds. */
  readonly updatedAt: number;
}

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
  /** The same for the queued pulls of these uploads. Returns the state of their run; undefined if there is none. */
  holdPulls(runId: string, uploadIds: readonly string[]): Promise<RunState | undefined>;
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
   * Has files deleted, also those of uploads that were pruned, except those of uploads that are older than the run or of
   * another owner. Returns how many.
   */
  deleteFiles(runId: string, uploadIds: readonly string[]): Promise<number>;
}

const RUN_COLUMNS = `run_id, owner, sub_app_id, name, ${RUN_STATE} as state, created_at, updated_at`;

const OPEN = `insert into pull_runs as r (run_id, owner, sub_app_id, name, state, created_at, updated_at)
  values ($1, $2, $3, $4, 'open', $5::timestamptz, $5::timestamptz)
  on conflict (owner, coalesce(sub_app_id, 0), name) do update set name = r.name
  returning ${RUN_COLUMNS}`;

const FIND = `select ${RUN_COLUMNS} from pull_runs where run_id = $1`;

const END = `update pull_runs set state = case when state = 'undone' then state else $2 end, updated_at = $3
  where run_id = $1 returning ${RUN_COLUMNS}`;

const PAUSE = `update pull_runs set paused = $2::text = 'true', updated_at = greatest(updated_at, $3::timestamptz)
  where run_id = $1 and state = 'open' returning ${RUN_COLUMNS}`;

const NAMED = 'upload_id = any (array(select jsonb_array_elements_text($2::text::jsonb)))';

// An upload that was pruned is in both tables until it is removed.
const DELETE_FILES = `with unwanted as (
    select u.file_id, u.sub_app_id, u.upload_id
    from pull_runs r cross join lateral (select * from uploads where ${NAMED} offset 0) u
    where r.run_id = $1 and u.method = 'pull' and u.owner = r.owner and u.created_at >= r.created_at
      and u.state in ('ready', 'failed') and u.file_id is not null
    union
    select p.file_id, p.sub_app_id, p.upload_id
    from pull_runs r cross join lateral (select * from pruned_uploads where ${NAMED} offset 0) p
    where r.run_id = $1 and p.owner = r.owner and p.has_media and p.removed
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
  const { connection, now } = dependencies;
  return {
    async openRun({ runId, owner, subAppId, name }) {
      const values = [runId, owner, subAppId ?? null, cleanText(name), writeTime(now())];
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
    async endRun(runId, state) {
      const [row] = await query(connection, END, [runId, state, writeTime(now())]);
      return row && readRun(row);
    },
    async pauseRun(runId, isPaused) {
      const [row] = await query(connection, PAUSE, [runId, String(isPaused), writeTime(now())]);
      return row && readRun(row);
    },
    holdItems: (runId, cursor) => holdItems(runId, cursor, dependencies),
    holdPulls: (runId, uploadIds) => holdPulls(runId, uploadIds, dependencies),
    addItems: (runId, items, options) => addItems(runId, items, options, dependencies),
    refuseItems: (runId, items) => refuseItems(runId, items, dependencies),
    countItems: (runId) => countItems(runId, dependencies),
    listItems: (runId, criteria) => listItems(runId, criteria, dependencies),
    async deleteFiles(runId, uploadIds) {
      if (uploadIds.length === 0) return 0;
      const parameters = [runId, JSON.stringify(uploadIds), writeTime(now())];
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

function readRun(row: Row): PullRun {
  const subAppId = row['sub_app_id'];
  return {
    runId: String(row['run_id']),
    owner: String(row['owner']),
    ...(subAppId === null ? {} : { subAppId: Number(subAppId) }),
    name: String(row['name']),
    // A constraint of the table allows only these.
    state: row['state'] as RunState,
    createdAt: readTime(row['created_at']),
    updatedAt: readTime(row['updated_at']),
  };
}
