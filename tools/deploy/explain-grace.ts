import type { Environment } from '../../lib/config/environment.ts';
import {
  type Grace,
  judgeGrace,
  MAX_SHARED_KEY_SECONDS,
} from '../../lib/ingest/verify-notification.ts';
import { parseIsoTime } from '../../lib/validation/iso-time.ts';
import { MAX_SIGNATURE_SECONDS } from '../../lib/validation/limits.ts';

/** Longest grace of each variable in seconds from now, and the reason for this length. */
const GRACES = {
  SOURCE_CONTEXT_V1_UNTIL: [MAX_SIGNATURE_SECONDS, 'the life of the longest signature'],
  CALLBACK_SHARED_SIGN_KEY_UNTIL: [MAX_SHARED_KEY_SECONDS, 'more than "vod-upload setup" takes'],
} as const;

/** Name of a variable with the end of a grace. */
export type GraceName = keyof typeof GRACES;

/** All of those names. */
export const GRACE_NAMES: readonly GraceName[] = [
  'SOURCE_CONTEXT_V1_UNTIL',
  'CALLBACK_SHARED_SIGN_KEY_UNTIL',
];

/**
 * Returns the state of a grace; undefined where it is not set, or is not a time, which the check of the variables
 * reports.
 *
 * @param now Unix milliseconds.
 */
export function readGrace(
  name: GraceName,
  { [name]: until }: Environment,
  now: number,
): Grace | undefined {
  const end = until === undefined ? undefined : parseIsoTime(until);
  return end === undefined ? undefined : judgeGrace(end, GRACES[name][0], now);
}

/** Returns why a grace that is too long has no effect. */
export function explainTooLong(name: GraceName): string {
  const [seconds, reason] = GRACES[name];
  return `${name} must be at most ${seconds / 86_400} days ahead, ${reason}; until then it has no effect`;
}
