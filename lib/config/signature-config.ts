import { createSecretKey, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { deriveContextKey } from '../model/source-context.ts';
import { subAppId } from '../validation/fields.ts';
import { type CallerConfig, callerEnvironment, describeCallers } from './caller-config.ts';
import { sourceContextKeys } from './context-config.ts';
import { type DatabaseConfig, databaseEnvironment, describeDatabase } from './database-config.ts';
import { type Environment, given, readEnvironment } from './environment.ts';

/** Configuration of the `signature` function. */
export interface SignatureConfig extends CallerConfig, DatabaseConfig {
  readonly secretId: string;
  readonly secretKey: KeyObject;
  /** Key before the last rotation: it signs nothing, but uploads that began under it can continue. */
  readonly previousSecretKey: KeyObject | undefined;
  /** Key for the MAC of source contexts. */
  readonly contextKey: string;
  readonly subAppId: number | undefined;
}

const secretId = v.pipe(given, v.regex(/^[\w-]*$/, 'must be a SecretId: letters and digits'));

const secretKey = v.pipe(
  given,
  // Everyone who gets a signature can read the id in it.
  v.regex(/^(?![AI]KID)[\w+/=-]*$/, 'must be a SecretKey, not a SecretId: letters and digits'),
  v.transform((key) => createSecretKey(Buffer.from(key))),
);

const signatureEnvironment = v.object({
  VOD_SECRET_ID: secretId,
  VOD_SECRET_KEY: secretKey,
  VOD_PREVIOUS_SECRET_KEY: v.optional(secretKey),
  SOURCE_CONTEXT_KEYS: v.optional(sourceContextKeys),
  VOD_SUB_APP_ID: v.optional(subAppId),
  ...databaseEnvironment,
});

/**
 * Returns the configuration of the `signature` function.
 *
 * @throws {ConfigError}
 */
export function readSignatureConfig(environment: Environment): SignatureConfig {
  const e = readEnvironment([callerEnvironment, signatureEnvironment], environment);
  return Object.freeze({
    ...describeCallers(e),
    secretId: e.VOD_SECRET_ID,
    secretKey: e.VOD_SECRET_KEY,
    previousSecretKey: e.VOD_PREVIOUS_SECRET_KEY,
    contextKey: deriveContextKey(e.SOURCE_CONTEXT_KEYS?.[0] ?? e.VOD_SECRET_KEY),
    subAppId: e.VOD_SUB_APP_ID,
    ...describeDatabase(e),
  });
}
