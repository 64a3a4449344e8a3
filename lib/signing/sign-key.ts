import { deriveKey } from './secrets.ts';

/** Names the use of a key, and the version of how it is derived. */
const KEY_LABEL = 'callback-sign-key/1';

/** Most characters of a `SignKey`, of letters and digits: https://cloud.tencent.com/document/product/266/55246. */
export const MAX_SIGN_KEY_CHARACTERS = 32;

/**
 * Returns the `SignKey` of a tenant's application that comes of `key`, one of `CALLBACK_SIGN_KEYS`, as {@link deriveKey}
 * makes it: 32 hexadecimal digits, which are 128 bits. What is signed with it proves nothing of any other application, nor
 * does it tell anything of `key`, which signs for the service's own.
 */
export function deriveSignKey(key: string, subAppId: number): string {
  return deriveKey(key, `${KEY_LABEL}/${subAppId}`).slice(0, MAX_SIGN_KEY_CHARACTERS);
}

/** By what notifications are proven. */
export interface TrustedSignKeys {
  /** `CALLBACK_SIGN_KEYS`. */
  readonly signKeys: readonly string[];
  /** Whether tenants' applications may sign with the keys of the service's own as well. */
  readonly acceptsShared: boolean;
}
