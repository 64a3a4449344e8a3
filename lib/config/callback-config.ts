import * as v from 'valibot';
import { type Environment, given, readEnvironment, splitList } from './environment.ts';

/** Configuration of the `callback` function. */
export interface CallbackConfig {
  /** Several while a key is being replaced. */
  readonly signKeys: readonly string[];
}

const callbackEnvironment = v.object({
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
});

/**
 * Answers the configuration of the `callback` function.
 *
 * @throws {ConfigError}
 */
export function readCallbackConfig(environment: Environment): CallbackConfig {
  return Object.freeze({
    signKeys: readEnvironment(callbackEnvironment, environment).CALLBACK_SIGN_KEYS,
  });
}
