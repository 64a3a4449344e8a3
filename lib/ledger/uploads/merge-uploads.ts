import type { Upload } from '../../model/upload.ts';
import { deriveFileUploadId } from '../../model/upload-id.ts';
import type { UploadFact, UploadState } from '../../model/upload-state.ts';
import type { Statements } from '../connection/transaction.ts';
import { readCode } from '../ledger-error.ts';
import type { LedgerDependencies, Row } from '../query.ts';
import { writeJson, writeTime } from '../query.ts';
import { outboxSql, writeChanges } from './outbox.ts';
import {
  CHANGE_COLUMNS,
  readKey,
  readUpload,
  UPLOAD_COLUMNS,
  type UploadChange,
  writeChange,
} from './upload-row.ts';
import { BY_UPLOAD, UPSERTS } from './upload-upsert.ts';

/** Applies the final form of changes. */
type ApplyChanges<Result> = (sql: Statements, changes: readonly UploadChange[]) => Promise<Result>;

const UNIQUE_VIOLATION = '23505';

/**
 * Applies `changes` again if `error`, with which `apply` failed, means that a file in one of them already has a
 * separate upload. That happens because events arrive in any order, and most of them name only the file. Both uploads
 * are merged first. Returns the result of `apply`.
 *
 * @throws any other `error`.
 */
export function applyMerged<Result>(
  error: unknown,
  dependencies: LedgerDependencies,
  changes: readonly UploadChange[],
  apply: ApplyChanges<Result>,
): Promise<Result> {
  if (readCode(error) !== UNIQUE_VIOLATION) throw error;
  return dependencies.connection.transact((sql) =>
    mergeAndApply(sql, dependencies, changes, apply),
  );
}

async function mergeAndApply<Result>(
  sql: Statements,
  dependencies: LedgerDependencies,
  changes: readonly UploadChange[],
  apply: ApplyChanges<Result>,
): Promise<Result> {
  const settled = [...changes];
  const deletions: UploadChange[] = [];
  // Rows are locked in the same order as in other statements, so that no two transactions wait for each other.
  const inOrder = [...changes.entries()].sort(([, a], [, b]) => (readKey(a) < readKey(b) ? -1 : 1));
  for (const [place, change] of inOrder) {
    settled[place] = await mergeFile(sql, dependencies, change, deletions);
  }
  const result = await apply(sql, settled);
  if (deletions.length > 0) {
    const parameters = writeChanges(deletions, dependencies.random.key(), dependencies);
    await sql.unsafe(APPLY_AND_TELL, [...parameters], { prepare: true });
  }
  return result;
}

/**
 * Returns the change, adapted to the upload that has its file. If the file was deleted, that is added to `deletions`
 * and applied after the change; otherwise the upload would end without announcing that its file arrived.
 */
async function mergeFile(
  sql: Statements,
  { clock }: Pick<LedgerDependencies, 'clock'>,
  change: UploadChange,
  deletions: UploadChange[],
): Promise<UploadChange> {
  const fileId = change.fields?.fileId;
  if (!('uploadId' in change.key) || fileId === undefined) return change;

  const { uploadId } = change.key;
  const holder = await lock(sql, 'file_id', fileId);
  if (holder === undefined || holder.uploadId === uploadId) return change;
  if (staysWith(holder, fileId, change)) return { ...change, key: { fileId } };
  const upload = await lock(sql, 'upload_id', uploadId);
  if (upload !== undefined && cannotTake(upload, change)) return change;

  await sql.unsafe(REMOVE, [holder.uploadId], { prepare: true });
  if (holder.state === 'deleted') deletions.push({ key: { uploadId }, fact: 'deleted' });
  const inherited = writeJson([writeChange(inherit(holder, uploadId))]);
  await sql.unsafe(APPLY, [inherited, writeTime(clock.now())], {
    prepare: true,
  });
  return change;
}

/** Returns whether a file stays with the upload that has it: it arrived for that one, or is in another application. */
function staysWith(holder: Upload, fileId: string, { fields, ofTenant }: UploadChange): boolean {
  const ownIds = [deriveFileUploadId(fileId), deriveFileUploadId(fileId, holder.subAppId)];
  return (
    !ownIds.includes(holder.uploadId) ||
    isOfAnother(holder.subAppId, fields?.subAppId) ||
    (ofTenant === true && holder.subAppId === undefined)
  );
}

/** Returns whether an upload cannot get the file: it has another file, owner or application. */
function cannotTake(upload: Upload, { fields, owner, ofTenant }: UploadChange): boolean {
  return (
    upload.fileId !== undefined ||
    isOfAnother(upload.owner, owner) ||
    isOfAnother(upload.subAppId, fields?.subAppId) ||
    (ofTenant === true && upload.subAppId === undefined)
  );
}

function isOfAnother<Value>(known: Value | undefined, told: Value | undefined): boolean {
  return known !== undefined && told !== undefined && known !== told;
}

async function lock(
  sql: Statements,
  column: 'file_id' | 'upload_id',
  value: string,
): Promise<Upload | undefined> {
  const [row]: Row[] = await sql.unsafe(
    `select ${UPLOAD_COLUMNS} from uploads where ${column} = $1 for update`,
    [value],
    { prepare: true },
  );
  return row && readUpload(row);
}

const REMOVE = `with unread as (delete from upload_contents where upload_id = $1)
  delete from uploads where upload_id = $1`;

const APPLY = `with change as (
    select * from jsonb_to_recordset($1::text::jsonb) as c(${CHANGE_COLUMNS})
  ), ${UPSERTS} select key from changed`;

const APPLY_AND_TELL = `with change as (
    select * from jsonb_to_recordset($1::text::jsonb) as c(${CHANGE_COLUMNS})
  ), ${UPSERTS},
  ${outboxSql(BY_UPLOAD)}
  select key from changed`;

/** Returns everything that is known about the file as one change of its upload. */
function inherit(file: Upload, uploadId: string): UploadChange {
  const { uploadId: _id, state, method, owner: _owner, createdAt, updatedAt, ...fields } = file;
  return { key: { uploadId }, fact: FACT_BEHIND[state], method, fields };
}

/** The fact that changes `issued` to each state; `deleted` is applied separately. */
const FACT_BEHIND: Readonly<Record<UploadState, UploadFact>> = {
  issued: 'issued',
  uploaded: 'uploadedForProcessing',
  processing: 'processingStarted',
  ready: 'processingSucceeded',
  failed: 'processingFailed',
  rejected: 'rejected',
  expired: 'expired',
  cancelled: 'cancelled',
  deleted: 'issued',
};
