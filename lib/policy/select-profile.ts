import { findClaims, listTexts } from './claim-values.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import type { Profile } from './profile.ts';
import type { Policy } from './settings.ts';

/** What is known about a caller when its profile is chosen. */
export interface PolicySubject {
  readonly scopes: ReadonlySet<string>;
  /** Name of the API key that it sent. */
  readonly keyName?: string | undefined;
  /** Tenant of that key. */
  readonly tenant?: string | undefined;
  /** Claims of the token that it sent. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/** Name of the claim by which a token's issuer narrows the policy. */
export const NARROWING_CLAIM = 'vod';

/** A profile that bounds nothing. */
export const OPEN_PROFILE: Profile = {};

/** Returns the profile that the policy names for `subject`, or one that bounds nothing if it names none. */
export function selectProfile(
  { profiles, select }: Pick<Policy, 'profiles' | 'select'>,
  { scopes, keyName, claims }: PolicySubject,
): Profile {
  const chosen = select.find(
    ({ scope, key, claim }) =>
      (scope === undefined || scopes.has(scope)) &&
      (key === undefined || keyName === key) &&
      (claim === undefined || listTexts(findClaims(claims, claim.name)[0]).includes(claim.value)),
  );
  return profiles[chosen?.profile ?? DEFAULT_PROFILE] ?? OPEN_PROFILE;
}
