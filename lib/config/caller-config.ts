import * as v from 'valibot';
import { isWrittenByUsers, USERS_WRITE } from '../policy/claim-values.ts';
import { corsVariables } from './cors-config.ts';
import { given, splitList } from './environment.ts';

/** How callers prove who they are; API keys of the settings are accepted in addition to tokens. */
export type AuthConfig =
  /** Without proof: anyone may call. */
  | { readonly kind: 'none' }
  /** By API keys only. */
  | { readonly kind: 'keys' }
  | TokenConfig;

/** How tokens are checked. */
export interface TokenConfig {
  readonly kind: 'jwt';
  /** The shared secret of HS256, or the URL of the issuer's public keys. */
  readonly proof: { readonly secret: Uint8Array } | { readonly keySetUrl: string };
  readonly issuer: string | undefined;
  /** Accepted audiences: a token must name one of these. */
  readonly audiences: readonly string[] | undefined;
  /** Claim that names the audience: `aud`, or the one that the issuer uses instead. */
  readonly audienceClaim: (typeof AUDIENCE_CLAIMS)[number];
  /** The only claim that lists rights; if undefined, `scope`, or else `scp`. */
  readonly scopeClaim: string | undefined;
  /** Prefix of the rights of this service, which is removed; a text without it is not a right here. */
  readonly scopePrefix: string | undefined;
}

/** HS256 requires a key of at least the length of its hash: https://www.rfc-editor.org/rfc/rfc7518#section-3.2 */
const MIN_JWT_SECRET_BYTES = 32;

/**
 * Claims in which issuers name the audience of a token (https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3), or the
 * client that requested it: RFC 9068 and Cognito, OpenID Connect, Okta, and version 1.0 of Entra ID.
 */
const AUDIENCE_CLAIMS = ['aud', 'client_id', 'azp', 'cid', 'appid'] as const;

/**
 * The characters of a scope. The last one must be a separator: with the prefix "vod-api", "vod-api/upload:sign" would
 * become "/upload:sign". https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
const SCOPE_PREFIX = /^(?!<|\$\{)[\x21\x23-\x5b\x5d-\x7e]+(?<![A-Za-z0-9])$/;

/** Not a list of issuers, nor a placeholder that nobody has replaced; a name may have spaces and commas. */
const ISSUER = /^(?!.*(?:,$|[,;\s]https?:))[^<>{}"]*$/;

/** The same of an audience. */
const AUDIENCE = /^[^\s;<>{}"]+$/;

/** The same of a claim. */
const CLAIM = /^[^,;<>{}"]*$/;

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

const auth = {
  AUTH: v.optional(v.picklist(['none', 'keys', 'jwt'], 'must be jwt, keys or none')),
  AUTH_JWT_SECRET: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (secret) => Buffer.byteLength(secret) >= MIN_JWT_SECRET_BYTES,
        `must have at least ${MIN_JWT_SECRET_BYTES} bytes`,
      ),
      v.transform((secret) => new TextEncoder().encode(secret)),
    ),
  ),
  AUTH_JWKS_URL: v.optional(v.string()),
  AUTH_JWKS_LOOPBACK: v.optional(v.picklist(['allow'], 'must be allow, on your own machine only')),
  AUTH_JWT_ISSUER: v.optional(
    v.pipe(given, v.regex(ISSUER, 'must be one issuer, such as https://login.example.com/')),
  ),
  AUTH_JWT_AUDIENCE: v.optional(
    v.pipe(
      given,
      v.transform(splitList),
      v.minLength(1, 'must name an audience'),
      v.check(
        (audiences) => audiences.every((audience) => AUDIENCE.test(audience)),
        'must be a list such as web,ios',
      ),
    ),
  ),
  AUTH_AUDIENCE_CLAIM: v.optional(
    v.picklist(AUDIENCE_CLAIMS, `must be one of ${AUDIENCE_CLAIMS.join(', ')}`),
    'aud',
  ),
  AUTH_SCOPE_CLAIM: v.optional(
    v.pipe(
      given,
      v.regex(CLAIM, 'must be one claim, such as scope'),
      v.check((claim) => !isWrittenByUsers(claim), USERS_WRITE),
    ),
  ),
  AUTH_SCOPE_PREFIX: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        SCOPE_PREFIX,
        'must be the beginning of a scope with its separator, such as vod-api/',
      ),
    ),
  ),
};

