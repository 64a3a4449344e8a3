import * as joseErrors from 'jose/errors';
import type { JWTVerifyGetKey } from 'jose/jwt/verify';
import { ConfigError } from '../config-error.ts';
import { Problem } from '../problem.ts';
import { fetchKeySet, RETRY_SECONDS, refuseForNow } from './fetch-key-set.ts';
import type { KeySet } from './read-key-set.ts';

/**
 * Returns the function that finds a token's key at a time in Unix seconds.
 *
 * The search rejects with a {@link Problem} `identity_unavailable` while the keys cannot be fetched: then a token is
 * neither accepted nor refused. If there is no key set at the address, it rejects with a {@link ConfigError} that says
 * what is there.
 */
export type FindTokenKey = (nowSeconds: number) => JWTVerifyGetKey;

/** Keys that are older than this are fetched again before use. */
const REFRESH_SECONDS = 5 * 60;

/** If that fails, they are used until they are this old, so that an issuer may be unavailable for a while. */
const LIFE_SECONDS = 15 * 60;

/** Shortest time between two fetches because of a key that the set does not have, so that tokens cannot cause more. */
const UNKNOWN_KEY_SECONDS = 30;

/** Creates the finder of keys in the set at `url`, which is fetched when it is first needed. */
export function createKeyFinder(url: string): FindTokenKey {
  const readSet = keepSet(url);
  return (nowSeconds) => async (header, token) => {
    const set = await readSet(nowSeconds, REFRESH_SECONDS, LIFE_SECONDS);
    try {
      return await set(header, token);
    } catch (error) {
      if (!(error instanceof joseErrors.JWKSNoMatchingKey)) throw error;
      // If the set may have changed and cannot be fetched, it is not known whether the key is valid.
      const fresh = await readSet(nowSeconds, UNKNOWN_KEY_SECONDS, UNKNOWN_KEY_SECONDS);
      return fresh(header, token);
    }
  };
}

/**
 * Returns the set. After `refreshSeconds` it is fetched again; if that fails, it is used until it is `lifeSeconds` old.
 */
type ReadSet = (nowSeconds: number, refreshSeconds: number, lifeSeconds: number) => Promise<KeySet>;

function keepSet(url: string): ReadSet {
  let known: { readonly set: KeySet; readonly at: number } | undefined;
  let failure: { readonly error: Problem | ConfigError; readonly at: number } | undefined;
  let fetching: Promise<void> | undefined;

  const load = async (nowSeconds: number) => {
    try {
      known = { set: await loadKeySet(url), at: nowSeconds };
      failure = undefined;
    } catch (error) {
      if (!(error instanceof Problem || error instanceof ConfigError)) throw error;
      failure = { error, at: nowSeconds };
    }
  };
  const refresh = async (nowSeconds: number) => {
    if (failure !== undefined && nowSeconds < failure.at + RETRY_SECONDS) return;
    fetching ??= load(nowSeconds).finally(() => {
      fetching = undefined;
    });
    await fetching;
  };

  return async (nowSeconds, refreshSeconds, lifeSeconds) => {
    const age = () => (known === undefined ? Number.POSITIVE_INFINITY : nowSeconds - known.at);
    if (age() >= refreshSeconds) await refresh(nowSeconds);
    if (known !== undefined && age() < lifeSeconds) return known.set;
    throw failure?.error ?? refuseForNow('they were fetched too long ago');
  };
}

/** @throws {ConfigError} that says what is there instead of keys; {@link Problem} `identity_unavailable`. */
async function loadKeySet(url: string): Promise<KeySet> {
  const fetched = await fetchKeySet(url);
  if ('keys' in fetched) return fetched.keys;
  const { what, instead } = fetched.fault;
  throw new ConfigError([{ variable: 'AUTH_JWKS_URL', message: `${what}; set it to ${instead}` }]);
}
