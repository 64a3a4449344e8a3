import { describeVodApi, type VodApiConfig, vodCallEnvironment } from '../vod/api-config.ts';
import { type Environment, readEnvironment } from './environment.ts';

/**
 * Returns how VOD is called to ask for progress. Credentials are not checked: without them, nobody asks.
 *
 * @throws {ConfigError}
 */
export function readProgressConfig(environment: Environment): VodApiConfig {
  return describeVodApi(readEnvironment([vodCallEnvironment], environment));
}
