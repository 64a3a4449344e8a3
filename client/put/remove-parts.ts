import type { Sender } from './create-sender.ts';
import { createSender } from './create-sender.ts';
import type { Beginning, Journal } from './journal-records.ts';
import type { Listener, PutEnvironment } from './put-environment.ts';
import { isSessionOver } from './put-error.ts';
import { openPutState, type PutState } from './put-state.ts';
import { withRetry } from './retry.ts';
import type { UploadAccess } from './upload-access.ts';

/** What removing the parts of a failed upload may take. */
export const CLEANING_MILLISECONDS = 20_000;

/** An interrupted upload. */
export interface AbortRequest extends Listener {
  readonly path: string;
  readonly access: UploadAccess;
  readonly stateFolder: string | undefined;
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
    return await removeInterrupted(journal, state, { access, onEvent, signal }, environment);
  } finally {
    await state.release();
  }
}

/** Removes what an interrupted upload has left, as {@link abortFile} does. @throws {PutError} */
export async function removeInterrupted(
  { beginning: { session, objects }, grant }: Journal,
  state: Pick<PutState, 'append' | 'remove'>,
  listener: Listener & Pick<AbortRequest, 'access'>,
  environment: PutEnvironment,
): Promise<'removed' | 'expired'> {
  const upload = { ...listener, session, grant, record: state.append };
  const isRemoved = await removeParts(objects, createSender(upload, environment)).then(
    () => true,
    (error: unknown) => {
      if (isSessionOver(error)) return false;
      throw error;
    },
  );
  await state.remove();
  return isRemoved ? 'removed' : 'expired';
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
