import * as v from 'valibot';
import { type CallerConfig, callerEnvironment, describeCallers } from './caller-config.ts';
import { databaseUrl } from './database-config.ts';
import { type Environment, readEnvironmentTwice } from './environment.ts';

/** Configuration of the `uploads` function. */
export interface UploadsConfig extends CallerConfig {
  /** Database of the ledger, where there is one. */
  readonly databaseUrl: string | undefined;
}

const uploadsEnvironment = v.object({ DATABASE_URL: v.optional(databaseUrl) });

/**
 * Answers the configuration of the `uploads` function.
 *
 * @throws {ConfigError}
 */
export function readUploadsConfig(environment: Environment): UploadsConfig {
  const e = readEnvironmentTwice(callerEnvironment, uploadsEnvironment, environment);
  return Object.freeze({ ...describeCallers(e), databaseUrl: e.DATABASE_URL });
}
