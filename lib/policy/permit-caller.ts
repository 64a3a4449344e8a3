import { findTenantApplication } from './applications.ts';
import type { Profile } from './profile.ts';
import { NARROWING_CLAIM, type PolicySubject, selectProfile } from './select-profile.ts';
import type { Policy } from './settings.ts';

/** What the policy leaves one caller. */
export interface Permit {
  readonly profile: Profile;
  /** Application of VOD of the caller's tenant; undefined where there are no tenants. */
  readonly subAppId: number | undefined;
}

/**
 * Returns what the policy leaves a caller.
 *
 * @throws {Problem} `policy_denied` where the caller belongs to no known tenant, or its claim is not well-formed.
 */
export type PermitCaller = (caller: PolicySubject) => Permit | Promise<Permit>;

/** Returns how `policy` is read for callers; what it leaves one is found out once, as long as that one is remembered. */
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
    const claim = caller.claims?.[NARROWING_CLAIM];
    return claim === undefined ? keep(profile) : narrow(profile, claim).then(keep);
  };
}

async function narrow(profile: Profile, claim: unknown): Promise<Profile> {
  // Few tokens have the claim, and its schema is as large as everything else here.
  const { narrowByClaim } = await import('./narrow-by-claim.ts');
  return narrowByClaim(profile, claim);
}
