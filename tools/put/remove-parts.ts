import { createSender } from './create-sender.ts';
import type { Beginning } from './journal-records.ts';
import type { Listener, PutEnvironment } from './put-environment.ts';
import { PutError } from './put-error.ts';
import type { Sender } from './put-object.ts';
import { openPutState } from './put-state.ts';
import { withRetry } from './retry.ts';
import type { UploadAccess } from './upload-access.ts';

/** What removing the parts of a failed upload may take. */
export const CLEANING_MILLISECONDS = 20_000;

/** An interrupted upload. */
export interface AbortRequest extends Listener {
  readonly path: string;
  readonly access: UploadAccess;
  readonly stateFolder: string;
}

/**
 * Removes all that an interrupted upload has left, in storage and on disk. Returns `nothing` if there is none, and
 * `expired` if VOD no longer lets anyone remove it: it removes such parts by itself.
 *
 * @throws {PutError}
 */
export async function abortFile(
  { path, access, stateFolder: folder, onEvent, signal }: AbortRequest,
  environment: PutEnvironment,
): Promise<'nothing' | 'removed' | 'expired'> {
  const state = await openPutState({ folder, path, target: access.target }, (reason) =>
    onEvent({ type: 'state_lost', reason }),
  );
  try {
    const { journal } = state;
    if (journal === undefined || journal.result !== undefined) return 'nothing';
    const { session, objects } = journal.beginning;
    const { grant } = journal;
    const upload = { access, session, grant, record: state.append, onEvent, signal };
    const isRemoved = await removeParts(objects, createSender(upload, environment)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof PutError && error.code === 'session_over') return false;
        throw error;
      },
    );
    await state.remove();
    return isRemoved ? 'removed' : 'expired';
  } finally {
    await state.release();
  }
}

/** Aborts every multipart upload of these objects. */
export async function removeParts(
  objects: Beginning['objects'],
  { storage, patience }: Pick<Sender, 'storage' | 'patience'>,
): Promise<void> {
  for (const { key, identity, partBytes } of objects) {
    if (identity.size > partBytes) await abortUploads(key, { storage, patience });
  }
}

/** Aborts every multipart upload of this key. */
export async function abortUploads(
  key: string,
  { storage, patience }: Pick<Sender, 'storage' | 'patience'>,
): Promise<void> {
  for (const uploadId of await withRetry(() => storage.listUploads(key), patience)) {
    await withRetry(() => storage.abort(key, uploadId), patience);
  }
}
