import * as v from 'valibot';
import type { FieldError } from '../problem.ts';
import { matchesHost } from '../validation/host-pattern.ts';
import { claimSchema, type Profile } from './profile.ts';
import type { Policy } from './settings.ts';

/** What is known of a caller when its profile is chosen. */
export interface PolicySubject {
  readonly scopes: ReadonlySet<string>;
  /** Name of the API key that it came with. */
  readonly keyName?: string | undefined;
  /** Claims of the token that it came with. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/** Name of the claim that narrows the policy. */
const CLAIM = 'vod';

/** Holds for callers that no entry of `select` fits. */
const DEFAULT_PROFILE = 'default';

/** Answers the profile that the policy names for `subject`; an empty one, which bounds nothing, where it names none. */
export function selectProfile({ profiles, select }: Policy, subject: PolicySubject): Profile {
  const chosen = select.find(({ scope, key, claim }) =>
    [
      scope === undefined || subject.scopes.has(scope),
      key === undefined || subject.keyName === key,
      claim === undefined || subject.claims?.[claim.name] === claim.value,
    ].every(Boolean),
  );
  return profiles[chosen?.profile ?? DEFAULT_PROFILE] ?? {};
}

/** The profile of a caller, or what is wrong with its claim. */
type NarrowedProfile =
  | { readonly profile: Profile; readonly errors?: undefined }
  | { readonly errors: readonly FieldError[]; readonly profile?: undefined };

/** Answers `profile` as the caller's claim narrows it; the claim never widens anything. */
export function narrowByClaim(profile: Profile, { claims }: PolicySubject): NarrowedProfile {
  const claim = claims?.[CLAIM];
  if (claim === undefined) return { profile };
  const checked = v.safeParse(claimSchema, claim);
  if (!checked.success) {
    const errors = checked.issues.map((issue) => ({
      path: [CLAIM, v.getDotPath(issue)].filter(Boolean).join('.'),
      message: issue.message,
    }));
    return { errors };
  }
  return { profile: intersect(profile, checked.output) };
}

function intersect(profile: Profile, claim: v.InferOutput<typeof claimSchema>): Profile {
  const { pullHosts = profile.pullHosts } = claim;
  const merged: Profile = {
    ...profile,
    regions: both(profile.regions, claim.regions),
    classIds: both(profile.classIds, claim.classIds),
    procedures: both(profile.procedures, claim.procedures),
    mediaTypes: both(profile.mediaTypes, claim.mediaTypes),
    pullHosts: pullHosts?.filter((host) => isWithinHosts(host, profile.pullHosts)),
    maxExpiresIn: least(profile.maxExpiresIn, claim.maxExpiresIn),
    maxBytes: least(profile.maxBytes, claim.maxBytes),
    maxSeconds: least(profile.maxSeconds, claim.maxSeconds),
    taskPriority: {
      min: most(profile.taskPriority?.min, claim.taskPriority?.min),
      max: least(profile.taskPriority?.max, claim.taskPriority?.max),
    },
    oneTimeRequired: claim.oneTimeRequired ?? profile.oneTimeRequired,
  };
  return merged;
}

/** An empty list allows nothing, and stays. */
function both<T>(a: T[] | undefined, b: T[] | undefined): T[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((item) => b.includes(item));
}

/** Answers whether everything that `host` stands for is in `allowed`. */
function isWithinHosts(host: string, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined || allowed.includes(host)) return true;
  const name = host.startsWith('*.') ? host.slice(2) : host;
  return allowed.some((pattern) => matchesHost(name, pattern));
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
