import { createSecretKey, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { subAppId } from '../validation/fields.ts';
import { type CallerConfig, callerEnvironment, describeCallers } from './caller-config.ts';
import { databaseUrl } from './database-config.ts';
import { type Environment, given, readEnvironmentTwice } from './environment.ts';

/** Configuration of the `signature` function. */
export interface SignatureConfig extends CallerConfig {
  readonly secretId: string;
  readonly secretKey: KeyObject;
  /** Key before the last rotation: it signs nothing, and uploads begun under it still go on. */
  readonly previousSecretKey: KeyObject | undefined;
  readonly subAppId: number | undefined;
  /** Database of the ledger, where there is one. */
  readonly databaseUrl: string | undefined;
}

const secretKey = v.pipe(
  given,
  v.transform((key) => createSecretKey(Buffer.from(key))),
);

const signatureEnvironment = v.object({
  VOD_SECRET_ID: given,
  VOD_SECRET_KEY: secretKey,
  VOD_PREVIOUS_SECRET_KEY: v.optional(secretKey),
  VOD_SUB_APP_ID: v.optional(subAppId),
  DATABASE_URL: v.optional(databaseUrl),
});

/**
 * Answers the configuration of the `signature` function.
 *
 * @throws {ConfigError}
 */
export function readSignatureConfig(environment: Environment): SignatureConfig {
  const e = readEnvironmentTwice(callerEnvironment, signatureEnvironment, environment);
  return Object.freeze({
    ...describeCallers(e),
    secretId: e.VOD_SECRET_ID,
    secretKey: e.VOD_SECRET_KEY,
    previousSecretKey: e.VOD_PREVIOUS_SECRET_KEY,
    subAppId: e.VOD_SUB_APP_ID,
    databaseUrl: e.DATABASE_URL,
  });
}
