import * as v from 'valibot';
import { matchesHost } from '../validation/host-pattern.ts';
import { dropNulls, isJsonObject } from '../validation/json-object.ts';
import { type Denial, policyDenied } from './denial.ts';
import { claimSchema, type Profile } from './profile.ts';
import { NARROWING_CLAIM } from './select-profile.ts';

/**
 * Returns `profile` narrowed by the claim `vod`, which never widens anything.
 *
 * @throws {Problem} `policy_denied` if the claim is malformed: what it was to deny the caller is unknown, so everything
 * is denied.
 */
export function narrowByClaim(profile: Profile, claim: unknown): Profile {
  const checked = v.safeParse(claimSchema, dropNullMembers(claim));
  if (checked.success) return intersect(profile, checked.output);
  const denials = checked.issues.map(
    (issue): Denial => ({
      path: [NARROWING_CLAIM, v.getDotPath(issue)].filter(Boolean).join('.'),
      rule: 'claim',
      message: issue.message,
    }),
  );
  throw policyDenied(denials);
}

/** Returns a claim without members that are null, which bound nothing, as in other claims and in bodies. */
function dropNullMembers(claim: unknown): unknown {
  if (!isJsonObject(claim)) return claim;
  const { taskPriority } = claim;
  return dropNulls(
    isJsonObject(taskPriority) ? { ...claim, taskPriority: dropNulls(taskPriority) } : claim,
  );
}

function intersect(profile: Profile, claim: v.InferOutput<typeof claimSchema>): Profile {
  return {
    ...profile,
    regions: both(profile.regions, claim.regions),
    classIds: both(profile.classIds, claim.classIds),
    procedures: both(profile.procedures, claim.procedures),
    mediaTypes: both(profile.mediaTypes, claim.mediaTypes),
    pullHosts: bothHosts(profile.pullHosts, claim.pullHosts),
    maxExpiresIn: least(profile.maxExpiresIn, claim.maxExpiresIn),
    maxBytes: least(profile.maxBytes, claim.maxBytes),
    maxSeconds: least(profile.maxSeconds, claim.maxSeconds),
    taskPriority: {
      min: most(profile.taskPriority?.min, claim.taskPriority?.min),
      max: least(profile.taskPriority?.max, claim.taskPriority?.max),
    },
    oneTimeRequired: claim.oneTimeRequired ?? profile.oneTimeRequired,
  };
}

/** An empty list allows nothing, so it is not the same as a missing one. */
function both<T>(a: T[] | undefined, b: T[] | undefined): T[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((item) => b.includes(item));
}

/** Two patterns together allow what the narrower one allows, which the wider one matches as if it were a host. */
function bothHosts(a: string[] | undefined, b: string[] | undefined): string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const narrower = [
    ...a.filter((host) => b.some((pattern) => matchesHost(host, pattern))),
    ...b.filter((host) => a.some((pattern) => matchesHost(host, pattern))),
  ];
  return [...new Set(narrower)];
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
