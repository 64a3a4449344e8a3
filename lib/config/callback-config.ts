import * as v from 'valibot';
import { MAX_SIGN_KEY_CHARACTERS } from '../signing/secrets.ts';
import { isoTime } from '../validation/fields.ts';
import { describeVodApi, type VodApiConfig, vodApiEnvironment } from '../vod/api-config.ts';
import type { DeliveryConfig } from '../webhooks/create-targets.ts';
import { type ContextConfig, contextEnvironment, describeContexts } from './context-config.ts';
import { type DatabaseConfig, databaseEnvironment, describeDatabase } from './database-config.ts';
import { readDeliveryConfig } from './delivery-config.ts';
import { type Environment, given, readEnvironment, splitList } from './environment.ts';

/** Configuration of the `callback` function. */
export interface CallbackConfig extends DatabaseConfig {
  /** Several while a key is being replaced. */
  readonly signKeys: readonly string[];
  /**
   * Unix seconds until which tenants' applications may sign with the key of the service's own, as they did in earlier
   * versions; undefined if they may not.
   */
  readonly sharedKeyUntil?: number | undefined;
  /** How the contexts of uploads are verified. */
  readonly contexts: ContextConfig;
  /** API with which notifications are confirmed. */
  readonly vodApi: VodApiConfig;
  /** Targets of messages. */
  readonly delivery: DeliveryConfig;
}

const SIGN_KEY = /^[A-Za-z0-9]+$/;

const signKeyEnvironment = v.object({
  CALLBACK_SIGN_KEYS: v.pipe(
    given,
    v.transform(splitList),
    v.minLength(1, 'must not be empty'),
    v.everyItem(
      (key) => SIGN_KEY.test(key) && key.length <= MAX_SIGN_KEY_CHARACTERS,
      `must be a comma-separated list of keys of 1 to ${MAX_SIGN_KEY_CHARACTERS} letters and digits`,
    ),
  ),
  CALLBACK_SHARED_SIGN_KEY_UNTIL: v.optional(isoTime),
});

const callbackEnvironment = [
  ...vodApiEnvironment,
  contextEnvironment,
  signKeyEnvironment,
  v.object(databaseEnvironment),
] as const;

/**
 * Returns `CALLBACK_SIGN_KEYS`, the one in use first.
 *
 * @throws {ConfigError}
 */
export function readSignKeys(environment: Environment): readonly string[] {
  return readEnvironment([signKeyEnvironment], environment).CALLBACK_SIGN_KEYS;
}

/**
 * Returns the configuration of the `callback` function. It also checks that there are credentials, which are read again
 * for every call.
 *
 * @throws {ConfigError}
 */
export function readCallbackConfig(environment: Environment): CallbackConfig {
  const e = readEnvironment(callbackEnvironment, environment);
  return Object.freeze({
    signKeys: e.CALLBACK_SIGN_KEYS,
    sharedKeyUntil: e.CALLBACK_SHARED_SIGN_KEY_UNTIL,
    contexts: describeContexts(e),
    vodApi: describeVodApi(e),
    ...describeDatabase(e),
    delivery: readDeliveryConfig(environment),
  });
}
