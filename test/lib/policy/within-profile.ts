import type { Profile } from '../../../lib/policy/profile.ts';
import type { SignatureRequest } from '../../../lib/validation/signature-request.ts';

type Asked = Pick<SignatureRequest, 'classId' | 'procedure' | 'storageRegion' | 'limits'>;

/** Returns whether the fields of a request are allowed; an absent field always is. */
export function isWithin(
  profile: Profile,
  { classId, procedure, storageRegion, limits }: Asked,
): boolean {
  const allows = (list: readonly unknown[] | undefined, asked: unknown) =>
    list === undefined || asked === undefined || list.includes(asked);
  return (
    allows(profile.classIds, classId) &&
    allows(profile.procedures, procedure) &&
    allows(profile.regions, storageRegion) &&
    (limits?.mediaTypes ?? []).every((type) => allows(profile.mediaTypes, type)) &&
    (limits?.maxBytes ?? 0) <= (profile.maxBytes ?? Infinity) &&
    (limits?.maxSeconds ?? 0) <= (profile.maxSeconds ?? Infinity)
  );
}

/** Returns whether the request has every bound of the profile, as tight as in the profile or tighter. */
export function isFilled(profile: Profile, request: Asked): boolean {
  const { limits } = request;
  return (
    isWithin(profile, request) &&
    (profile.regions === undefined || request.storageRegion !== undefined) &&
    (profile.classIds === undefined || request.classId !== undefined) &&
    (profile.maxBytes === undefined || limits?.maxBytes !== undefined) &&
    (profile.maxSeconds === undefined || limits?.maxSeconds !== undefined) &&
    (profile.mediaTypes === undefined || limits?.mediaTypes !== undefined)
  );
}

/** Returns whether a priority is allowed; an absent one always is. */
export function isInRange({ taskPriority }: Profile, asked: number | undefined): boolean {
  return (
    asked === undefined ||
    (asked >= (taskPriority?.min ?? -10) && asked <= (taskPriority?.max ?? 10))
  );
}
