import { DEFAULT_SIGNATURE_SECONDS } from '../validation/limits.ts';
import {
  denyAbove,
  denyCommon,
  denyPriority,
  fillCommon,
  fillPriority,
  type UploadBounds,
} from './apply-profile.ts';
import { policyDenied } from './denial.ts';
import type { Profile } from './profile.ts';

interface SignatureBounds extends UploadBounds {
  readonly taskPriority?: number | undefined;
  /** Seconds; missing where the caller leaves it open. */
  readonly expiresIn?: number | undefined;
  readonly oneTimeValid?: boolean | undefined;
}

/**
 * Returns a request for a signature as `profile` lets it be: what the caller leaves open has the bound that holds.
 *
 * @throws {Problem} `policy_denied` that names every rule that the request breaks.
 */
export function boundSignature<Request extends SignatureBounds>(
  profile: Profile,
  request: Request,
): Request {
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
    ...(taskPriority === undefined ? {} : { taskPriority }),
    ...(maxExpiresIn === undefined
      ? {}
      : { expiresIn: request.expiresIn ?? Math.min(DEFAULT_SIGNATURE_SECONDS, maxExpiresIn) }),
    ...(oneTimeRequired === true ? { oneTimeValid: true } : {}),
  };
}
