import type { QueuedPull } from '../ledger/pulls.ts';
import { type ContextSigner, encodeSourceContext } from '../model/source-context.ts';
import type { MediaFields } from '../model/upload.ts';
import { createUploadId, UPLOAD_ID_RANDOM_RANGE } from '../model/upload-id.ts';
import { describeProblem } from '../problem.ts';
import { formatIsoTime } from '../validation/iso-time.ts';
import type { JsonObject } from '../validation/json-object.ts';
import { MAX_MEDIA_NAME_BYTES } from '../validation/limits.ts';
import type { RepeatablePullUpload } from '../vod/client.ts';
import type { AuthorizedPull } from './authorize.ts';

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
