import type { JsonObject } from '../../validation/json-object.ts';
import type { LedgerDependencies } from '../query.ts';
import { query, queryInParts, writeJson, writeTime } from '../query.ts';

/** A file whose arrival a notification reported when VOD no longer had it. */
export interface AbsentArrival {
  readonly fileId: string;
  /** The part of its `SourceInfo` that is stored; it is not confirmed. */
  readonly source: JsonObject;
}

/** Such a file that was recorded. */
interface NotedArrival extends AbsentArrival {
  /** Whether the file's deletion has been reported too. */
  readonly isDeleted: boolean;
}

/** Result of recording an arrival. */
interface ArrivalNote {
  /** False if the application has reached the limit of recorded files. */
  readonly isNoted: boolean;
  /** Whether the file's deletion has been reported too. */
  readonly isDeleted: boolean;
}

/**
 * Files that notifications reported and that VOD does not have. VOD's answer is the same for files that never existed,
 * so at most {@link MAX_NOTES} files of an application are recorded within a day, and a record is removed after that.
 */
export interface AbsentFileLedger {
  /** Records that the file was reported as arrived; returns what is known about it then. */
  noteAbsentArrival(arrival: AbsentArrival, subAppId: number | undefined): Promise<ArrivalNote>;
  /** Records that the files were reported as deleted, up to the limit. */
  noteAbsentDeletions(fileIds: readonly string[], subAppId: number | undefined): Promise<void>;
  /** Returns those of these files that were reported as arrived. */
  findAbsentArrivals(
    fileIds: readonly string[],
    subAppId: number | undefined,
  ): Promise<readonly NotedArrival[]>;
  /**
   * Removes files that VOD has in an application from uploads of other applications that ended as `deleted`. Only
   * notifications reported those, and the holder of one application's key can report a file of another application
   * before that one does. Also removes the deletion of such a file that was scheduled for another application.
   */
  detachFiles(fileIds: readonly string[], subAppId: number): Promise<void>;
  /**
   * Removes the upload that notifications of another application alone created for a file that VOD does not have, with
   * what they reported. Returns whether there was one. The holder of one application's key can send copies of both
   * notifications of a file before the file's own application sends them.
   */
  removeAbsentUpload(fileId: string, subAppId: number | undefined): Promise<boolean>;
}

/** Most files of one application that are recorded within a day: far more than are deleted right after upload. */
export const MAX_NOTES = 1_000;

// Also removes expired rows, except those that another session has locked.
const NOTE = `with told as (
    select * from jsonb_to_recordset($1::text::jsonb) as t(file_id text, source jsonb, deletion_told boolean)
  ),
  forgotten as (
    delete from absent_files where (sub_app_id, file_id) in (
      select sub_app_id, file_id from absent_files
      where sub_app_id = $2::bigint and noted_at <= $3::timestamptz - interval '1 day'
        and file_id not in (select file_id from told)
      order by noted_at limit ${MAX_NOTES} for update skip locked
    )
  ),
  room as (
    select ${MAX_NOTES} - count(*) as places from absent_files
    where sub_app_id = $2::bigint and noted_at > $3::timestamptz - interval '1 day'
      and file_id not in (select file_id from told)
  )
  insert into absent_files as f (sub_app_id, file_id, source, deletion_told, noted_at)
  select $2::bigint, file_id, source, deletion_told, $3::timestamptz
  from (select *, row_number() over (order by file_id) as place from told) t, room where place <= places
  order by file_id
  on conflict (sub_app_id, file_id) do update set
    source = coalesce(f.source, excluded.source),
    deletion_told = f.deletion_told or excluded.deletion_told,
    noted_at = excluded.noted_at
  returning deletion_told`;

const FIND = `select file_id, source, deletion_told from absent_files
  where sub_app_id = $2::bigint and source is not null
    and file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
  order by file_id`;

// An upload without an owner was created from its file alone, so without that it is deleted.
const RELEASE = `with claimed as (
    select upload_id, owner from uploads
    where file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
      and state = 'deleted' and sub_app_id <> $2::bigint
    order by upload_id for update
  ),
  forgotten as (
    delete from uploads u using claimed c
    where u.upload_id = c.upload_id and c.owner is null
  ),
  parted as (
    update uploads u set file_id = null from claimed c
    where u.upload_id = c.upload_id and c.owner is not null
  )
  delete from media_actions
  where file_id = any (array(select jsonb_array_elements_text($1::text::jsonb))) and kind = 'delete' and sub_app_id <> $2::bigint`;

// An upload with a context of its own has an owner.
const REMOVE = `with removed as (
    delete from uploads u using absent_files f
    where u.file_id = $1 and u.owner is null and u.state = 'deleted'
      and f.file_id = $1 and f.sub_app_id = coalesce(u.sub_app_id, 0) and f.sub_app_id <> $2::bigint
      and f.source is not null
    returning f.sub_app_id
  ),
  forgotten as (
    delete from absent_files where file_id = $1 and sub_app_id in (select sub_app_id from removed)
  )
  select from removed`;

/** Creates the part of the ledger for files that VOD does not have. */
export function createAbsentFileLedger({
  connection,
  clock,
}: LedgerDependencies): AbsentFileLedger {
  const note = (told: readonly object[], subAppId = 0) =>
    query(connection, NOTE, [writeJson(told), subAppId, writeTime(clock.now())]);
  return {
    async detachFiles(fileIds, subAppId) {
      await query(connection, RELEASE, [writeJson(fileIds), subAppId]);
    },
    async removeAbsentUpload(fileId, subAppId = 0) {
      const rows = await query(connection, REMOVE, [fileId, subAppId]);
      return rows.length > 0;
    },
    async noteAbsentArrival({ fileId, source }, subAppId) {
      const [row] = await note([{ file_id: fileId, source, deletion_told: false }], subAppId);
      return { isNoted: row !== undefined, isDeleted: row?.['deletion_told'] === true };
    },
    async noteAbsentDeletions(fileIds, subAppId) {
      const first = fileIds.slice(0, MAX_NOTES);
      const told = first.map((fileId) => ({ file_id: fileId, deletion_told: true }));
      await note(told, subAppId);
    },
    async findAbsentArrivals(fileIds, subAppId = 0) {
      const rows = await queryInParts(connection, FIND, fileIds, [subAppId]);
      // Only objects are stored.
      return rows.map((row) => ({
        fileId: String(row['file_id']),
        source: row['source'] as JsonObject,
        isDeleted: row['deletion_told'] === true,
      }));
    },
  };
}
