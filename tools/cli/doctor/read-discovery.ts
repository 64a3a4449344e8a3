import { showKeySetUrl } from '../../../lib/auth/read-key-set.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { isJsonObject } from '../../../lib/validation/json-object.ts';

/** What an issuer says about itself: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata */
export interface Discovery {
  /** Exactly as in its tokens. */
  readonly issuer: string | undefined;
  /** Address of its key set, if it is valid for AUTH_JWKS_URL and may be shown. */
  readonly keySetUrl: string | undefined;
}

const ANSWER_MILLISECONDS = 5_000;

/**
 * Returns the discovery document of the issuer at `address`, or undefined where there is none, which is not an error:
 * an issuer need not have one.
 */
export async function readDiscovery(
  address: string | undefined,
  { AUTH_JWKS_LOOPBACK }: Environment,
): Promise<Discovery | undefined> {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, username, password, search, hash } = new URL(address);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && AUTH_JWKS_LOOPBACK === 'allow');
  if (!isSafe || `${username}${password}${search}${hash}` !== '') return undefined;
  try {
    // A slash at the end is removed: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest
    const response = await fetch(`${address.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    });
    const json: unknown = await response.json();
    if (!response.ok || !isJsonObject(json)) return undefined;
    const { issuer, jwks_uri: keySetUrl } = json;
    return {
      issuer: typeof issuer === 'string' ? issuer : undefined,
      keySetUrl: showKeySetUrl(keySetUrl),
    };
  } catch {
    return undefined;
  }
}
