import type { AuthConfig, TokenConfig } from '../config/caller-config.ts';
import { ConfigError } from '../config-error.ts';
import type { ApiKey } from '../policy/settings.ts';
import { Problem } from '../problem.ts';
import { createKeyRing, type FindKey } from './api-keys.ts';
import { tokenRefused } from './token-claims.ts';
import type { VerifyToken } from './verify-token.ts';

/** A right that a token or an API key gives. */
export type Scope =
  | 'upload:sign'
  | 'upload:pull'
  | 'upload:read'
  | 'upload:cancel'
  /** Uploads of every owner, and their deliveries. */
  | 'upload:admin';

/** Who calls, and what they may do. */
export interface Caller {
  /** `sub` of the token, or the owner of the API key: the owner of what the caller uploads. */
  readonly owner: string;
  readonly scopes: ReadonlySet<string>;
  /** Name of the API key that it sent. */
  readonly keyName?: string;
  /** Tenant of that key. */
  readonly tenant?: string | undefined;
  /** All claims of the token that it sent. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Returns the caller that an `Authorization` header names.
 *
 * @param nowSeconds Unix seconds.
 * @throws {Problem} `unauthorized` that says what is wrong with the token without quoting it, or `identity_unavailable`
 * if it cannot be checked now; {@link ConfigError} if there is no key set at the configured address.
 */
export type Authenticate = (
  authorization: string | undefined,
  nowSeconds: number,
) => Caller | Promise<Caller>;

/** The caller if no proof is required: the owner of every upload, who cannot see media that arrived in other ways. */
const ANYBODY: Caller = {
  owner: 'anybody',
  scopes: new Set<Scope>(['upload:sign', 'upload:pull', 'upload:read', 'upload:cancel']),
};

/** Longest token that is examined: longer than the headers that identity providers allow. */
const MAX_TOKEN_LENGTH = 8_192;

/** Longest header that can hold one. */
const MAX_HEADER_LENGTH = 'Bearer '.length + MAX_TOKEN_LENGTH;

/** Verified tokens that an instance remembers; above this number, the oldest is removed. */
const REMEMBERED_TOKENS = 256;

/** Seconds for which a token is remembered, so that a key that the issuer withdraws soon stops working. */
const REMEMBERED_SECONDS = 5 * 60;

/**
 * Creates the function that recognises callers under `config`: by an API key of the settings, or else by a token.
 *
 * @throws {ConfigError} if no caller could be recognised, or if there are keys but no proof is required.
 */
export function createAuthenticate(config: AuthConfig, keys: readonly ApiKey[]): Authenticate {
  if (config.kind === 'none') {
    if (keys.length > 0) throw refuseKeys('must not be set while AUTH is none');
    return () => ANYBODY;
  }
  if (config.kind === 'keys' && keys.length === 0) {
    throw refuseKeys('must have at least one key, since AUTH is keys');
  }
  const findHolder = createKeyRing(keys);
  if (config.kind !== 'keys') return rememberTokens(config, keys, findHolder);
  return (authorization) => {
    const holder = findHolder(readBearer(authorization));
    if (holder === undefined) throw tokenRefused('The API key is unknown.');
    return holder;
  };
}

/**
 * Caches verified tokens: a verification costs many times what the rest of a request does, and clients call several
 * times per upload.
 */
function rememberTokens(
  config: TokenConfig,
  keys: readonly ApiKey[],
  findHolder: FindKey,
): Authenticate {
  /** By the whole header, so that a remembered one is not even parsed. */
  const remembered = new Map<
    string | undefined,
    { readonly caller: Caller; readonly until: number }
  >();
  let verifying: Promise<VerifyToken> | undefined;

  const verify = async (
    token: string,
    header: string | undefined,
    nowSeconds: number,
  ): Promise<Caller> => {
    verifying ??= import('./verify-token.ts').then((each) =>
      each.createTokenVerifier(config, keys),
    );
    const { expiresAt, ...caller } = await (await verifying)(token, nowSeconds);
    if (remembered.size >= REMEMBERED_TOKENS) remembered.delete(remembered.keys().next().value);
    const until = Math.min(expiresAt, nowSeconds + REMEMBERED_SECONDS);
    remembered.set(header, { caller, until });
    return caller;
  };
  return (header, nowSeconds) => {
    const known = remembered.get(header);
    if (known !== undefined && nowSeconds < known.until) return known.caller;
    remembered.delete(header);
    const token = readBearer(header);
    return findHolder(token) ?? verify(token, header, nowSeconds);
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
  if (authorization.length > MAX_HEADER_LENGTH) {
    throw tokenRefused(`The token must have at most ${MAX_TOKEN_LENGTH} characters.`);
  }
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw tokenRefused('The header must be "Authorization: Bearer <token>".');
  return token;
}

function refuseKeys(message: string): ConfigError {
  return new ConfigError([{ variable: 'keys', message }], { source: 'these settings' });
}
