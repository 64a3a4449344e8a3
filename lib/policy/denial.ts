import { type FieldError, Problem } from '../problem.ts';
import type { Profile } from './profile.ts';

/** One thing that the policy denies a caller; the message says what it would allow. */
export interface Denial extends FieldError {
  /** Name of the bound in the policy; `claim` if the token's own claim is not well-formed. */
  readonly rule: keyof Profile | 'tenants' | 'claim';
}

/** Returns the problem of a request that the policy denies, with all reasons together. */
export function policyDenied(denials: readonly Denial[]): Problem {
  const [first, ...rest] = denials.map(({ path, message }) => `"${path}" ${message}`);
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return new Problem(`The policy does not allow the request: ${first}${more}`, {
    code: 'policy_denied',
    errors: denials,
  });
}
