import type { RunState } from '../../model/pull-run.ts';
import { type Row, readTime } from '../query.ts';

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

/** What {@link readRun} reads. The column `state` says whether a run has ended. */
export const RUN_COLUMNS = `run_id, owner, sub_app_id, name, created_at, updated_at,
  case when state = 'open' and paused then 'paused' else state end as state`;

/** Returns a row with {@link RUN_COLUMNS}. */
export function readRun(row: Row): PullRun {
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
