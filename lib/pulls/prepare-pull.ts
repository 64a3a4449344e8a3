import type { QueuedPull } from '../ledger/jobs/pulls.ts';
import type { Quotas } from '../model/quotas.ts';
import { type ContextSigner, encodeSourceContext } from '../model/source-context.ts';
import type { MediaFields } from '../model/upload.ts';
import { createUploadId, UPLOAD_ID_RANDOM_RANGE } from '../model/upload-id.ts';
import type { Permit } from '../policy/permit-caller.ts';
import { boundPull } from '../policy/permit-caller.ts';
import { describeProblem, Problem } from '../problem.ts';
import type { Clock, Random } from '../system.ts';
import { formatIsoTime } from '../validation/iso-time.ts';
import type { JsonObject } from '../validation/json-object.ts';
import { MAX_MEDIA_NAME_BYTES } from '../validation/limits.ts';
import type { PullRequest, RefusedItem } from '../validation/pull-request.ts';
import type { RepeatablePullUpload } from '../vod/client.ts';
import { fingerprintPull } from './pull-fingerprint.ts';

/** The caller's name for one request, so that repeating the request does not pull again. */
interface IdempotencyKey {
  readonly key: string;
  /** Of the request as the caller sent it, so that a change of the policy does not change what the key stands for. */
  readonly fingerprint: string;
}

/** One pull of one caller, within the bounds of the policy. */
export interface AuthorizedPull {
  readonly owner: string;
  /** Application of VOD of the owner's tenant; undefined if there are no tenants. */
  readonly subAppId: number | undefined;
  /** Quotas of the owner, if the policy has any. */
  readonly quotas: Quotas | undefined;
  readonly request: PullRequest;
  readonly idempotency: IdempotencyKey | undefined;
}

/** The owner of pulls, and what the policy allows them. */
export interface PullOwner extends Permit {
  readonly owner: string;
}

/**
 * Returns `asked` within the bounds of the policy.
 *
 * @throws {Problem} `policy_denied`.
 */
export function authorizePull(
  asked: PullRequest,
  key: string | undefined,
  { owner, profile, subAppId }: PullOwner,
): AuthorizedPull {
  const request = boundPull(profile, asked);
  const idempotency = key === undefined ? undefined : { key, fingerprint: fingerprintPull(asked) };
  return { owner, subAppId, quotas: profile.quotas, request, idempotency };
}

/**
 * Returns the pulls of a batch, with the problem of each invalid or denied item in its place.
 *
 * @param headerKey idempotency key of the whole request; the key of an item without its own is this one with the item's
 * index.
 */
export function authorizePulls(
  items: readonly (PullRequest | RefusedItem)[],
  headerKey: string | undefined,
  owner: PullOwner,
): readonly (AuthorizedPull | RefusedItem)[] {
  return items.map((item, place) => {
    if ('refusal' in item) return item;
    const placeKey = headerKey === undefined ? undefined : `${headerKey}/${place}`;
    try {
      return authorizePull(item, item.idempotencyKey ?? placeKey, owner);
    } catch (error) {
      if (error instanceof Problem) return { refusal: error };
      throw error;
    }
  });
}

/** A pull in the form in which it is sent, and stored in the ledger with everything that sending needs. */
export interface PullJob extends QueuedPull {
  readonly request: RepeatablePullUpload & QueuedPull['request'];
  readonly fields: MediaFields;
}

/**
 * Returns the pull in the form for the ledger. The upload does not show either URL: they are the caller's, and may
 * contain secrets. It shows the URL of the media at VOD, and the file name from the caller's URL until VOD reports a
 * name.
 *
 * @throws {Problem} `invalid_request` if the contexts do not fit.
 */
export function toPullJob(
  uploadId: string,
  { owner, subAppId, request }: Pick<AuthorizedPull, 'owner' | 'subAppId' | 'request'>,
  contextKey: string,
): PullJob {
  const { expireTime } = request;
  return {
    uploadId,
    owner,
    request: { ...toPullUpload(uploadId, { owner, request }, { key: contextKey, subAppId }) },
    fields: {
      subAppId,
      name: request.mediaName ?? readFileName(request.mediaUrl),
      storageRegion: request.storageRegion,
      classId: request.classId,
      procedure: request.procedure,
      sourceContext: request.sourceContext,
      sessionContext: request.sessionContext,
      limits: request.limits,
      mediaExpireTime: expireTime === undefined ? undefined : expireTime * 1_000,
    },
  };
}

/**
 * Returns the request under VOD's names; fields that are not given are left out.
 *
 * The upload's id is also VOD's `SessionId`: VOD refuses one that it has seen within three days, so neither another
 * instance nor a repeat after a lost answer pulls twice. https://cloud.tencent.com/document/product/266/35575
 *
 * @throws {Problem} `invalid_request` if the contexts do not fit.
 */
function toPullUpload(
  uploadId: string,
  { owner, request }: Pick<AuthorizedPull, 'owner' | 'request'>,
  signer: ContextSigner,
): RepeatablePullUpload {
  const sourceContext = encodeSourceContext(
    { uploadId, owner, method: 'pull', limits: request.limits },
    request.sourceContext,
    signer,
  );
  const optional = {
    MediaName: request.mediaName,
    CoverUrl: request.coverUrl,
    Procedure: request.procedure,
    ExpireTime: request.expireTime === undefined ? undefined : formatIsoTime(request.expireTime),
    StorageRegion: request.storageRegion,
    ClassId: request.classId,
    TasksPriority: request.tasksPriority,
    SessionContext: request.sessionContext,
    MediaStoragePath: request.mediaStoragePath,
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    MediaUrl: request.mediaUrl,
    MediaType: request.mediaType,
    SourceContext: sourceContext,
    SessionId: uploadId,
    ...Object.fromEntries(given),
  };
}

/** Sources of new upload ids. */
export interface UploadIdSources {
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'integer' | 'key'>;
}

/** Returns a new id for a pull's upload. A pull is never continued, so its id need not prove its owner. */
export function createPullId(owner: string, { clock, random }: UploadIdSources): string {
  return createUploadId(owner, random.key(), clock.now(), random.integer(UPLOAD_ID_RANDOM_RANGE));
}

/** Without an extension, the end of a path may be any text, even a secret. */
const FILE_NAME = /.\.[a-z\d]{1,5}$/is;

/** Returns the file name at the end of a URL's path; undefined if there is none, or it is too long for a media name. */
function readFileName(mediaUrl: string): string | undefined {
  const { pathname } = new URL(mediaUrl);
  const end = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    const name = decodeURIComponent(end);
    const isName = FILE_NAME.test(name) && Buffer.byteLength(name) <= MAX_MEDIA_NAME_BYTES;
    return isName ? name : undefined;
  } catch {
    // Its percent-encoded bytes are not UTF-8.
    return undefined;
  }
}

/** Returns `error` in the form stored with the upload that it ended: the caller's answer without the id of the call. */
export function toUploadProblem(error: unknown): JsonObject {
  const { requestId: _, ...problem } = describeProblem(error, '');
  return problem;
}
