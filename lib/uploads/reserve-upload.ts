import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { IssuedUpload } from '../ledger/uploads.ts';
import type { Quotas } from '../model/quotas.ts';
import { isUploadIdBefore } from '../model/upload-id.ts';
import { isFinished, type UploadState } from '../model/upload-state.ts';
import type { Profile } from '../policy/profile.ts';
import { Problem } from '../problem.ts';
import { MAX_SIGNATURE_SECONDS } from '../validation/limits.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';
import { createQuotaMemory, quotaExceeded } from './quota-memory.ts';

/** An upload that is about to be permitted. */
interface PermittedUpload {
  readonly uploadId: string;
  readonly owner: string;
  /** Application of VOD; undefined for the account's main one. */
  readonly subAppId: number | undefined;
  /** Unix seconds. */
  readonly expireTime: number;
  /** Of the owner. */
  readonly profile: Pick<Profile, 'quotas' | 'maxExpiresIn'>;
}

/**
 * Keeps an upload in the ledger before its signature is given away; without a ledger, counts it.
 *
 * @throws {Problem} `quota_exceeded`, `upload_finished` where it continues one that has ended, or `ledger_…`.
 */
export type ReserveUpload = (
  upload: PermittedUpload,
  request: SignatureRequest,
) => void | Promise<void>;

/**
 * Returns how uploads are kept that are about to be permitted.
 *
 * @param now Unix milliseconds.
 */
export function createUploadReservation(
  ledger: WithLedger | undefined,
  now: () => number,
): ReserveUpload {
  if (ledger !== undefined) return (upload, request) => reserveInLedger(upload, request, ledger);
  const begin = createQuotaMemory(now);
  return ({ owner, profile: { quotas, maxExpiresIn = MAX_SIGNATURE_SECONDS } }, { uploadId }) => {
    if (uploadId === undefined) return begin(owner, quotas);
    // Its id is proof that it was begun here, and when: it ends with the longest signature of its beginning.
    if (isUploadIdBefore(uploadId, now() - maxExpiresIn * 1_000)) throw uploadFinished('expired');
  };
}

async function reserveInLedger(
  { uploadId, owner, subAppId, expireTime, profile: { quotas } }: PermittedUpload,
  request: SignatureRequest,
  ledger: WithLedger,
): Promise<void> {
  if (request.uploadId !== undefined) {
    // What has ended keeps what was told of it.
    const known = await ledger((each) => each.findUpload(uploadId));
    if (known !== undefined && isFinished(known.state)) throw uploadFinished(known.state);
  }
  const { classId, procedure, storageRegion, sessionContext, sourceContext } = request;
  const { limits, mediaExpireTime } = request;
  const upload: IssuedUpload = {
    uploadId,
    method: 'client',
    owner,
    fields: {
      subAppId,
      ...{ classId, procedure, storageRegion, sessionContext, sourceContext, limits },
      mediaExpireTime: mediaExpireTime === undefined ? undefined : mediaExpireTime * 1_000,
      expiresAt: expireTime * 1_000,
    },
  };
  const { state } =
    quotas === undefined
      ? await ledger((each) => each.issueUpload(upload))
      : await issueWithin(quotas, upload, ledger);
  if (isFinished(state)) throw uploadFinished(state);
}

async function issueWithin(quotas: Quotas, upload: IssuedUpload, ledger: WithLedger) {
  const [verdict] = await ledger((each) => each.issueWithin(upload.owner, quotas, [upload]));
  if (verdict === undefined) throw new Error('The upload that was asked for has no verdict.');
  if (verdict.kind === 'refused') throw quotaExceeded(verdict.quota);
  return verdict;
}

/** Returns the problem of a request about an upload to which nothing more can happen. */
export function uploadFinished(state: UploadState): Problem {
  return new Problem(`The upload has ended: its state is "${state}".`, { code: 'upload_finished' });
}
