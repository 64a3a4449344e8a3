import type { Profile } from './profile.ts';
import { NARROWING_CLAIM, type PolicySubject, selectProfile } from './select-profile.ts';
import type { Policy } from './settings.ts';

/**
 * Answers what the policy leaves a caller.
 *
 * @throws {Problem} `policy_denied` where the caller's own claim is not well-formed.
 */
export type PermitCaller = (caller: PolicySubject) => Profile | Promise<Profile>;

/** Answers how `policy` is read for callers; what it leaves one is found out once, as long as that one is remembered. */
export function createPermit(policy: Policy): PermitCaller {
  const known = new WeakMap<PolicySubject, Profile>();
  return (caller) => {
    const permitted = known.get(caller);
    if (permitted !== undefined) return permitted;
    const keep = (profile: Profile): Profile => {
      known.set(caller, profile);
      return profile;
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
