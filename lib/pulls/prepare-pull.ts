import type { QueuedPull } from '../ledger/pulls.ts';
import type { Quotas } from '../model/quotas.ts';
import { type ContextSigner, encodeSourceContext } from '../model/source-context.ts';
import type { MediaFields } from '../model/upload.ts';
import { createUploadId, UPLOAD_ID_RANDOM_RANGE } from '../model/upload-id.ts';
import type { Permit } from '../policy/permit-caller.ts';
import { boundPull } from '../policy/permit-caller.ts';
import { describeProblem, Problem } from '../problem.ts';
import { formatIsoTime } from '../validation/iso-time.ts';
import type { JsonObject } from '../validation/json-object.ts';
import { MAX_MEDIA_NAME_BYTES } from '../validation/limits.ts';
import type { PullRequest } from '../validation/pull-request.ts';
import type { RepeatablePullUpload } from '../vod/client.ts';
import { fingerprintPull } from './pull-fingerprint.ts';

/** The caller's name for one request, so that sending it again pulls nothing again. */
interface IdempotencyKey {
  readonly key: string;
  /** Of the request as the caller sent it: that is what the key stands for, whatever the policy is by then. */
  readonly fingerprint: string;
}

/** One pull of one caller, as the policy lets it be. */
export interface AuthorizedPull {
  readonly owner: string;
  /** Application of VOD of the owner's tenant; undefined where there are no tenants. */
  readonly subAppId: number | undefined;
  /** What the owner may use up, where the policy bounds it. */
  readonly quotas: Quotas | undefined;
  readonly request: PullRequest;
  readonly idempotency: IdempotencyKey | undefined;
}

/** Who pulls, and what the policy leaves them. */
export interface PullOwner extends Permit {
  readonly owner: string;
}

/**
 * Returns the pull that the policy lets `asked` be.
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
 * Returns the pulls of a batch, with the problem of each item that is wrong or denied.
 *
 * @param headerKey idempotency key of the whole request; an item without its own has this one and its place.
 */
export function authorizePulls(
  items: readonly (PullRequest | Problem)[],
  headerKey: string | undefined,
  owner: PullOwner,
): readonly (AuthorizedPull | Problem)[] {
  return items.map((item, place) => {
    if (item instanceof Problem) return item;
    const placeKey = headerKey === undefined ? undefined : `${headerKey}/${place}`;
    try {
      return authorizePull(item, item.idempotencyKey ?? placeKey, owner);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  });
}

/** A pull as it is sent, and as the ledger keeps it: with all that sending it needs. */
export interface PullJob extends QueuedPull {
  readonly request: RepeatablePullUpload & QueuedPull['request'];
  readonly fields: MediaFields;
}

/**
 * Returns the pull as the ledger keeps it. Neither URL is shown by the upload: they are the caller's, and may hold
 * secrets; what the upload shows is where VOD has the media, and of the URL, for as long as VOD has named none, the name
 * of its file.
 *
 * @throws {Problem} `invalid_request` where the contexts do not fit.
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
 * Returns the request in VOD's own names; what is not given is left out.
 *
 * The upload's id is VOD's `SessionId` as well: VOD refuses one that it has seen within three days, so neither another
 * instance nor a repeat after a lost answer pulls twice. https://cloud.tencent.com/document/product/266/35575
 *
 * @throws {Problem} `invalid_request` where the contexts do not fit.
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

/** What a new upload id is made of. */
export interface UploadIdSources {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A cryptographically random whole number below `range`. */
  readonly random: (range: number) => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
}

/** Returns a new id for a pull's upload. Nobody continues a pull, so its id need not tell whose it is. */
export function createPullId(owner: string, { now, random, randomKey }: UploadIdSources): string {
  return createUploadId(owner, randomKey(), now(), random(UPLOAD_ID_RANDOM_RANGE));
}

/** Without an extension, the end of a path may be anything, a secret too. */
const FILE_NAME = /.\.[a-z\d]{1,5}$/is;

/** Returns the name of the file that a URL's path ends in; undefined where it is none, or longer than a media's name. */
function readFileName(mediaUrl: string): string | undefined {
  const { pathname } = new URL(mediaUrl);
  const end = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    const name = decodeURIComponent(end);
    const isName = FILE_NAME.test(name) && Buffer.byteLength(name) <= MAX_MEDIA_NAME_BYTES;
    return isName ? name : undefined;
  } catch {
    // It is percent-encoded, and not from UTF-8.
    return undefined;
  }
}

/** Returns what is kept of `error` with the upload that ended by it: all that the caller was told, but for the call that told it. */
export function toUploadProblem(error: unknown): JsonObject {
  const { requestId: _, ...problem } = describeProblem(error, '');
  return problem;
}
