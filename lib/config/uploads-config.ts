import * as v from 'valibot';
import { type CallerConfig, callerEnvironment, describeCallers } from './caller-config.ts';
import { type DatabaseConfig, databaseEnvironment, describeDatabase } from './database-config.ts';
import { type Environment, readEnvironment } from './environment.ts';

/** Configuration of the `uploads` function. */
export type UploadsConfig = CallerConfig & DatabaseConfig;

const uploadsEnvironment = v.object(databaseEnvironment);

/**
 * Returns the configuration of the `uploads` function.
 *
 * @throws {ConfigError}
 */
export function readUploadsConfig(environment: Environment): UploadsConfig {
  const e = readEnvironment([callerEnvironment, uploadsEnvironment], environment);
  return Object.freeze({ ...describeCallers(e), ...describeDatabase(e) });
}
