import type { JWTPayload, JWTVerifyOptions } from 'jose';
import * as joseErrors from 'jose/errors';
import { type JWTVerifyGetKey, jwtVerify } from 'jose/jwt/verify';
import type { TokenConfig } from '../config/caller-config.ts';
import { ConfigError } from '../config-error.ts';
import type { ApiKey } from '../policy/settings.ts';
import { Problem } from '../problem.ts';
import { defined } from '../validation/json-object.ts';
import { createKeyFinder, type FindTokenKey } from './key-finder.ts';
import { PUBLIC_KEY_ALGORITHMS } from './read-key-set.ts';
import { readScopes, requireOtherAudience, tokenRefused } from './token-claims.ts';

/** Content of a token that is authentic and valid now. */
interface VerifiedToken {
  /** `sub`. */
  readonly owner: string;
  readonly scopes: ReadonlySet<string>;
  readonly claims: JWTPayload;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/**
 * Verifies `token` and returns its content.
 *
 * @param nowSeconds Unix seconds.
 * @throws {Problem} `unauthorized` that says what is wrong with the token without quoting it, or
 * `identity_unavailable`; {@link ConfigError} if there is no key set at the configured address.
 */
export type VerifyToken = (token: string, nowSeconds: number) => Promise<VerifiedToken>;

/** Clocks of issuer and function may differ by this many seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** The algorithm for a shared secret: https://www.rfc-editor.org/rfc/rfc7518#section-3.2. */
const SECRET_ALGORITHMS = ['HS256'];

/** Creates the verifier of tokens under `config`; a token whose `sub` is the owner of one of `keys` is refused. */
export function createTokenVerifier(config: TokenConfig, keys: readonly ApiKey[]): VerifyToken {
  const keyOwners = new Set(keys.map(({ name, owner = name }) => owner));
  const { proof, issuer, audiences, audienceClaim } = config;
  // Pinned: the algorithm that the token names is not trusted.
  const algorithms = 'secret' in proof ? SECRET_ALGORITHMS : PUBLIC_KEY_ALGORITHMS;
  const findKey: FindTokenKey =
    'secret' in proof ? () => () => proof.secret : createKeyFinder(proof.keySetUrl);
  const isOtherAudience = audienceClaim !== 'aud';
  const options = {
    algorithms,
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...defined({ issuer, audience: isOtherAudience ? undefined : audiences && [...audiences] }),
  };
  return async (token, nowSeconds) => {
    const currentDate = new Date(nowSeconds * 1_000);
    const payload = await verify(token, findKey(nowSeconds), { ...options, currentDate }).catch(
      (error: unknown) => {
        if (error instanceof Problem || error instanceof ConfigError) throw error;
        throw tokenRefused(explainRefusal(error, config, algorithms), error);
      },
    );
    if (isOtherAudience) requireOtherAudience(payload, config);
    const named = readOwner(payload);
    if (keyOwners.has(named.owner)) throw tokenRefused(OWNED_BY_KEY);
    return { ...named, scopes: readScopes(payload, config), claims: payload };
  };
}

/** Most keys that are tried for one token, so that a forged one costs little. */
const MAX_TRIED_KEYS = 16;

/**
 * Returns the claims of `token`. If several keys fit, each of them is tried: names of keys are optional, and two keys may
 * have one name (https://www.rfc-editor.org/rfc/rfc7517#section-4.5).
 */
async function verify(
  token: string,
  findKey: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, findKey, options)).payload;
  } catch (error) {
    if (error instanceof joseErrors.JWKSMultipleMatchingKeys) return tryKeys(token, error, options);
    throw error;
  }
}

async function tryKeys(
  token: string,
  several: joseErrors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0;
  let last: unknown = several;
  for await (const key of several) {
    tried += 1;
    if (tried > MAX_TRIED_KEYS) throw several;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof joseErrors.JWSSignatureVerificationFailed)) throw error;
      last = error;
    }
  }
  throw last;
}

/**
 * If users choose their names, one could take the name of a server, and so see and cancel the server's uploads. A
 * prefix would also separate the two, but servers would lose access to their existing uploads.
 */
const OWNED_BY_KEY =
  'The claim "sub" of the token is the owner of an API key of this service: tokens must have another one.';

function readOwner({ sub, exp }: JWTPayload): Pick<VerifiedToken, 'owner' | 'expiresAt'> {
  // Other names could be stored neither in the ledger nor in VOD.
  const isName = typeof sub === 'string' && sub !== '' && sub.isWellFormed() && !sub.includes('\0');
  if (!isName || exp === undefined) {
    throw tokenRefused('The claim "sub" must be a string that is not empty.');
  }
  return { owner: sub, expiresAt: exp };
}

function explainRefusal(
  error: unknown,
  { issuer }: TokenConfig,
  algorithms: readonly string[],
): string {
  if (error instanceof joseErrors.JWTExpired) return 'The token has expired.';
  if (error instanceof joseErrors.JWTClaimValidationFailed) {
    return explainClaim(error.claim, error.payload, issuer);
  }
  if (error instanceof joseErrors.JOSEAlgNotAllowed) {
    return `The token must be signed with ${algorithms.join(', ')}.`;
  }
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) {
    return 'The signature of the token does not match.';
  }
  if (error instanceof joseErrors.JWKSNoMatchingKey) {
    return "The token is signed with a key that is not among its issuer's.";
  }
  if (error instanceof joseErrors.JWKSMultipleMatchingKeys) {
    return `The token must name its key ("kid"), since more than ${MAX_TRIED_KEYS} of its issuer's fit.`;
  }
  return 'The token is not a well-formed JWT.';
}

function explainClaim(claim: string, { iss }: JWTPayload, issuer: string | undefined): string {
  // Issuers are compared character by character: https://www.rfc-editor.org/rfc/rfc9068#section-4.
  if (claim === 'iss' && (`${iss}/` === issuer || iss === `${issuer}/`)) {
    return 'The claim "iss" of the token and AUTH_JWT_ISSUER differ by a slash at the end; they must be identical.';
  }
  return `The claim "${claim}" of the token is missing or not as expected.`;
}
