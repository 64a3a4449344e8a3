import type { Upload } from '../../model/upload.ts';
import {
  type LedgerDependencies,
  query,
  readTime,
  writeInState,
  writeJson,
  writeLimit,
  writeTime,
} from '../query.ts';
import { readUpload, UNFINISHED_STATES, UPLOAD_COLUMNS } from '../uploads/upload-row.ts';
import { claimJobs } from './jobs.ts';

/** When VOD is to be asked about uploads whose state no event reported. */
export interface ReconciliationLedger {
  /**
   * Claims up to `count` due checks, longest due first; no one else can claim them until the lease expires, or they are due at
   * another time. Fewer, or none, if another session claims the same at this moment.
   */
  claimChecks(count: number, leaseSeconds: number): Promise<readonly Upload[]>;
  /** Makes the checks of the newest unfinished uploads with a file or a task due now: those of `count` in each state. */
  hastenChecks(count: number): Promise<void>;
  /** Sets the next check to `at`, Unix milliseconds; undefined for none before the next report about the upload. */
  setNextCheck(uploadId: string, at: number | undefined): Promise<void>;
  /**
   * Returns those of these files whose arrival no event has reported: neither a recorded event nor a dead item, nor one of
   * an upload that was pruned.
   */
  findFilesWithoutArrival(fileIds: readonly string[]): Promise<readonly string[]>;
  /**
   * Records that VOD does not have these files of an application now; returns those of which that is to be believed. If an answer
   * of the database is lost, a look may be counted twice.
   */
  noteMissingFiles(
    fileIds: readonly string[],
    subAppId: number | undefined,
    patience: Patience,
  ): Promise<readonly string[]>;
  /** Forgets that VOD did not have these files, since it has them now. */
  forgetMissingFiles(fileIds: readonly string[], subAppId: number | undefined): Promise<void>;
  /** Records the application of uploads that were recorded without one. */
  nameApplication(uploadIds: readonly string[], subAppId: number): Promise<void>;
}

/** How often, and over how many milliseconds, VOD must have said that it does not have a file before that is believed. */
interface Patience {
  readonly looks: number;
  readonly milliseconds: number;
}

/** Long after a lease has ended nothing refers to it. */
const FORGOTTEN = "interval '1 hour'";

// Two sessions may find the same uploads due; the lease of the first one stays. Of a text `… is null` the planner expects that it
// is true of one row in 200, so that it would read and sort all that are due; of a truth value, of every other row.
function writeClaim(count: number): string {
  return `with due as (
    select check_at, ${UPLOAD_COLUMNS} from uploads
    where check_at <= $1::timestamptz and coalesce((
      select false from check_leases l
      where l.upload_id = uploads.upload_id and l.check_at = uploads.check_at and leased_until > $1::timestamptz limit 1
    ), true)
    order by check_at ${writeLimit(count)}
  ),
  leased as (
    insert into check_leases as l (upload_id, check_at, leased_until)
    select upload_id, check_at, $2::timestamptz from due order by upload_id
    on conflict (upload_id) do update set check_at = excluded.check_at, leased_until = excluded.leased_until
    where l.leased_until <= $1::timestamptz or l.check_at <> excluded.check_at
    returning upload_id
  ),
  forgotten as (
    delete from check_leases
    where leased_until <= $1::timestamptz - ${FORGOTTEN} and not upload_id = any (array(select upload_id from due))
  )
  select * from due where upload_id = any (array(select upload_id from leased)) order by check_at`;
}

// Each state separately, since there is an index in this order. VOD knows nothing about a client upload without a file.
function writeHasten(count: number): string {
  const newest = UNFINISHED_STATES.map(
    (state) => `select * from (
      select upload_id, check_at from uploads
      where ${writeInState(state)} and coalesce(file_id, task_id) is not null
      order by state, created_at desc, upload_id desc ${writeLimit(count)} for update skip locked
    ) ${state}`,
  );
  return `with newest as (${newest.join(' union all ')})
    update uploads set check_at = $1::timestamptz
    where upload_id = any (array(select upload_id from newest where check_at > $1::timestamptz))`;
}

