import * as v from 'valibot';
import { describeVodApi, type VodApiConfig, vodApiEnvironment } from '../vod/api-config.ts';
import { type ContextConfig, contextEnvironment, describeContexts } from './context-config.ts';
import { type DatabaseConfig, databaseEnvironment, describeDatabase } from './database-config.ts';
import { type DeliveryConfig, readDeliveryConfig } from './delivery-config.ts';
import { type Environment, given, readEnvironment, splitList } from './environment.ts';

/** Configuration of the `callback` function. */
export interface CallbackConfig extends DatabaseConfig {
  /** Several while a key is being replaced. */
  readonly signKeys: readonly string[];
  /** How the contexts of uploads are proven. */
  readonly contexts: ContextConfig;
  /** Where notifications are confirmed. */
  readonly vodApi: VodApiConfig;
  /** Who is told of events. */
  readonly delivery: DeliveryConfig;
}

const callbackEnvironment = v.intersect([
  vodApiEnvironment,
  contextEnvironment,
  v.object({
    ...databaseEnvironment,
    CALLBACK_SIGN_KEYS: v.pipe(
      given,
      v.transform(splitList),
      v.minLength(1, 'must not be empty'),
      // https://cloud.tencent.com/document/product/266/33779: letters and digits, 32 at most.
      v.everyItem(
        (key) => /^[A-Za-z0-9]{1,32}$/.test(key),
        'must be a comma-separated list of keys of 1 to 32 letters and digits',
      ),
    ),
  }),
]);

/**
 * Answers the configuration of the `callback` function. It also makes sure that there are credentials, which are read
 * anew for every call.
 *
 * @throws {ConfigError}
 */
export function readCallbackConfig(environment: Environment): CallbackConfig {
  const e = readEnvironment(callbackEnvironment, environment);
  return Object.freeze({
    signKeys: e.CALLBACK_SIGN_KEYS,
    contexts: describeContexts(e),
    vodApi: describeVodApi(e),
    ...describeDatabase(e),
    delivery: readDeliveryConfig(environment),
  });
}
