import type { ProblemCode } from '../problem.ts';

/** Whether the same call may succeed when it is repeated: never, at once, or when a limit has had its second. */
export type Repeat = 'never' | 'soon' | 'later';

/** What one of VOD's error codes means here. */
export interface VodErrorRule {
  readonly code: ProblemCode;
  readonly repeat: Repeat;
  /** Field of our request that the code is about, and what is wrong with it. */
  readonly field?: { readonly path: string; readonly message: string };
}

/** The code by which VOD refuses a `SessionId` that it has seen: https://cloud.tencent.com/document/product/266/35575. */
export const DUPLICATE_SESSION = 'InvalidParameterValue.SessionId';

/** A code by which PullEvents may say that its queue is empty: https://cloud.tencent.com/document/product/266/33433. */
export const NO_EVENTS = 'ResourceNotFound';

const REJECTED: VodErrorRule = { code: 'upstream_rejected', repeat: 'never' };
const DENIED: VodErrorRule = { code: 'upstream_denied', repeat: 'never' };
const FAILED: VodErrorRule = { code: 'upstream_failed', repeat: 'never' };
const FAULT: VodErrorRule = { code: 'upstream_failed', repeat: 'soon' };
const BUSY: VodErrorRule = { code: 'upstream_busy', repeat: 'later' };
const EXHAUSTED: VodErrorRule = { code: 'upstream_busy', repeat: 'never' };

/**
 * Codes and families of codes, as `Family.Detail`. A code that is not here has its family's rule, and a family that is
 * not here has broken in a way nobody described.
 *
 * Codes that describe what this service sends by itself (its credentials, its application, its ids) are no fault of the
 * caller, so they are not `upstream_rejected`.
 *
 * @see https://cloud.tencent.com/document/product/266/35575
 */
const RULES: Readonly<Record<string, VodErrorRule>> = {
  AuthFailure: DENIED,
  UnauthorizedOperation: DENIED,
  IpInBlacklist: DENIED,
  IpNotInWhitelist: DENIED,
  'FailedOperation.InvalidVodUser': DENIED,
  'ResourceNotFound.UserNotExist': DENIED,
  'InvalidParameterValue.SubAppId': DENIED,

  RequestLimitExceeded: BUSY,
  ServiceUnavailable: BUSY,
  LimitExceeded: EXHAUSTED,
  ResourceInsufficient: EXHAUSTED,
  ResourceUnavailable: EXHAUSTED,
  InternalError: FAULT,

  InvalidParameter: REJECTED,
  InvalidParameterValue: REJECTED,
  ResourceNotFound: REJECTED,
  UnsupportedOperation: REJECTED,
  'InvalidParameterValue.SessionIdTooLong': FAILED,
  'InvalidParameterValue.MediaUrl': reject('mediaUrl', 'is not a URL that VOD can pull'),
  'FailedOperation.MediaType': reject(
    'mediaType',
    'is not a type of media that VOD accepts; without it, the extension of mediaUrl is the type',
  ),
  'FailedOperation.CoverType': reject('coverUrl', 'must end in gif, jpeg, jpg or png'),
  'InvalidParameterValue.CoverUrl': reject('coverUrl', 'is not a URL that VOD can pull'),
  'ResourceNotFound.CoverUrl': reject('coverUrl', 'points to nothing that VOD can read'),
  'InvalidParameter.ExpireTime': reject('expireTime', 'is not a time that VOD accepts'),
  'InvalidParameterValue.ExpireTime': reject('expireTime', 'is not a time that VOD accepts'),
  'InvalidParameter.StorageRegion': reject('storageRegion', 'is not enabled in the VOD account'),
  'InvalidParameterValue.StorageRegion': reject(
    'storageRegion',
    'is not enabled in the VOD account',
  ),
  'InvalidParameterValue.MediaStoragePath': reject(
    'mediaStoragePath',
    'must begin with "/", in an application whose media have paths',
  ),
  'InvalidParameterValue.SessionContextTooLong': reject(
    'sessionContext',
    'is longer than VOD accepts',
  ),
  'InvalidParameterValue.TaskId': reject('taskId', 'is not the id of a task'),
};

/** Returns the rule of one of VOD's codes. */
export function findVodErrorRule(code: string): VodErrorRule {
  const family = code.split('.', 1)[0] ?? '';
  return ownRule(code) ?? ownRule(family) ?? FAILED;
}

/** Returns the rule of an HTTP status other than 200, which VOD itself never sends. */
export function findHttpErrorRule(status: number): VodErrorRule {
  if (status === 429 || status === 503) return BUSY;
  return status >= 500 ? FAULT : FAILED;
}

function ownRule(code: string): VodErrorRule | undefined {
  return Object.hasOwn(RULES, code) ? RULES[code] : undefined;
}

function reject(path: string, message: string): VodErrorRule {
  return { ...REJECTED, field: { path, message } };
}
