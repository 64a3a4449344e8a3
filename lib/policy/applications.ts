import type { Policy } from './settings.ts';

/** Name of the callback address's query parameter that says which application its notifications are from. */
export const APPLICATION_PARAMETER = 'subAppId';

/**
 * Answers the applications of VOD that uploads go to: the service's own, which is undefined where the configuration
 * names none, and after it those of the tenants.
 */
export function listApplications(
  { tenants }: Pick<Policy, 'tenants'>,
  own: number | undefined,
): readonly [own: number | undefined, ...tenants: number[]] {
  const others = new Set(Object.values(tenants?.subAppIds ?? {}));
  if (own !== undefined) others.delete(own);
  return [own, ...others];
}
