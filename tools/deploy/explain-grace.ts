import type { Environment } from '../../lib/config/environment.ts';
import { parseIsoTime } from '../../lib/validation/iso-time.ts';
import { MAX_SIGNATURE_SECONDS } from '../../lib/validation/limits.ts';

/** What `SOURCE_CONTEXT_V1_UNTIL` comes to at a time: contexts without a MAC are taken now, no more, or not yet. */
export type Grace = 'lasts' | 'is over' | 'is too long';

/**
 * Returns what `SOURCE_CONTEXT_V1_UNTIL` comes to; undefined where it is not set, or is no time, which is told of the
 * variables.
 *
 * @param now Unix milliseconds.
 */
export function readGrace(
  { SOURCE_CONTEXT_V1_UNTIL: until }: Environment,
  now: number,
): Grace | undefined {
  const end = until === undefined ? undefined : parseIsoTime(until);
  if (end === undefined) return undefined;
  const seconds = end - now / 1_000;
  if (seconds <= 0) return 'is over';
  return seconds <= MAX_SIGNATURE_SECONDS ? 'lasts' : 'is too long';
}

/** That nothing is taken by it. */
export const TOO_LONG_GRACE = `SOURCE_CONTEXT_V1_UNTIL must be at most ${MAX_SIGNATURE_SECONDS / 86_400} days ahead, the life of the longest signature; until then it does nothing`;
