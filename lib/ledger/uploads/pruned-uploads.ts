import { type PrunedUpload, uploadPruned } from '../../model/pruned-upload.ts';
import type { Problem } from '../../problem.ts';
import { type LedgerDependencies, query, type Row, readTime } from '../query.ts';

/** Uploads that were pruned. */
export interface PrunedUploadLedger {
  /** Returns what is left of an upload; undefined if it was not pruned. */
  findPrunedUpload(uploadId: string): Promise<PrunedUpload | undefined>;
}

const FIND_PRUNED = `select upload_id, owner, file_id, sub_app_id, pruned_at from pruned_uploads where upload_id = $1`;

/**
 * Returns why an upload could not be issued, although it is not there.
 *
 * @throws an error if it was not pruned either.
 */
export async function explainUnissued(
  uploadId: string,
  connection: LedgerDependencies['connection'],
): Promise<Problem> {
  const pruned = await findPruned(uploadId, connection);
  if (pruned === undefined) throw new Error('The upload that was issued is not there.');
  return uploadPruned(pruned);
}

async function findPruned(
  uploadId: string,
  connection: LedgerDependencies['connection'],
): Promise<PrunedUpload | undefined> {
  const [row] = await query(connection, FIND_PRUNED, [uploadId]);
  return row && readPruned(row);
}

/** Creates the part of the ledger for uploads that were pruned. */
export function createPrunedUploadLedger({
  connection,
}: Pick<LedgerDependencies, 'connection'>): PrunedUploadLedger {
  return { findPrunedUpload: (uploadId) => findPruned(uploadId, connection) };
}

function readPruned(row: Row): PrunedUpload {
  const { owner, file_id: fileId, sub_app_id: subAppId } = row;
  return {
    uploadId: String(row['upload_id']),
    ...(typeof owner === 'string' ? { owner } : {}),
    ...(typeof fileId === 'string' ? { fileId } : {}),
    ...(subAppId === null ? {} : { subAppId: Number(subAppId) }),
    prunedAt: readTime(row['pruned_at']),
  };
}
