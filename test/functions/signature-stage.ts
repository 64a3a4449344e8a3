import { afterEach, beforeEach, vi } from 'vitest';
import {
  askHandler,
  type EventShape,
  SCF_CONTEXT,
  type TestRequest,
} from '../support/http-events.ts';
import { readSignature } from '../support/read-signature.ts';
import { contextKeysOf, decodeContext } from '../support/source-contexts.ts';
import { mintToken } from '../support/tokens.ts';

/** The key of VOD's with which uploads are signed. */
export const SECRET_KEY = 'vod-secret-key-example';
/** The time at which the function is called. */
export const NOW = Date.UTC(2026, 10, 22, 8, 0, 0);
/** Long enough for HS512 too, so that nothing but the pinned algorithm stands in its way. */
export const JWT_SECRET = 'jwt-secret-example-of-at-least-32-bytes-and-here-of-more-than-64-bytes';
/** The environment of the function. */
export const ENVIRONMENT = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: SECRET_KEY,
  VOD_SUB_APP_ID: '1500000001',
  AUTH_JWT_SECRET: JWT_SECRET,
  AUTH_JWT_ISSUER: 'https://login.example.com',
  AUTH_JWT_AUDIENCE: 'vod-upload',
  CORS_ORIGINS: 'https://app.example.com, http://localhost:5173',
};
const SIGNER = { keys: contextKeysOf(SECRET_KEY), subAppId: 1_500_000_001 };

interface Claims {
  readonly sub?: string;
  readonly scope?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly exp?: number;
}

/** Returns a token that the function accepts, where the claims, the secret or the algorithm do not prevent it. */
export function mint(claims: Claims = {}, secret = JWT_SECRET, alg = 'HS256'): Promise<string> {
  const payload = {
    ...{ sub: 'user-42', scope: 'openid upload:sign', iss: 'https://login.example.com' },
    ...{ aud: 'vod-upload', exp: NOW / 1_000 + 600, ...claims },
  };
  return mintToken(payload, { secret, alg });
}

/** Returns the headers of a caller with these claims. */
export async function bearer(claims: Claims = {}) {
  return { authorization: `Bearer ${await mint(claims)}` };
}

/** Returns the parameters of a signature that was made with the key. */
export const verify = (signature: string, secretKey = SECRET_KEY) =>
  readSignature(signature, secretKey);

/** Returns what the source context of a signature holds. */
export const contextOf = (signature: string) =>
  decodeContext(verify(signature)['sourceContext'] ?? '', SIGNER);

type Ask = (request: TestRequest) => ReturnType<ReturnType<typeof askHandler>>;

/** Gives each test the function as in a new instance, behind a trigger. */
export function useSignature(toEvent: EventShape['toEvent']) {
  let ask: Ask;
  async function load(environment: Readonly<Record<string, string>>): Promise<Ask> {
    vi.unstubAllEnvs();
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    vi.spyOn(Date, 'now').mockReturnValue(NOW);
    vi.resetModules();
    const loaded = await import('../../functions/signature.ts');
    const asked = askHandler(loaded.main_handler, toEvent);
    return (request) => asked(request, SCF_CONTEXT);
  }
  beforeEach(async () => {
    ask = await load(ENVIRONMENT);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });
  return { load, ask: (request: TestRequest) => ask(request) };
}
