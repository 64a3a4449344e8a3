import { ConfigError } from '../config/environment.ts';
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

/**
 * Answers the service's own application, which has to be named where tenants have others: what is told of one must not
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
    "must be set where there are tenants: to the application that is nobody's, or to the number of the main one";
  throw new ConfigError([{ variable: 'VOD_SUB_APP_ID', message }]);
}
