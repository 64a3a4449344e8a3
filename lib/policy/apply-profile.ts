import { matchesHost } from '../validation/host-pattern.ts';
import { DEFAULT_SIGNATURE_SECONDS } from '../validation/limits.ts';
import type { Profile } from './profile.ts';

/** One thing that the policy does not let a caller have. */
export interface Denial {
  /** Field of the request. */
  readonly path: string;
  /** Name of the bound in the policy. */
  readonly rule: keyof Profile;
  /** What would be allowed. */
  readonly message: string;
}

/** What every request for an upload may ask for. */
interface BoundedRequest {
  readonly classId?: number | undefined;
  readonly procedure?: string | undefined;
  readonly storageRegion?: string | undefined;
  readonly limits?: MediaLimits | undefined;
}

interface MediaLimits {
  readonly maxBytes?: number | undefined;
  readonly maxSeconds?: number | undefined;
  readonly mediaTypes?: readonly string[] | undefined;
}

interface SignatureBounds extends BoundedRequest {
  readonly taskPriority?: number | undefined;
  /** Seconds; missing where the caller leaves it open. */
  readonly expiresIn?: number | undefined;
  readonly oneTimeValid?: boolean | undefined;
}

interface PullBounds extends BoundedRequest {
  readonly tasksPriority?: number | undefined;
  readonly mediaUrl: string;
  readonly mediaType: string;
}

/** A request as the policy leaves it, and what it denies. */
export interface Applied<Request> {
  /** With every bound filled in that the caller left open. */
  readonly request: Request;
  /** None where the request is allowed. */
  readonly denials: readonly Denial[];
}

/** Answers a request for a signature as `profile` lets it be. */
export function boundSignature<Request extends SignatureBounds>(
  profile: Profile,
  request: Request,
): Applied<Request & { readonly expiresIn: number }> {
  const { maxExpiresIn, oneTimeRequired } = profile;
  const { expiresIn, oneTimeValid } = request;
  const denials = [
    ...denyCommon(profile, request),
    ...denyPriority(profile, 'taskPriority', request.taskPriority),
  ];
  if (maxExpiresIn !== undefined && expiresIn !== undefined && expiresIn > maxExpiresIn) {
    denials.push({
      ...{ path: 'expiresIn', rule: 'maxExpiresIn' },
      message: `must be at most ${maxExpiresIn} seconds`,
    });
  }
  if (oneTimeRequired === true && oneTimeValid === false) {
    denials.push({ path: 'oneTimeValid', rule: 'oneTimeRequired', message: 'must be true' });
  }
  return {
    request: {
      ...fillCommon(profile, request),
      expiresIn: expiresIn ?? Math.min(DEFAULT_SIGNATURE_SECONDS, maxExpiresIn ?? Infinity),
      ...(oneTimeRequired === true ? { oneTimeValid: true } : {}),
    },
    denials,
  };
}

/** Answers a pull as `profile` lets it be. */
export function boundPull<Request extends PullBounds>(
  profile: Profile,
  request: Request,
): Applied<Request> {
  const { pullHosts, mediaTypes } = profile;
  const denials = [
    ...denyCommon(profile, request),
    ...denyPriority(profile, 'tasksPriority', request.tasksPriority),
  ];
  const { hostname } = new URL(request.mediaUrl);
  if (pullHosts !== undefined && !pullHosts.some((pattern) => matchesHost(hostname, pattern))) {
    denials.push({
      ...{ path: 'mediaUrl', rule: 'pullHosts' },
      message: `must be at ${choices(pullHosts)}`,
    });
  }
  if (mediaTypes !== undefined && !mediaTypes.includes(request.mediaType.toLowerCase())) {
    denials.push({
      ...{ path: 'mediaType', rule: 'mediaTypes' },
      message: `must be ${choices(mediaTypes)}`,
    });
  }
  return { request: fillCommon(profile, request), denials };
}

function denyCommon(profile: Profile, request: BoundedRequest): Denial[] {
  const { classId, procedure, storageRegion, limits } = request;
  return [
    ...denyOutside('storageRegion', 'regions', storageRegion, profile.regions),
    ...denyOutside('classId', 'classIds', classId, profile.classIds),
    ...denyOutside('procedure', 'procedures', procedure, profile.procedures),
    ...denyAbove('maxBytes', limits?.maxBytes, profile.maxBytes),
    ...denyAbove('maxSeconds', limits?.maxSeconds, profile.maxSeconds),
    ...(limits?.mediaTypes ?? [undefined]).flatMap((type, place) =>
      denyOutside(`limits.mediaTypes.${place}`, 'mediaTypes', type, profile.mediaTypes),
    ),
  ];
}

function denyPriority(
  { taskPriority: { min = -Infinity, max = Infinity } = {} }: Profile,
  path: string,
  asked: number | undefined,
): Denial[] {
  if (asked === undefined || (asked >= min && asked <= max)) return [];
  const least = min === -Infinity ? [] : [`at least ${min}`];
  const most = max === Infinity ? [] : [`at most ${max}`];
  return [{ path, rule: 'taskPriority', message: `must be ${[...least, ...most].join(' and ')}` }];
}

function denyOutside<Value extends string | number>(
  path: string,
  rule: 'regions' | 'classIds' | 'procedures' | 'mediaTypes',
  asked: Value | undefined,
  allowed: readonly Value[] | undefined,
): Denial[] {
  if (allowed === undefined || (asked !== undefined && allowed.includes(asked))) return [];
  // Left open, the first that is allowed holds; where policy and token have none in common, nothing does.
  if (asked === undefined && (allowed.length > 0 || rule === 'procedures')) return [];
  return [{ path, rule, message: `must be ${choices(allowed)}` }];
}

/** Limits may only be tightened. */
function denyAbove(
  rule: 'maxBytes' | 'maxSeconds',
  asked: number | undefined,
  allowed: number | undefined,
): Denial[] {
  if (asked === undefined || allowed === undefined || asked <= allowed) return [];
  return [{ path: `limits.${rule}`, rule, message: `must be at most ${allowed}` }];
}

/** The first of each list is what holds where the caller leaves it open; a procedure is never started unasked. */
function fillCommon<Request extends BoundedRequest>(profile: Profile, request: Request): Request {
  const { regions, classIds, maxBytes, maxSeconds, mediaTypes } = profile;
  const limits = [{ maxBytes, maxSeconds, mediaTypes }, { ...request.limits }]
    .flatMap((bounds) => Object.entries(bounds))
    .filter(([, value]) => value !== undefined);
  return {
    ...request,
    ...(regions === undefined ? {} : { storageRegion: request.storageRegion ?? regions[0] }),
    ...(classIds === undefined ? {} : { classId: request.classId ?? classIds[0] }),
    ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
  };
}

function choices(allowed: readonly (string | number)[]): string {
  return allowed.length === 0
    ? 'something that policy and token both allow, and there is nothing'
    : allowed.join(', ').replace(/, ([^,]*)$/, ' or $1');
}
