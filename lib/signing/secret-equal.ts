import { hash, timingSafeEqual } from 'node:crypto';

/**
 * Returns whether two texts are the same, in a time that tells nothing of where they differ.
 *
 * Digests are compared, so that texts of unequal length cost the same and never throw.
 */
export function secretEqual(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}
