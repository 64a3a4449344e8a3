import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { IssuedUpload } from '../ledger/uploads/uploads.ts';
import type { Quotas } from '../model/quotas.ts';
import { isUploadIdBefore } from '../model/upload-id.ts';
import { isFinished, type UploadState } from '../model/upload-state.ts';
import type { Profile } from '../policy/profile.ts';
import { Problem } from '../problem.ts';
import type { Clock } from '../system.ts';
import { MAX_SIGNATURE_SECONDS } from '../validation/limits.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';
import type { BeginUpload } from './quota-memory.ts';

/** An upload that is about to be permitted. */
interface PermittedUpload {
  readonly uploadId: string;
  readonly owner: string;
  /** Application of VOD; undefined for the account's main one. */
  readonly subAppId: number | undefined;
  /** Unix seconds. */
  readonly expireTime: number;
  /** Profile of the owner. */
  readonly profile: Pick<Profile, 'quotas' | 'maxExpiresIn'>;
}

/**
 * Records an upload in the ledger before its signature is issued; without a ledger, counts it.
 *
 * @throws {Problem} `quota_exceeded`, `upload_finished` if it continues an upload that has ended, or `ledger_…`.
 */
export type ReserveUpload = (
  upload: PermittedUpload,
  request: SignatureRequest,
) => void | Promise<void>;

/** Creates the function that reserves uploads. */
export function createUploadReservation(
  ledger: WithLedger | undefined,
  clock: Pick<Clock, 'now'>,
): ReserveUpload {
  if (ledger !== undefined) return (upload, request) => reserveInLedger(upload, request, ledger);
  const begin = openQuotaMemory(clock);
  return ({ owner, profile: { quotas, maxExpiresIn = MAX_SIGNATURE_SECONDS } }, { uploadId }) => {
    if (uploadId === undefined) return begin(owner, quotas);
    // Its id proves that it began here, and when. It ends when the longest possible signature from that time expires.
    if (isUploadIdBefore(uploadId, clock.now() - maxExpiresIn * 1_000))
      throw uploadFinished('expired');
  };
}

async function reserveInLedger(
  { uploadId, owner, subAppId, expireTime, profile: { quotas } }: PermittedUpload,
  request: SignatureRequest,
  ledger: WithLedger,
): Promise<void> {
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
  if (verdict.kind === 'refused') {
    const { quotaExceeded } = await import('./quota-memory.ts');
    throw quotaExceeded(verdict.quota);
  }
  return verdict;
}

/** Returns the problem of a request about an upload that has ended. */
export function uploadFinished(state: UploadState): Problem {
  return new Problem(`The upload has ended: its state is "${state}".`, { code: 'upload_finished' });
}

/**
 * Counts a new upload of `owner` against the quotas, without a ledger.
 *
 * @throws {Problem} as {@link BeginUpload}.
 */
export type CountUpload = (owner: string, quotas: Quotas | undefined) => void | Promise<void>;

/** Creates the count of uploads of this instance. Its code is loaded when it is first needed. */
export function openQuotaMemory(clock: Pick<Clock, 'now'>): CountUpload {
  let opened: Promise<BeginUpload> | undefined;
  return (owner, quotas) => {
    if (quotas === undefined) return undefined;
    opened ??= import('./quota-memory.ts').then((memory) => memory.createQuotaMemory(clock));
    return opened.then((begin) => begin(owner, quotas));
  };
}
