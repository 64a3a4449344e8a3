import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';

/**
 * Returns a key for one use, which `label` names, of a secret that is random itself: 64 hexadecimal digits that tell
 * nothing of it, or of its keys for other uses. It is the one step of HKDF that such a secret takes
 * (https://www.rfc-editor.org/rfc/rfc5869#section-3.3), without the number of the block.
 */
export function deriveKey(secret: string | KeyObject, label: string): string {
  return createHmac('sha256', secret).update(label).digest('hex');
}

/**
 * Returns whether two texts are the same, in a time that tells nothing of where they differ.
 *
 * Digests are compared, so that texts of unequal length cost the same and never throw.
 */
export function secretEqual(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

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