const DEFER = `with ended as (delete from check_leases where upload_id = $1)
  update uploads set check_at = $2 where upload_id = $1`;

// Looked up file by file: the index of dead items accepts no lists.
const UNTOLD = `select id as file_id from jsonb_array_elements_text($1::text::jsonb) as named(id)
  where (
    select true from events where coalesce(file_id, upload_id) = id
      and event_type in ('vod.NewFileUpload', 'vod.PullComplete') limit 1
  ) is null
  and (select true from dead_items where kind = 'event' and file_id = id limit 1) is null
  and (select true from pruned_uploads where file_id = id limit 1) is null`;

const NOTE_MISSING = `with forgotten as (
    delete from missing_files where (sub_app_id, file_id) in (
      select sub_app_id, file_id from missing_files
      where noted_at < $3::timestamptz - interval '7 days'
        and file_id not in (select jsonb_array_elements_text($1::text::jsonb))
      order by noted_at ${writeLimit(100)} for update skip locked
    )
  )
  insert into missing_files as m (sub_app_id, file_id, looks, missing_since, noted_at)
  select $2::bigint, id, 1, $3::timestamptz, $3::timestamptz
  from jsonb_array_elements_text($1::text::jsonb) as named(id) order by id
  on conflict (sub_app_id, file_id) do update set looks = m.looks + 1, noted_at = greatest(m.noted_at, excluded.noted_at)
  returning file_id, looks, missing_since`;

const FORGET_MISSING = `delete from missing_files
  where sub_app_id = $2::bigint and file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))`;

const NAME_APPLICATION = `with unnamed as (
    select upload_id from uploads
    where upload_id = any (array(select jsonb_array_elements_text($1::text::jsonb))) and sub_app_id is null
    order by upload_id for update
  )
  update uploads set sub_app_id = $2::bigint where upload_id = any (array(select upload_id from unnamed))`;

/** Creates the part of the ledger for reconciliation. */
export function createReconciliationLedger(dependencies: LedgerDependencies): ReconciliationLedger {
  const { connection, clock } = dependencies;
  return {
    async claimChecks(count, leaseSeconds) {
      return (await claimJobs(dependencies, writeClaim(count), leaseSeconds)).map(readUpload);
    },
    async hastenChecks(count) {
      await query(connection, writeHasten(count), [writeTime(clock.now())]);
    },
    async setNextCheck(uploadId, at) {
      await query(connection, DEFER, [uploadId, at === undefined ? null : writeTime(at)]);
    },
    async findFilesWithoutArrival(fileIds) {
      if (fileIds.length === 0) return [];
      const rows = await query(connection, UNTOLD, [writeJson(fileIds)]);
      return rows.map((row) => String(row['file_id']));
    },
    async noteMissingFiles(fileIds, subAppId = 0, { looks, milliseconds }) {
      if (fileIds.length === 0) return [];
      const at = clock.now();
      const named = writeJson([...new Set(fileIds)]);
      const rows = await query(connection, NOTE_MISSING, [named, subAppId, writeTime(at)]);
      return rows
        .filter((row) => Number(row['looks']) >= looks)
        .filter((row) => at - readTime(row['missing_since']) >= milliseconds)
        .map((row) => String(row['file_id']));
    },
    async forgetMissingFiles(fileIds, subAppId = 0) {
      if (fileIds.length === 0) return;
      await query(connection, FORGET_MISSING, [writeJson(fileIds), subAppId]);
    },
    async nameApplication(uploadIds, subAppId) {
      if (uploadIds.length === 0) return;
      await query(connection, NAME_APPLICATION, [writeJson(uploadIds), subAppId]);
    },
  };
}
