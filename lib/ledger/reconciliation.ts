import type { Upload } from '../model/upload.ts';
import { claimJobs, type JobTable, writeClaim } from './jobs.ts';
import { type LedgerDependencies, query, writeJson, writeTime } from './query.ts';
import { readUpload, UPLOAD_COLUMNS } from './upload-row.ts';

/** When VOD is to be asked what became of an upload that no event told of. */
export interface ReconciliationLedger {
  /** Returns up to `count` uploads whose check is due, longest due first; each is nobody else's until its lease runs out. */
  claimChecks(count: number, leaseSeconds: number): Promise<readonly Upload[]>;
  /** Makes due the checks of the newest unfinished uploads that VOD has a file or a task of, up to `count` of each state. */
  hastenChecks(count: number): Promise<void>;
  /** Sets the next check to `at`, Unix milliseconds; undefined for none until something is told of the upload. */
  setNextCheck(uploadId: string, at: number | undefined): Promise<void>;
  /** Returns those of these files that no event has told of as come, neither a recorded one nor one that was set aside. */
  findFilesWithoutArrival(fileIds: readonly string[]): Promise<readonly string[]>;
}

const CHECKS: JobTable = {
  name: 'uploads',
  key: ['upload_id'],
  dueAt: 'check_at',
  lease: 'check_at = $3',
};

const CLAIM = writeClaim(CHECKS, UPLOAD_COLUMNS);

// Each state by itself, since an index has them in this order. A client upload without a file is nothing to VOD, and a
// row that somebody holds is looked at already.
const HASTEN = `with early as (
    select upload_id from unnest(array['issued', 'uploaded', 'processing']) as s(unfinished), lateral (
      select upload_id from uploads
      where state = unfinished and check_at > $1::timestamptz and coalesce(file_id, task_id) is not null
      order by created_at desc limit $2 for update skip locked
    ) newest
  )
  update uploads u set check_at = $1::timestamptz from early where u.upload_id = early.upload_id`;

const DEFER = 'update uploads set check_at = $2 where upload_id = $1';

const UNTOLD = `select file_id from jsonb_array_elements_text($1::text::jsonb) as f(file_id)
  where not exists (
    select from events e where coalesce(e.file_id, e.upload_id) = f.file_id
      and event_type in ('vod.NewFileUpload', 'vod.PullComplete')
  )
  and not exists (select from dead_items d where d.kind = 'event' and d.file_id = f.file_id)`;

/** Returns the part of the ledger that knows when to ask VOD. */
export function createReconciliationLedger(dependencies: LedgerDependencies): ReconciliationLedger {
  const { connection, now } = dependencies;
  return {
    async claimChecks(count, leaseSeconds) {
      return (await claimJobs(dependencies, CLAIM, leaseSeconds, [count])).map(readUpload);
    },
    async hastenChecks(count) {
      await query(connection, HASTEN, [writeTime(now()), count]);
    },
    async setNextCheck(uploadId, at) {
      await query(connection, DEFER, [uploadId, at === undefined ? null : writeTime(at)]);
    },
    async findFilesWithoutArrival(fileIds) {
      if (fileIds.length === 0) return [];
      const rows = await query(connection, UNTOLD, [writeJson(fileIds)]);
      return rows.map((row) => String(row['file_id']));
    },
  };
}
