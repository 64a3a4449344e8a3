import type { JWTPayload } from 'jose';
import type { TokenConfig } from '../config/caller-config.ts';
import { findClaims } from '../policy/claim-values.ts';
import { Problem } from '../problem.ts';

/**
 * Keycloak's account service for users, which is in the `aud` of nearly every token:
 * https://www.keycloak.org/docs/latest/server_admin/#_audience
 */
const KEYCLOAK_ACCOUNT = 'account';

/**
 * Returns the rights in the claims of a token, without the prefix.
 *
 * A text is split at its spaces (https://www.rfc-editor.org/rfc/rfc6749#section-3.3); each text of a list is one right,
 * unchanged. Other values give no rights. If a token has `scope`, and it is not null, its `scp` is ignored.
 */
export function readScopes(
  payload: JWTPayload,
  { scopeClaim, scopePrefix = '' }: Pick<TokenConfig, 'scopeClaim' | 'scopePrefix'>,
): ReadonlySet<string> {
  const hasScope = Object.hasOwn(payload, 'scope') && payload['scope'] !== null;
  const name = scopeClaim ?? (hasScope ? 'scope' : 'scp');
  const [value, ...others] = findClaims(payload, name);
  // A name that matches two claims is ambiguous, so it gives no rights.
  const named = others.length === 0 ? listNames(value) : [];
  return new Set(
    named
      .filter((scope) => scope.startsWith(scopePrefix))
      .map((scope) => scope.slice(scopePrefix.length)),
  );
}

function listNames(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/**
 * Does nothing if a token is for this service according to the claim `audienceClaim`, which is used instead of `aud`.
 *
 * Such a claim names the client that requested the token, not its audience. So a token that names other services in
 * `aud` is not accepted, nor is one that is meant only for the client, since this claim only proves the client's name.
 *
 * @throws {Problem} `unauthorized`.
 */
export function requireOtherAudience(
  payload: JWTPayload,
  { audienceClaim, audiences = [] }: Pick<TokenConfig, 'audienceClaim' | 'audiences'>,
): void {
  const named = payload[audienceClaim];
  if (!audiences.some((audience) => audience === named)) {
    throw tokenRefused(`The claim "${audienceClaim}" of the token is missing or not as expected.`);
  }
  if (payload['token_use'] === 'id' || payload['typ'] === 'ID') {
    throw tokenRefused(
      'The token is an ID token, which is for the client alone: send the access token.',
    );
  }
  if (payload.aud === undefined) return;
  const services = [payload.aud].flat();
  const isKeycloakAccount =
    audienceClaim === 'azp' &&
    services.length > 0 &&
    services.every((service) => service === KEYCLOAK_ACCOUNT);
  if (isKeycloakAccount || services.some((service) => audiences.includes(service))) return;
  throw tokenRefused('The claim "aud" of the token names another service.');
}

/**
 * Returns the problem of a request whose token or key is not accepted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export function tokenRefused(detail: string, cause?: unknown): Problem {
  return new Problem(detail, {
    code: 'unauthorized',
    cause,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
