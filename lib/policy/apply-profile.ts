import { matchesHost } from '../validation/host-pattern.ts';
import { DEFAULT_SIGNATURE_SECONDS } from '../validation/limits.ts';
import { type Denial, refuseByPolicy } from './denial.ts';
import type { Profile } from './profile.ts';
import { OPEN_PROFILE } from './select-profile.ts';

/** What every request for an upload may ask for. */
interface UploadBounds {
  readonly classId?: number | undefined;
  readonly procedure?: string | undefined;
  readonly storageRegion?: string | undefined;
  readonly limits?: MediaLimits | undefined;
}

interface MediaLimits {
  readonly maxBytes?: number | undefined;
  readonly maxSeconds?: number | undefined;
  readonly mediaTypes?: string[] | undefined;
}

interface SignatureBounds extends UploadBounds {
  readonly taskPriority?: number | undefined;
  /** Seconds; missing where the caller leaves it open. */
  readonly expiresIn?: number | undefined;
  readonly oneTimeValid?: boolean | undefined;
}

interface PullBounds extends UploadBounds {
  readonly tasksPriority?: number | undefined;
  /** Normalised. */
  readonly mediaUrl: string;
  readonly mediaType: string;
  /** Normalised. */
  readonly coverUrl?: string | undefined;
}

/** Priority of a task flow where nobody names one: https://cloud.tencent.com/document/product/266/9221. */
const DEFAULT_PRIORITY = 0;

/**
 * Answers a request for a signature as `profile` lets it be: what the caller leaves open has the bound that holds.
 *
 * @throws {Problem} `policy_denied` that names every rule that the request breaks.
 */
export function boundSignature<Request extends SignatureBounds>(
  profile: Profile,
  request: Request,
): Request {
  // Most callers have this one, and each copy costs as much as the signature itself.
  if (profile === OPEN_PROFILE) return request;
  const { maxExpiresIn, oneTimeRequired } = profile;
  const denials = [
    ...denyCommon(profile, request),
    ...denyPriority(profile, 'taskPriority', request.taskPriority),
    ...denyAbove('expiresIn', 'maxExpiresIn', request.expiresIn, maxExpiresIn),
  ];
  if (oneTimeRequired === true && request.oneTimeValid === false) {
    denials.push({ path: 'oneTimeValid', rule: 'oneTimeRequired', message: 'must be true' });
  }
  if (denials.length > 0) throw refuseByPolicy(denials);
  const taskPriority = fillPriority(profile, request.taskPriority);
  return {
    ...request,
    ...fillCommon(profile, request),
    ...(taskPriority === undefined ? {} : { taskPriority }),
    ...(maxExpiresIn === undefined
      ? {}
      : { expiresIn: request.expiresIn ?? Math.min(DEFAULT_SIGNATURE_SECONDS, maxExpiresIn) }),
    ...(oneTimeRequired === true ? { oneTimeValid: true } : {}),
  };
}

/**
 * Answers a pull as `profile` lets it be.
 *
 * @throws {Problem} `policy_denied` that names every rule that the request breaks.
 */
export function boundPull<Request extends PullBounds>(profile: Profile, request: Request): Request {
  const denials = [
    ...denyCommon(profile, request),
    ...denyPriority(profile, 'tasksPriority', request.tasksPriority),
    ...denyHost(profile, 'mediaUrl', request.mediaUrl),
    ...denyHost(profile, 'coverUrl', request.coverUrl),
    ...denyOutside('mediaType', 'mediaTypes', request.mediaType, profile.mediaTypes),
  ];
  if (denials.length > 0) throw refuseByPolicy(denials);
  const tasksPriority = fillPriority(profile, request.tasksPriority);
  return {
    ...request,
    ...fillCommon(profile, request),
    ...(tasksPriority === undefined ? {} : { tasksPriority }),
  };
}

