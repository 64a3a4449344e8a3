import { matchesHost } from '../validation/host-pattern.ts';
import { defined } from '../validation/json-object.ts';
import type { PullRequest } from '../validation/pull-request.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';
import { findTenantApplication } from './applications.ts';
import { type Denial, policyDenied } from './denial.ts';
import type { Profile } from './profile.ts';
import { NARROWING_CLAIM, type PolicySubject, selectProfile } from './select-profile.ts';
import type { Policy } from './settings.ts';

/** What the policy allows one caller. */
export interface Permit {
  readonly profile: Profile;
  /** Application of VOD of the caller's tenant; undefined if there are no tenants. */
  readonly subAppId: number | undefined;
}

/**
 * Returns what the policy allows a caller.
 *
 * @throws {Problem} `policy_denied` if the caller belongs to no known tenant, or its claim is not well-formed.
 */
export type PermitCaller = (caller: PolicySubject) => Permit | Promise<Permit>;

/** Creates the function that applies `policy` to callers; a result is cached as long as the caller's object exists. */
export function createPermit(policy: Policy): PermitCaller {
  const known = new WeakMap<PolicySubject, Permit>();
  return (caller) => {
    const permit = known.get(caller);
    if (permit !== undefined) return permit;
    const subAppId = findTenantApplication(policy, caller);
    const keep = (profile: Profile): Permit => {
      const fresh = { profile, subAppId };
      known.set(caller, fresh);
      return fresh;
    };
    const profile = selectProfile(policy, caller);
    const claim = caller.claims?.[NARROWING_CLAIM] ?? undefined;
    return claim === undefined ? keep(profile) : narrow(profile, claim).then(keep);
  };
}

async function narrow(profile: Profile, claim: unknown): Promise<Profile> {
  // Few tokens have the claim, and its schema is as large as everything else here, so it is loaded only when needed.
  const { narrowByClaim } = await import('./narrow-by-claim.ts');
  return narrowByClaim(profile, claim);
}

/** What every request for an upload may ask for. */
export type UploadBounds = Pick<
  SignatureRequest,
  'classId' | 'procedure' | 'storageRegion' | 'limits'
>;

/** Priority of a task flow if none is given: https://cloud.tencent.com/document/product/266/9221. */
const DEFAULT_PRIORITY = 0;

/**
 * Returns a pull within the bounds of `profile`.
 *
 * @throws {Problem} `policy_denied` that names every rule that the request breaks.
 */
export function boundPull(profile: Profile, request: PullRequest): PullRequest {
  const denials = [
    ...denyCommon(profile, request),
    ...denyPriority(profile, 'tasksPriority', request.tasksPriority),
    ...denyHost(profile, 'mediaUrl', request.mediaUrl),
    ...denyHost(profile, 'coverUrl', request.coverUrl),
    ...denyOutside('mediaType', 'mediaTypes', request.mediaType, profile.mediaTypes),
  ];
  if (denials.length > 0) throw policyDenied(denials);
  const tasksPriority = fillPriority(profile, request.tasksPriority);
  return {
    ...request,
    ...fillCommon(profile, request),
    ...defined({ tasksPriority }),
  };
}

/** Returns what `profile` denies of the fields that every request may have. */
export function denyCommon(profile: Profile, request: UploadBounds): Denial[] {
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

/** Returns the denial of the requested priority by `profile`, if there is one. */
export function denyPriority(
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
  // A task flow that is not requested is not started.
  if (asked === undefined && (allowed.length > 0 || rule === 'procedures')) return [];
  if (asked !== undefined && allowed.includes(asked)) return [];
  const message = allowed.length === 0 ? NOTHING_LEFT : `must be ${choices(allowed)}`;
  return [{ path, rule, message }];
}

/** Returns the denial of a number that is above the allowed one. */
export function denyAbove(
  path: string,
  rule: 'maxBytes' | 'maxSeconds' | 'maxExpiresIn',
  asked: number | undefined,
  allowed: number | undefined,
): Denial[] {
  if (asked === undefined || allowed === undefined || asked <= allowed) return [];
  return [{ path, rule, message: `must be at most ${allowed}` }];
}

const NOTHING_LEFT =
  'has no allowed value: what the policy allows and what the token allows have nothing in common';

/**
 * Returns the fields within the bounds of `profile`; the first entry of a list is the default. There is no default for
 * the task flow: none is started unless it is requested.
 */
export function fillCommon(profile: Profile, { storageRegion, classId, limits }: UploadBounds) {
  const { regions, classIds, maxBytes, maxSeconds, mediaTypes } = profile;
  const bounds = [{ maxBytes, maxSeconds, mediaTypes }, { ...limits }]
    .flatMap((each) => Object.entries(each))
    .filter(([, bound]) => bound !== undefined);
  return {
    ...defined({
      storageRegion: regions && (storageRegion ?? regions[0]),
      classId: classIds && (classId ?? classIds[0]),
    }),
    ...(bounds.length === 0 ? {} : { limits: Object.fromEntries(bounds) }),
  };
}

/** Returns the requested priority, or the allowed one nearest to the default; undefined for the default itself. */
export function fillPriority(
  { taskPriority: { min = -Infinity, max = Infinity } = {} }: Profile,
  asked: number | undefined,
): number | undefined {
  const nearest = Math.max(min, Math.min(max, DEFAULT_PRIORITY));
  return asked ?? (nearest === DEFAULT_PRIORITY ? undefined : nearest);
}

function choices(allowed: readonly (string | number)[]): string {
  return allowed.join(', ').replace(/, ([^,]*)$/, ' or $1');
}
