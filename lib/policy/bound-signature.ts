import { defined } from '../validation/json-object.ts';
import { DEFAULT_SIGNATURE_SECONDS } from '../validation/limits.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';
import { policyDenied } from './denial.ts';
import { denyAbove, denyCommon, denyPriority, fillCommon, fillPriority } from './permit-caller.ts';
import type { Profile } from './profile.ts';

/**
 * Returns a request for a signature within the bounds of `profile`, which also fill in what the caller left open.
 *
 * @throws {Problem} `policy_denied` that names every rule that the request breaks.
 */
export function boundSignature(profile: Profile, request: SignatureRequest): SignatureRequest {
  const { maxExpiresIn, oneTimeRequired } = profile;
  const denials = [
    ...denyCommon(profile, request),
    ...denyPriority(profile, 'taskPriority', request.taskPriority),
    ...denyAbove('expiresIn', 'maxExpiresIn', request.expiresIn, maxExpiresIn),
  ];
  if (oneTimeRequired === true && request.oneTimeValid === false) {
    denials.push({ path: 'oneTimeValid', rule: 'oneTimeRequired', message: 'must be true' });
  }
  if (denials.length > 0) throw policyDenied(denials);
  const taskPriority = fillPriority(profile, request.taskPriority);
  return {
    ...request,
    ...fillCommon(profile, request),
    ...defined({
      taskPriority,
      expiresIn:
        maxExpiresIn && (request.expiresIn ?? Math.min(DEFAULT_SIGNATURE_SECONDS, maxExpiresIn)),
      oneTimeValid: oneTimeRequired || undefined,
    }),
  };
}
