import type { Upload } from '../model/upload.ts';
import { claimJobs, type JobTable, writeClaim } from './jobs.ts';
import { type LedgerDependencies, query, writeJson, writeTime } from './query.ts';
import { readUpload, UPLOAD_COLUMNS } from './upload-row.ts';

/** When VOD is to be asked about uploads whose state no event reported. */
export interface ReconciliationLedger {
  /** Claims up to `count` due checks, longest due first; no one else can claim them until the lease expires. */
  claimChecks(count: number, leaseSeconds: number): Promise<readonly Upload[]>;
  /** Makes the checks of the newest unfinished uploads with a file or a task due now, up to `count` in each state. */
  hastenChecks(count: number): Promise<void>;
  /** Sets the next check to `at`, Unix milliseconds; undefined for none before the next report about the upload. */
  setNextCheck(uploadId: string, at: number | undefined): Promise<void>;
  /** Returns those of these files whose arrival no event has reported, neither a recorded event nor a dead item. */
  findFilesWithoutArrival(fileIds: readonly string[]): Promise<readonly string[]>;
}

const CHECKS: JobTable = {
  name: 'uploads',
  key: ['upload_id'],
  dueAt: 'check_at',
  lease: 'check_at = $3',
};

const CLAIM = writeClaim(CHECKS, UPLOAD_COLUMNS);

// Each state separately, since there is an index in this order. VOD knows nothing about a client upload without a file,
// and a locked row is already being checked.
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

/** Creates the part of the ledger for reconciliation. */
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
