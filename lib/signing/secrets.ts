import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';

/**
 * Returns a key for one use, which `label` names, derived from a random secret: 64 hexadecimal digits that reveal
 * nothing about the secret or about its keys for other uses. This is the expand step of HKDF, the only one that a
 * random secret needs (https://www.rfc-editor.org/rfc/rfc5869#section-3.3), without the block number.
 */
export function deriveKey(secret: string | KeyObject, label: string): string {
  return createHmac('sha256', secret).update(label).digest('hex');
}

/**
 * Returns whether two texts are the same, in a time that does not reveal where they differ.
 *
 * Digests are compared, so that texts of unequal length cost the same and never throw.
 */
export function secretEqual(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

/** Names the use of a key, and the version of its derivation. */
const KEY_LABEL = 'callback-sign-key/1';

/** Most characters (letters and digits) of a `SignKey`: https://cloud.tencent.com/document/product/266/55246. */
export const MAX_SIGN_KEY_CHARACTERS = 32;

/**
 * Returns the `SignKey` of a tenant's application, which {@link deriveKey} derives from `key`, one of
 * `CALLBACK_SIGN_KEYS`: 32 hexadecimal digits, which are 128 bits. A signature made with it proves nothing about any
 * other application, and it reveals nothing about `key`, which signs for the service's own application.
 */
export function deriveSignKey(key: string, subAppId: number): string {
  return deriveKey(key, `${KEY_LABEL}/${subAppId}`).slice(0, MAX_SIGN_KEY_CHARACTERS);
}

/** Keys that may sign notifications. */
export interface TrustedSignKeys {
  /** `CALLBACK_SIGN_KEYS`. */
  readonly signKeys: readonly string[];
  /** Whether tenants' applications may also sign with `signKeys` directly. */
  readonly acceptsShared: boolean;
}
