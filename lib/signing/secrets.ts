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
