import type { ProblemCode } from '../problem.ts';

/** When a repeat of the same call may succeed: never, immediately, or after a second, in which VOD counts calls. */
export type Repeat = 'never' | 'soon' | 'later';

/** Meaning of one of VOD's error codes. */
export interface VodErrorRule {
  readonly code: ProblemCode;
  readonly repeat: Repeat;
  /** Field of the caller's request that the code is about, and what is wrong with it. */
  readonly field?: { readonly path: string; readonly message: string };
}

/** Code with which VOD refuses a `SessionId` that it has seen: https://cloud.tencent.com/document/product/266/35575. */
export const DUPLICATE_SESSION = 'InvalidParameterValue.SessionId';

/** Code with which PullEvents may report an empty queue: https://cloud.tencent.com/document/product/266/33433. */
export const NO_EVENTS = 'ResourceNotFound';

const REJECTED: VodErrorRule = { code: 'upstream_rejected', repeat: 'never' };
const DENIED: VodErrorRule = { code: 'upstream_denied', repeat: 'never' };
const FAILED: VodErrorRule = { code: 'upstream_failed', repeat: 'never' };
const FAULT: VodErrorRule = { code: 'upstream_failed', repeat: 'soon' };
const BUSY: VodErrorRule = { code: 'upstream_busy', repeat: 'later' };
const EXHAUSTED: VodErrorRule = { code: 'upstream_busy', repeat: 'never' };

/**
 * Codes, such as `Family.Detail`, and families of codes. A code that is not listed has the rule of its family; a family
 * that is not listed is a failure of VOD that is not documented.
 *
 * Codes about what this service itself sends (its credentials, its application, its ids) are not the caller's fault, so
 * they are not `upstream_rejected`.
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

/** Returns the rule for one of VOD's codes. */
export function findVodErrorRule(code: string): VodErrorRule {
  const family = code.split('.', 1)[0] ?? '';
  return ownRule(code) ?? ownRule(family) ?? FAILED;
}

/** Returns the rule for an HTTP status other than 200, which VOD itself never sends. */
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
