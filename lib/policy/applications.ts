import { ConfigError } from '../config-error.ts';
import { findClaims, listTexts } from './claim-values.ts';
import { policyDenied } from './denial.ts';
import type { PolicySubject } from './select-profile.ts';
import type { Policy } from './settings.ts';

/** Query parameter of the callback address that names the application from which its notifications come. */
export const APPLICATION_PARAMETER = 'subAppId';

/** The service's own application, which is undefined if the configuration names none, and those of the tenants. */
export type Applications = readonly [own: number | undefined, ...tenants: number[]];

/**
 * Returns the applications of VOD that uploads go to: the service's own, which is undefined if the configuration names
 * none, followed by those of the tenants.
 */
export function listApplications(
  { tenants }: Pick<Policy, 'tenants'>,
  own: number | undefined,
): Applications {
  const others = Object.values(tenants?.subAppIds ?? {}).filter((subAppId) => subAppId !== own);
  return [own, ...new Set(others)];
}

/**
 * Returns the service's own application. It must be named if there are tenants: what VOD reports about one application
 * must not be mistaken for a report about another.
 *
 * @throws {ConfigError} if it is missing and there are tenants.
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
 * Returns the application of a caller's tenant; undefined if there are no tenants. A caller never falls back to the
 * service's own application: if there are tenants, that application must have a tenant's name too.
 *
 * @throws {Problem} `policy_denied` if the caller belongs to no known tenant, or to several.
 */
export function findTenantApplication(
  { tenants }: Pick<Policy, 'tenants'>,
  { tenant, claims }: PolicySubject,
): number | undefined {
  if (tenants === undefined) return undefined;
  const { claim, subAppIds } = tenants;
  const named = tenant === undefined ? findClaims(claims, claim).flatMap(listTexts) : [tenant];
  const [name, ...others] = new Set(named.filter((each) => Object.hasOwn(subAppIds, each)));
  if (name !== undefined && others.length === 0) return subAppIds[name];
  const message = `must name ${name === undefined ? 'a' : 'only one'} tenant of this service`;
  throw policyDenied([{ path: claim, rule: 'tenants', message }]);
}
