import { ConfigError } from '../config-error.ts';
import { policyDenied } from './denial.ts';
import type { PolicySubject } from './select-profile.ts';
import type { Policy } from './settings.ts';

/** Name of the callback address's query parameter that says which application its notifications are from. */
export const APPLICATION_PARAMETER = 'subAppId';

/** The service's own application, which is undefined where the configuration names none, and those of the tenants. */
export type Applications = readonly [own: number | undefined, ...tenants: number[]];

/**
 * Returns the applications of VOD that uploads go to: the service's own, which is undefined where the configuration
 * names none, and after it those of the tenants.
 */
export function listApplications(
  { tenants }: Pick<Policy, 'tenants'>,
  own: number | undefined,
): Applications {
  const others = Object.values(tenants?.subAppIds ?? {}).filter((subAppId) => subAppId !== own);
  return [own, ...new Set(others)];
}

/**
 * Returns the service's own application, which has to be named where tenants have others: what is told of one must not
 * pass for what is told of another.
 *
 * @throws {ConfigError} where it is not.
 */
export function requireOwnApplication(
  { tenants }: Pick<Policy, 'tenants'>,
  own: number | undefined,
): number | undefined {
  if (tenants === undefined || own !== undefined) return own;
  const message =
    'must be set where there are tenants: to the application that belongs to no tenant, or to the number of the main one';
  throw new ConfigError([{ variable: 'VOD_SUB_APP_ID', message }]);
}

/**
 * Returns the application of a caller's tenant; undefined where there are no tenants. Nobody falls back to the service's
 * own application: where there are tenants, it has to be one's by name.
 *
 * @throws {Problem} `policy_denied` where the caller belongs to no known tenant.
 */
export function findTenantApplication(
  { tenants }: Pick<Policy, 'tenants'>,
  { tenant, claims = {} }: PolicySubject,
): number | undefined {
  if (tenants === undefined) return undefined;
  const { claim, subAppIds } = tenants;
  const name = tenant ?? (Object.hasOwn(claims, claim) ? claims[claim] : undefined);
  if (typeof name === 'string' && Object.hasOwn(subAppIds, name)) return subAppIds[name];
  const message = 'must name a tenant of this service';
  throw policyDenied([{ path: claim, rule: 'tenants', message }]);
}
