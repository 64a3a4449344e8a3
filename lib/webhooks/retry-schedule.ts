import type { Random } from '../system.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * A pause is a random time between two neighbours in this list, whose entries the specification suggests as pauses. So
 * every pause is at least as long as the one before, and deliveries that failed together are spread over the whole
 * step.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
 */
const STEPS = [
  SECOND,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** How long a delivery is retried, in milliseconds: three days. */
export const RETRY_MILLISECONDS = 72 * HOUR;

/** The last attempt is made within this number of milliseconds before the end, so that last attempts are spread too. */
const LAST_ATTEMPT_MILLISECONDS = HOUR;

/** What the next attempt depends on. */
export interface FailedAttempts {
  /** Attempts so far, including the one that just failed. */
  readonly attempts: number;
  /** Milliseconds since the first of them began. */
  readonly ageMilliseconds: number;
  /** From the consumer's `Retry-After`. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Returns the whole milliseconds until the next attempt, or undefined after the last one. */
export function scheduleRetry(
  failed: FailedAttempts,
  random: Pick<Random, 'fraction'>,
): number | undefined {
  const { attempts, ageMilliseconds, retryAfterSeconds = 0 } = failed;
  const untilLast = RETRY_MILLISECONDS - LAST_ATTEMPT_MILLISECONDS - Math.max(0, ageMilliseconds);
  if (untilLast <= 0) return undefined;

  const chance = random.fraction();
  const step = Math.min(Math.max(1, attempts), STEPS.length - 1);
  const shortest = STEPS[step - 1] ?? SECOND;
  const longest = STEPS[step] ?? SECOND;
  const asked = retryAfterSeconds * SECOND;
  const pause = Math.max(
    shortest + chance * (longest - shortest),
    // The consumer's time may be exceeded, but not shortened.
    asked + chance * (asked / 10),
  );
  const wait = pause < untilLast ? pause : untilLast + chance * LAST_ATTEMPT_MILLISECONDS;
  return Math.ceil(wait);
}

/** Longest time that a consumer may ask for, in seconds: a day, which is also the longest pause. */
const MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60;

/**
 * Returns the seconds of a `Retry-After`, or undefined if there is no valid one.
 *
 * @param now Unix milliseconds.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  // A date begins with a weekday; without this check, `Date.parse` would accept almost any text.
  const time = /^[A-Z][a-z]+, /.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) return undefined;
  return Math.min(Math.max(0, Math.ceil((time - now) / 1_000)), MAX_RETRY_AFTER_SECONDS);
}
