import type { ReachLedger } from '../ledger/reach-ledger.ts';
import { Problem } from '../problem.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';
import { isFinished, type UploadState } from './upload-state.ts';

/** An upload that is about to be permitted. */
interface PermittedUpload {
  readonly uploadId: string;
  readonly owner: string;
  /** Unix seconds. */
  readonly expireTime: number;
}

/**
 * Keeps an upload in the ledger before its signature is given away.
 *
 * @throws {Problem} `upload_finished` where it goes on with one that has ended, or `ledger_unavailable`.
 */
export async function keepIssued(
  { uploadId, owner, expireTime }: PermittedUpload,
  request: SignatureRequest,
  ledger: ReachLedger,
): Promise<void> {
  if (request.uploadId !== undefined) {
    // What has ended keeps what was told of it.
    const known = await ledger((each) => each.findUpload(uploadId));
    if (known !== undefined && isFinished(known.state)) throw refuseFinished(known.state);
  }
  const { classId, procedure, storageRegion, sessionContext, sourceContext } = request;
  const { limits, mediaExpireTime } = request;
  const saved = await ledger((each) =>
    each.saveIssued({
      uploadId,
      method: 'client',
      owner,
      fields: {
        ...{ classId, procedure, storageRegion, sessionContext, sourceContext, limits },
        mediaExpireTime: mediaExpireTime === undefined ? undefined : mediaExpireTime * 1_000,
        expiresAt: expireTime * 1_000,
      },
    }),
  );
  if (isFinished(saved.state)) throw refuseFinished(saved.state);
}

/** Answers the problem of a request about an upload to which nothing more can happen. */
export function refuseFinished(state: UploadState): Problem {
  return new Problem(`The upload has ended: its state is "${state}".`, { code: 'upload_finished' });
}
