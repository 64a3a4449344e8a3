import * as joseErrors from 'jose/errors';
import { jwtVerify } from 'jose/jwt/verify';
import type { AuthConfig } from '../config/caller-config.ts';
import { Problem } from '../problem.ts';

/** A right that a token gives. */
export type Scope =
  | 'upload:sign'
  | 'upload:pull'
  | 'upload:read'
  | 'upload:cancel'
  /** Uploads of every owner, and what became of their deliveries. */
  | 'upload:admin';

/** Who calls, and what they may do. */
export interface Caller {
  /** `sub` of the token: the owner of what the caller uploads. */
  readonly owner: string;
  readonly scopes: ReadonlySet<string>;
}

/**
 * Answers the caller that an `Authorization` header names.
 *
 * @param nowSeconds Unix seconds.
 * @throws {Problem} `unauthorized` that says what is wrong with the token, and nothing of its contents.
 */
export type Authenticate = (
  authorization: string | undefined,
  nowSeconds: number,
) => Caller | Promise<Caller>;

/** Owner of every upload where nobody has to say who they are; what came by other ways is not theirs to see. */
const ANYBODY: Caller = {
  owner: 'anybody',
  scopes: new Set<Scope>(['upload:sign', 'upload:pull', 'upload:read', 'upload:cancel']),
};

/** Longest token that is looked at: more than any identity provider's headers pass through. */
const MAX_TOKEN_LENGTH = 8_192;

/** Verified tokens that an instance remembers; the oldest gives way. */
const REMEMBERED_TOKENS = 256;

/** Clocks of issuer and function may differ by this many seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

interface VerifiedCaller {
  readonly caller: Caller;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Answers how callers are recognised under `config`. */
export function createAuthenticate(config: AuthConfig): Authenticate {
  if (config.kind === 'none') return () => ANYBODY;

  // A fresh verification costs many times what the rest of a request does, and clients ask several times per upload.
  const verified = new Map<string, VerifiedCaller>();
  return async (authorization, nowSeconds) => {
    const token = readBearer(authorization);
    const known = verified.get(token);
    if (known !== undefined && nowSeconds < known.expiresAt + CLOCK_TOLERANCE_SECONDS) {
      return known.caller;
    }
    verified.delete(token);
    const fresh = await verifyToken(token, config, nowSeconds);
    if (verified.size >= REMEMBERED_TOKENS) {
      for (const oldest of verified.keys()) {
        verified.delete(oldest);
        break;
      }
    }
    verified.set(token, fresh);
    return fresh.caller;
  };
}

/**
 * Does nothing for a caller with the right `scope`.
 *
 * @throws {Problem} `insufficient_scope` (https://www.rfc-editor.org/rfc/rfc6750#section-3.1).
 */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.has(scope)) return;
  throw new Problem(`The token does not have the scope "${scope}".`, {
    code: 'insufficient_scope',
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

function readBearer(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw new Problem('The request needs an "Authorization: Bearer" header.', {
      code: 'unauthorized',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  }
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
  if (token === undefined) throw refuseToken('The header must be "Authorization: Bearer <token>".');
  if (token.length > MAX_TOKEN_LENGTH) {
    throw refuseToken(`The token must have at most ${MAX_TOKEN_LENGTH} characters.`);
  }
  return token;
}

async function verifyToken(
  token: string,
  config: Extract<AuthConfig, { kind: 'jwt' }>,
  nowSeconds: number,
): Promise<VerifiedCaller> {
  const { payload } = await jwtVerify(token, config.secret, {
    // Pinned: what the token says of its own algorithm decides nothing.
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'exp'],
    currentDate: new Date(nowSeconds * 1_000),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
    ...(config.audience === undefined ? {} : { audience: config.audience }),
  }).catch((error: unknown) => {
    throw refuseToken(explainTokenError(error), error);
  });
  const { sub, exp, scope } = payload;
  // Neither the ledger nor VOD could keep the owner's name otherwise.
  const isName = typeof sub === 'string' && sub !== '' && sub.isWellFormed() && !sub.includes('\0');
  if (!isName || exp === undefined) {
    throw refuseToken('The claim "sub" must be a text that is not empty.');
  }
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  return { caller: { owner: sub, scopes: new Set(scopes) }, expiresAt: exp };
}

function explainTokenError(error: unknown): string {
  if (error instanceof joseErrors.JWTExpired) return 'The token has expired.';
  if (error instanceof joseErrors.JWTClaimValidationFailed) {
    return `The claim "${error.claim}" of the token is missing or not as expected.`;
  }
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'The token must be signed with HS256.';
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) {
    return 'The signature of the token does not fit.';
  }
  return 'The token is not a well-formed JWT.';
}

function refuseToken(detail: string, cause?: unknown): Problem {
  return new Problem(detail, {
    code: 'unauthorized',
    cause,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
