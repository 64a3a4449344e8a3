import { createPublicKey } from 'node:crypto';
import { createLocalJWKSet } from 'jose/jwks/local';
import { dropNulls, isJsonObject } from '../validation/json-object.ts';

/** Keys of an issuer, ready to be searched. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** Why there are no keys at an address, until the address or its content is changed. */
export interface KeySetFault {
  /** What is there, to follow the name of the variable: "returns …". */
  readonly what: string;
  /** What would be right; continues "set it to". */
  readonly instead: string;
}

/**
 * Algorithms with a public key: https://www.iana.org/assignments/jose. A public key must never be used as a shared
 * secret.
 */
export const PUBLIC_KEY_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
];

/**
 * Where to find the address of a key set: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
 */
export const WHERE_KEYS_ARE =
  "the address of the issuer's key set, which its /.well-known/openid-configuration names as jwks_uri";

/** Curves of those algorithms: https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1.1, https://www.rfc-editor.org/rfc/rfc8037#section-2 */
const CURVES: readonly unknown[] = ['P-256', 'P-384', 'P-521', 'Ed25519'];

/** https://www.rfc-editor.org/rfc/rfc7518#section-3.3 */
const MIN_RSA_BITS = 2_048;

/** Returns the keys of the JSON Web Key Set `text` (https://www.rfc-editor.org/rfc/rfc7517#section-5) that can prove a token's signature. */
export function readKeySet(
  text: string,
): { readonly keys: KeySet } | { readonly fault: KeySetFault } {
  const json = parse(text);
  if (json === undefined) return { fault: explainText(text) };
  const keys: unknown = isJsonObject(json) ? json['keys'] : undefined;
  if (!Array.isArray(keys)) return { fault: explainJson(json) };
  const usable = keys.map((key) => (isJsonObject(key) ? dropNulls(key) : key)).filter(isUsable);
  if (usable.length === 0) return { fault: explainKeys(keys) };
  return { keys: createLocalJWKSet({ keys: usable }) };
}

/** Returns `value` if it is an address that may be shown and configured: https, without user name and password. */
export function showKeySetUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^https:\/\/[\x21-\x7e]{1,500}$/.test(value)) return undefined;
  if (!URL.canParse(value)) return undefined;
  const { username, password, hash } = new URL(value);
  return username === '' && password === '' && hash === '' ? value : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isUsable(key: unknown): key is { readonly kty: string } {
  if (!isJsonObject(key) || 'd' in key) return false;
  const { use = 'sig', key_ops: operations = ['verify'], alg } = key;
  if (use !== 'sig' || !Array.isArray(operations) || !operations.includes('verify')) return false;
  if (alg !== undefined && !PUBLIC_KEY_ALGORITHMS.some((known) => known === alg)) return false;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    return asymmetricKeyType === 'rsa'
      ? (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS
      : CURVES.includes(key['crv']);
  } catch {
    return false;
  }
}

function explainText(text: string): KeySetFault {
  const start = text.trimStart();
  if (start.startsWith('<')) {
    return { what: 'returns a web page, not keys', instead: WHERE_KEYS_ARE };
  }
  if (start.startsWith('-----BEGIN')) return explainPem();
  return { what: 'returns something that is not JSON', instead: WHERE_KEYS_ARE };
}

function explainJson(json: unknown): KeySetFault {
  if (!isJsonObject(json)) {
    return { what: 'returns JSON that is no key set', instead: WHERE_KEYS_ARE };
  }
  const { jwks_uri: uri } = json;
  if (uri !== undefined) {
    return {
      what: "returns the issuer's discovery document, not its keys",
      instead: showKeySetUrl(uri) ?? 'the jwks_uri in it, an https address',
    };
  }
  const isPem = (value: unknown) => typeof value === 'string' && value.startsWith('-----BEGIN');
  if (Object.values(json).some(isPem)) return explainPem();
  const what =
    'kty' in json ? 'returns a single key, not a set' : 'returns JSON without the list "keys"';
  return { what, instead: WHERE_KEYS_ARE };
}

/** Such as the answer of https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com. */
function explainPem(): KeySetFault {
  return {
    what: 'returns certificates or a key in PEM, not a JSON Web Key Set',
    instead: `${WHERE_KEYS_ARE} (Firebase: https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com)`,
  };
}

function explainKeys(keys: readonly unknown[]): KeySetFault {
  const secret =
    'where the issuer signs with a shared secret (HS256), remove it and set AUTH_JWT_SECRET';
  if (keys.length === 0) {
    return { what: 'returns an empty key set', instead: `${WHERE_KEYS_ARE}; ${secret}` };
  }
  if (keys.some((key) => isJsonObject(key) && 'd' in key)) {
    return {
      what: 'returns private keys, with which anyone can make tokens',
      instead: 'the address of new public keys, and never use these again',
    };
  }
  return {
    what: `returns a key set without a public key for one of ${PUBLIC_KEY_ALGORITHMS.join(', ')}`,
    instead: `${WHERE_KEYS_ARE}; ${secret}`,
  };
}
