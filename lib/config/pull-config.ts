import * as v from 'valibot';
import { explainHostPattern } from '../validation/host-pattern.ts';
import type { UrlPolicy } from '../validation/public-url.ts';
import { describeVodApi, type VodApiConfig, vodApiEnvironment } from '../vod/api-config.ts';
import { type CallerConfig, callerEnvironment, describeCallers } from './caller-config.ts';
import { contextEnvironment, describeContexts } from './context-config.ts';
import { type DatabaseConfig, databaseEnvironment, describeDatabase } from './database-config.ts';
import { type Environment, portList, readEnvironment, splitList } from './environment.ts';

/** Configuration of the `pull` function. */
export interface PullConfig extends CallerConfig, DatabaseConfig {
  readonly vodApi: VodApiConfig;
  /** Key for the MAC of source contexts. */
  readonly contextKey: string;
  /** Hosts and ports from which media may be pulled. */
  readonly urlPolicy: UrlPolicy;
}

const pullEnvironment = [
  callerEnvironment,
  ...vodApiEnvironment,
  contextEnvironment,
  v.object({
    ...databaseEnvironment,
    PULL_HOSTS: v.optional(
      v.pipe(
        v.string(),
        v.transform(splitList),
        v.minLength(1, 'must name a host; leave it out to allow every public one'),
        v.everyItem(
          (pattern) => explainHostPattern(pattern) === undefined,
          'must be a comma-separated list of host names, such as media.example.com or *.example.com',
        ),
      ),
    ),
    PULL_PORTS: v.optional(portList),
  }),
] as const;

/**
 * Returns the configuration of the `pull` function. It also checks that there are credentials, which are read again for
 * every call.
 *
 * @throws {ConfigError}
 */
export function readPullConfig(environment: Environment): PullConfig {
  const e = readEnvironment(pullEnvironment, environment);
  return Object.freeze({
    ...describeCallers(e),
    vodApi: describeVodApi(e),
    contextKey: describeContexts(e).keys[0],
    urlPolicy: { hosts: e.PULL_HOSTS, ports: e.PULL_PORTS },
    ...describeDatabase(e),
  });
}
