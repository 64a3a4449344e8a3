import { type Authenticate, createAuthenticate } from '../../../lib/auth/authenticate.ts';
import type { AuthConfig } from '../../../lib/config/caller-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { Problem } from '../../../lib/problem.ts';
import { forward } from '../../support/forward.ts';
import { createIssuerKey, type Issuer, startIssuer } from '../../support/issuer.ts';
import { perTest } from '../../support/per-test.ts';

/** The time of the tests, Unix seconds. */
export const NOW = Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000;
/** The claims of a token that is accepted. */
export const CLAIMS = {
  sub: 'user-42',
  scope: 'openid upload:sign',
  iss: 'https://login.example.com',
  aud: 'vod-upload',
  exp: NOW + 3_600,
};
/** Keys of the issuer. */
export const first = createIssuerKey('first', 'ES256');
export const second = createIssuerKey('second', 'RS256');
export const third = createIssuerKey('third', 'EdDSA');

/** Returns how these variables have callers checked. */
export function readAuth(environment: Environment): AuthConfig {
  return readSignatureConfig({ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: 'k', ...environment }).auth;
}

/** Returns the problem with which `run` is refused. @throws whatever else it throws, or an Error where it throws nothing. */
export async function problemOf(run: () => unknown): Promise<Problem> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('Nothing was refused');
}

/** Gives each test an issuer that publishes all three keys, and a check of tokens by its key set. */
export function useKeySet() {
  const opened = perTest(
    async () => {
      const issuer = await startIssuer();
      await issuer.publish(first, second, third);
      const auth = readAuth({
        ...{ AUTH_JWKS_URL: issuer.keySetUrl, AUTH_JWKS_LOOPBACK: 'allow' },
        ...{ AUTH_JWT_ISSUER: CLAIMS.iss, AUTH_JWT_AUDIENCE: CLAIMS.aud },
      });
      return { issuer, authenticate: createAuthenticate(auth, []) };
    },
    ({ issuer }) => issuer.close(),
  );
  return {
    issuer: forward<Issuer>(() => opened.issuer),
    authenticate: forward<Authenticate>(() => opened.authenticate),
  };
}