function denyCommon(profile: Profile, request: UploadBounds): Denial[] {
  const { classId, procedure, storageRegion, limits = {} } = request;
  return [
    ...denyOutside('storageRegion', 'regions', storageRegion, profile.regions),
    ...denyOutside('classId', 'classIds', classId, profile.classIds),
    ...denyOutside('procedure', 'procedures', procedure, profile.procedures),
    ...denyAbove('limits.maxBytes', 'maxBytes', limits.maxBytes, profile.maxBytes),
    ...denyAbove('limits.maxSeconds', 'maxSeconds', limits.maxSeconds, profile.maxSeconds),
    ...denyTypes(limits.mediaTypes, profile.mediaTypes),
  ];
}

function denyTypes(asked: readonly string[] | undefined, allowed: string[] | undefined): Denial[] {
  if (asked === undefined) {
    return denyOutside('limits.mediaTypes', 'mediaTypes', undefined, allowed);
  }
  return asked.flatMap((type, place) =>
    denyOutside(`limits.mediaTypes.${place}`, 'mediaTypes', type, allowed),
  );
}

function denyPriority(
  { taskPriority: { min = -Infinity, max = Infinity } = {} }: Profile,
  path: string,
  asked: number | undefined,
): Denial[] {
  if (min > max) return [{ path, rule: 'taskPriority', message: NOTHING_LEFT }];
  if (asked === undefined || (asked >= min && asked <= max)) return [];
  const least = min === -Infinity ? [] : [`at least ${min}`];
  const most = max === Infinity ? [] : [`at most ${max}`];
  return [{ path, rule: 'taskPriority', message: `must be ${[...least, ...most].join(' and ')}` }];
}

function denyHost({ pullHosts }: Profile, path: string, url: string | undefined): Denial[] {
  if (pullHosts === undefined || url === undefined) return [];
  const { hostname } = new URL(url);
  if (pullHosts.some((pattern) => matchesHost(hostname, pattern))) return [];
  const message = pullHosts.length === 0 ? NOTHING_LEFT : `must be at ${choices(pullHosts)}`;
  return [{ path, rule: 'pullHosts', message }];
}

function denyOutside<Value extends string | number>(
  path: string,
  rule: 'regions' | 'classIds' | 'procedures' | 'mediaTypes',
  asked: Value | undefined,
  allowed: readonly Value[] | undefined,
): Denial[] {
  if (allowed === undefined) return [];
  // Where nobody asks for a task flow, none is started.
  if (asked === undefined && (allowed.length > 0 || rule === 'procedures')) return [];
  if (asked !== undefined && allowed.includes(asked)) return [];
  const message = allowed.length === 0 ? NOTHING_LEFT : `must be ${choices(allowed)}`;
  return [{ path, rule, message }];
}

function denyAbove(
  path: string,
  rule: 'maxBytes' | 'maxSeconds' | 'maxExpiresIn',
  asked: number | undefined,
  allowed: number | undefined,
): Denial[] {
  if (asked === undefined || allowed === undefined || asked <= allowed) return [];
  return [{ path, rule, message: `must be at most ${allowed}` }];
}

const NOTHING_LEFT =
  'cannot be had: what the policy allows and what the token allows have nothing in common';

/** The first of each list holds where the caller leaves it open; a task flow is never started unasked. */
function fillCommon(profile: Profile, { storageRegion, classId, limits }: UploadBounds) {
  const { regions, classIds, maxBytes, maxSeconds, mediaTypes } = profile;
  const bounds = [{ maxBytes, maxSeconds, mediaTypes }, { ...limits }]
    .flatMap((each) => Object.entries(each))
    .filter(([, bound]) => bound !== undefined);
  return {
    ...(regions === undefined ? {} : { storageRegion: storageRegion ?? regions[0] }),
    ...(classIds === undefined ? {} : { classId: classId ?? classIds[0] }),
    ...(bounds.length === 0 ? {} : { limits: Object.fromEntries(bounds) }),
  };
}

/** What nobody names is of the default priority, which may be too low, or too high. */
function fillPriority(
  { taskPriority: { min = -Infinity, max = Infinity } = {} }: Profile,
  asked: number | undefined,
): number | undefined {
  const nearest = Math.max(min, Math.min(max, DEFAULT_PRIORITY));
  return asked ?? (nearest === DEFAULT_PRIORITY ? undefined : nearest);
}

function choices(allowed: readonly (string | number)[]): string {
  return allowed.join(', ').replace(/, ([^,]*)$/, ' or $1');
}
