import type { JWTPayload } from 'jose';
import * as joseErrors from 'jose/errors';
import { jwtVerify } from 'jose/jwt/verify';
import type { TokenConfig } from '../config/caller-config.ts';
import { Problem } from '../problem.ts';
import { refuseForNow } from './fetch-key-set.ts';
import { createKeyFinder, type FindTokenKey } from './key-finder.ts';
import { refuseToken } from './refuse-token.ts';

/** What a token that is genuine and in force says. */
interface VerifiedToken {
  /** `sub`. */
  readonly owner: string;
  readonly scopes: ReadonlySet<string>;
  readonly claims: JWTPayload;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/**
 * Answers what `token` says.
 *
 * @param nowSeconds Unix seconds.
 * @throws {Problem} `unauthorized` that says what is wrong with the token, and nothing of its contents, or
 * `identity_unavailable`.
 */
export type VerifyToken = (token: string, nowSeconds: number) => Promise<VerifiedToken>;

/** Clocks of issuer and function may differ by this many seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** The one that a shared secret is for: https://www.rfc-editor.org/rfc/rfc7518#section-3.2. */
const SECRET_ALGORITHMS = ['HS256'];

/** Those with a public key: https://www.iana.org/assignments/jose. A public key never becomes a secret. */
const PUBLIC_KEY_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
];

/** Answers how tokens are verified under `config`. */
export function createTokenVerifier({ proof, issuer, audience }: TokenConfig): VerifyToken {
  // Pinned: what the token says of its own algorithm decides nothing.
  const algorithms = 'secret' in proof ? SECRET_ALGORITHMS : PUBLIC_KEY_ALGORITHMS;
  const findKey: FindTokenKey =
    'secret' in proof ? () => () => proof.secret : createKeyFinder(proof.keySetUrl);
  const options = {
    algorithms,
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (token, nowSeconds) => {
    const currentDate = new Date(nowSeconds * 1_000);
    const { payload } = await jwtVerify(token, findKey(nowSeconds), {
      ...options,
      currentDate,
    }).catch((error: unknown) => {
      throw explainTokenError(error, algorithms);
    });
    return readClaims(payload);
  };
}

function readClaims(payload: JWTPayload): VerifiedToken {
  const { sub, exp, scope } = payload;
  // Neither the ledger nor VOD could keep the owner's name otherwise.
  const isName = typeof sub === 'string' && sub !== '' && sub.isWellFormed() && !sub.includes('\0');
  if (!isName || exp === undefined) {
    throw refuseToken('The claim "sub" must be a text that is not empty.');
  }
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  return { owner: sub, scopes: new Set(scopes), claims: payload, expiresAt: exp };
}

function explainTokenError(error: unknown, algorithms: readonly string[]): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof joseErrors.JWKSInvalid) {
    return refuseForNow('the one that the token names is not a public key', error);
  }
  return refuseToken(explainRefusal(error, algorithms), error);
}

function explainRefusal(error: unknown, algorithms: readonly string[]): string {
  if (error instanceof joseErrors.JWTExpired) return 'The token has expired.';
  if (error instanceof joseErrors.JWTClaimValidationFailed) {
    return `The claim "${error.claim}" of the token is missing or not as expected.`;
  }
  if (error instanceof joseErrors.JOSEAlgNotAllowed) {
    return `The token must be signed with ${algorithms.join(', ')}.`;
  }
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) {
    return 'The signature of the token does not fit.';
  }
  if (error instanceof joseErrors.JWKSNoMatchingKey) {
    return "The token is signed with a key that is not among its issuer's.";
  }
  if (error instanceof joseErrors.JWKSMultipleMatchingKeys) {
    return 'The token must name its key ("kid"), since its issuer has several.';
  }
  return 'The token is not a well-formed JWT.';
}