/** Schema of the variables that every function with callers reads. */
export const callerEnvironment = v.pipe(
  v.object({ ...auth, ...corsVariables }),
  // Fail closed: without a setting for callers, no one may call.
  v.forward(
    v.partialCheck(
      [['AUTH'], ['AUTH_JWT_SECRET'], ['AUTH_JWKS_URL']],
      (e) =>
        e.AUTH === 'none' ||
        e.AUTH === 'keys' ||
        e.AUTH_JWT_SECRET !== undefined ||
        e.AUTH_JWKS_URL !== undefined,
      'must be set, or AUTH_JWKS_URL; or AUTH must be keys, which takes the API keys of the settings alone, or none, which lets anyone upload',
    ),
    ['AUTH_JWT_SECRET'],
  ),
  v.forward(
    v.partialCheck(
      [['AUTH'], ['AUTH_JWT_SECRET'], ['AUTH_JWKS_URL']],
      (e) =>
        (e.AUTH !== 'none' && e.AUTH !== 'keys') ||
        (e.AUTH_JWT_SECRET === undefined && e.AUTH_JWKS_URL === undefined),
      'must be jwt or left out while AUTH_JWT_SECRET or AUTH_JWKS_URL is set',
    ),
    ['AUTH'],
  ),
  v.forward(
    v.partialCheck(
      [['AUTH_JWT_SECRET'], ['AUTH_JWKS_URL']],
      (e) => e.AUTH_JWT_SECRET === undefined || e.AUTH_JWKS_URL === undefined,
      'must not be set together with AUTH_JWT_SECRET: tokens have one kind of signature',
    ),
    ['AUTH_JWKS_URL'],
  ),
  v.forward(
    v.partialCheck(
      [['AUTH_JWKS_URL'], ['AUTH_JWKS_LOOPBACK']],
      (e) => e.AUTH_JWKS_URL === undefined || isKeySetUrl(e.AUTH_JWKS_URL, e.AUTH_JWKS_LOOPBACK),
      'must be an https URL without user name, password and fragment, as https://login.example.com/.well-known/jwks.json; http is for this machine itself, where AUTH_JWKS_LOOPBACK is allow',
    ),
    ['AUTH_JWKS_URL'],
  ),
  // An issuer signs tokens for many services with the same keys: https://www.rfc-editor.org/rfc/rfc8725#section-3.9.
  v.forward(
    v.partialCheck(
      [['AUTH_JWKS_URL'], ['AUTH_JWT_AUDIENCE'], ['AUTH_AUDIENCE_CLAIM']],
      (e) =>
        (e.AUTH_JWKS_URL === undefined && e.AUTH_AUDIENCE_CLAIM === 'aud') ||
        e.AUTH_JWT_AUDIENCE !== undefined,
      'must be set where AUTH_JWKS_URL or AUTH_AUDIENCE_CLAIM is, or tokens for other services would be accepted',
    ),
    ['AUTH_JWT_AUDIENCE'],
  ),
);

/** Configuration of a function with callers. */
export interface CallerConfig {
  readonly auth: AuthConfig;
  /** Origins of web apps, and patterns of them. */
  readonly corsOrigins: readonly string[];
  /** Headers that they may send in addition to those that are read. */
  readonly corsHeaders: readonly string[];
}

/** Returns the configuration in a checked environment. */
export function describeCallers(e: v.InferOutput<typeof callerEnvironment>): CallerConfig {
  return { auth: describeAuth(e), corsOrigins: e.CORS_ORIGINS, corsHeaders: e.CORS_HEADERS };
}

function describeAuth(e: v.InferOutput<typeof callerEnvironment>): AuthConfig {
  const token = {
    issuer: e.AUTH_JWT_ISSUER,
    audiences: e.AUTH_JWT_AUDIENCE,
    audienceClaim: e.AUTH_AUDIENCE_CLAIM,
    scopeClaim: e.AUTH_SCOPE_CLAIM,
    scopePrefix: e.AUTH_SCOPE_PREFIX,
  };
  if (e.AUTH_JWT_SECRET !== undefined) {
    return { kind: 'jwt', proof: { secret: e.AUTH_JWT_SECRET }, ...token };
  }
  if (e.AUTH_JWKS_URL !== undefined) {
    return { kind: 'jwt', proof: { keySetUrl: e.AUTH_JWKS_URL }, ...token };
  }
  return { kind: e.AUTH === 'keys' ? 'keys' : 'none' };
}

function isKeySetUrl(text: string, loopback: 'allow' | undefined): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && loopback === 'allow' && LOOPBACK_HOSTS.includes(hostname))
  );
}
