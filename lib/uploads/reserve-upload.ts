import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { IssuedUpload } from '../ledger/uploads/uploads.ts';
import type { Quotas } from '../model/quotas.ts';
import { isUploadIdBefore } from '../model/upload-id.ts';
import { isFinished, type UploadState } from '../model/upload-state.ts';
import type { Profile } from '../policy/profile.ts';
import { Problem, type QuotaRefusal } from '../problem.ts';
import { MAX_SIGNATURE_SECONDS } from '../validation/limits.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';

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

/**
 * Creates the function that reserves uploads.
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
    // Its id proves that it began here, and when. It ends when the longest possible signature from that time expires.
    if (isUploadIdBefore(uploadId, now() - maxExpiresIn * 1_000)) throw uploadFinished('expired');
  };
}

async function reserveInLedger(
  { uploadId, owner, subAppId, expireTime, profile: { quotas } }: PermittedUpload,
  request: SignatureRequest,
  ledger: WithLedger,
): Promise<void> {
  if (request.uploadId !== undefined) {
    // Issuing would change the fields of an upload that has ended.
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

/** Returns the problem of a request about an upload that has ended. */
export function uploadFinished(state: UploadState): Problem {
  return new Problem(`The upload has ended: its state is "${state}".`, { code: 'upload_finished' });
}

/**
 * Counts a new upload of `owner` against the quotas.
 *
 * @throws {Problem} `quota_exceeded` if too many began within a minute in this instance, or `ledger_required` if a
 * quota needs counts that only a ledger has.
 */
export type BeginUpload = (owner: string, quotas: Quotas | undefined) => void;

const MINUTE = 60_000;

/**
 * Creates the check of quotas without a ledger, which counts in one instance during its life. It stores only the
 * uploads that began in the instance within the last minute.
 */
export function createQuotaMemory(now: () => number): BeginUpload {
  /** Times at which uploads began, by owner; owners are in the order of their latest upload. */
  const begun = new Map<string, number[]>();
  const forget = (before: number) => {
    for (const [owner, times] of begun) {
      if ((times.at(-1) ?? 0) > before) return;
      begun.delete(owner);
    }
  };
  return (owner, quotas) => {
    if (quotas === undefined) return;
    requireCountable(quotas);
    const { signaturesPerMinute: limit } = quotas;
    if (limit === undefined) return;

    const time = now();
    forget(time - MINUTE);
    const times = (begun.get(owner) ?? []).filter((each) => each > time - MINUTE);
    const used = times.length;
    if (used >= limit) {
      const roomAt = (times[used - limit] ?? time) + MINUTE;
      const retryAfter = Math.max(1, Math.ceil((roomAt - time) / 1_000));
      throw quotaExceeded({ rule: 'signaturesPerMinute', limit, used, retryAfter });
    }
    begun.delete(owner);
    begun.set(owner, [...times, time]);
  };
}

/** Throws for quotas that cannot be counted here: other functions and instances learn the results of uploads. */
function requireCountable(quotas: Quotas): void {
  const uncountable = (['openUploads', 'bytesPerDay'] as const).filter(
    (rule) => quotas[rule] !== undefined,
  );
  if (uncountable.length === 0) return;
  throw new Problem(
    `The policy bounds "${uncountable.join('" and "')}", which this service cannot count without a record of uploads: set DATABASE_URL to the URL of a PostgreSQL database.`,
    { code: 'ledger_required' },
  );
}

const USED: Readonly<Record<QuotaRefusal['rule'], string>> = {
  signaturesPerMinute: 'uploads began within the last minute',
  openUploads: 'uploads are in progress',
  bytesPerDay: 'bytes were uploaded within the last day',
};

/** Returns the problem of an upload for which a quota has no room. */
export function quotaExceeded(quota: QuotaRefusal): Problem {
  const { rule, limit, used, retryAfter } = quota;
  return new Problem(
    `The quota "${rule}" is used up: ${used} ${USED[rule]}, of at most ${limit}. Retry in ${retryAfter} seconds.`,
    { code: 'quota_exceeded', quota, headers: { 'Retry-After': String(retryAfter) } },
  );
}
