import {
  createUploadId,
  deriveUploadId,
  nameUploader,
  UPLOAD_ID_RANDOM_RANGE,
} from '../model/upload-id.ts';
import type { UploadState } from '../model/upload-state.ts';
import type { BeginUpload } from '../uploads/quota-memory.ts';
import { refuseFields } from '../validation/parse-fields.ts';
import type { CallOptions } from '../vod/call.ts';
import type { VodApi } from '../vod/client.ts';
import type { CheckOpenedRegion } from '../vod/opened-regions.ts';
import type { AuthorizedPull } from './authorize-pulls.ts';
import type { IdempotencyMemory } from './idempotency-memory.ts';
import { fingerprintPull } from './pull-fingerprint.ts';
import { toPullUpload } from './pull-upload.ts';

/** A pull that VOD has taken, or will be sent. */
export interface SubmittedPull {
  readonly uploadId: string;
  /** Absent where VOD had taken it before, in a try whose answer is lost, and where it waits for its turn. */
  readonly taskId?: string;
  readonly state: UploadState;
}

/** Dependencies of submitting, with and without a ledger. */
export interface PullSending {
  readonly api: Pick<VodApi, 'pullUpload'>;
  /** Proves the contexts of uploads. */
  readonly contextKey: string;
  /** Application of VOD of those who belong to no tenant; undefined for the account's main one. */
  readonly ownSubAppId: number | undefined;
  readonly checkRegion: CheckOpenedRegion;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A cryptographically random whole number below `range`. */
  readonly random: (range: number) => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
}

/** Dependencies of submitting without a ledger. */
export interface PullDependencies extends PullSending {
  readonly memory: IdempotencyMemory<SubmittedPull>;
  readonly begin: BeginUpload;
}

/**
 * Returns the upload that VOD fetches for `pull`; the same upload for the same idempotency key of the same owner, as
 * long as this instance or VOD remembers.
 *
 * @throws {Problem} `invalid_request`, `idempotency_conflict`, `quota_exceeded`, or `upstream_…` where VOD did not take it.
 */
export function submitPull(
  pull: AuthorizedPull,
  dependencies: PullDependencies,
  options: CallOptions,
): Promise<SubmittedPull> {
  const { owner, subAppId, asked, idempotencyKey } = pull;
  const { memory, now, random, randomKey } = dependencies;
  if (idempotencyKey === undefined) {
    // Nobody continues a pull, so its id need not tell whose it is.
    const uploadId = createUploadId(owner, randomKey(), now(), random(UPLOAD_ID_RANDOM_RANGE));
    return send(uploadId, pull, dependencies, options);
  }
  const uploadId = deriveUploadId(nameUploader(owner, subAppId), idempotencyKey);
  return memory.recall(uploadId, fingerprintPull(asked), () =>
    send(uploadId, pull, dependencies, options),
  );
}

async function send(
  uploadId: string,
  { owner, subAppId, quotas, request }: AuthorizedPull,
  { api, contextKey: key, ownSubAppId, checkRegion, begin }: PullDependencies,
  time: CallOptions,
): Promise<SubmittedPull> {
  const options = { ...time, subAppId };
  const signer = { key, subAppId: subAppId ?? ownSubAppId };
  const upload = toPullUpload(uploadId, { owner, request }, signer);
  if (request.storageRegion !== undefined) {
    const error = await checkRegion(request.storageRegion, options);
    if (error !== undefined) throw refuseFields([error]);
  }
  begin(owner, quotas);
  const outcome = await api.pullUpload(upload, options);
  return {
    uploadId,
    ...(outcome.kind === 'accepted' ? { taskId: outcome.taskId } : {}),
    state: 'issued',
  };
}
