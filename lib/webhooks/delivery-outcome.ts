import type { Done, Failed, Retry } from '../model/attempt.ts';
import { defined } from '../validation/json-object.ts';
import type { Message } from './message.ts';
import { scheduleRetry } from './retry-schedule.ts';
import type { SendResult } from './target.ts';

/** A message for one target, in nobody else's hands. Times are Unix milliseconds. */
export interface DueDelivery {
  readonly id: string;
  readonly targetId: string;
  readonly message: Message;
  /** Attempts that were made so far. */
  readonly attempts: number;
  /** Start of the three days: when it was asked for, or asked for again; this attempt where nothing is known. */
  readonly since?: number | undefined;
  /** Last time that the target took any message, or was resumed, as far as it is known. */
  readonly targetDeliveredAt?: number | undefined;
}

/**
 * What to write back of a delivery.
 *
 * `done` and `retry` are what they say. `failed` is about this delivery alone: the target has taken others since. `paused` is about its target as well, which
 * shall get nothing more until somebody resumes it: it wants no messages any more, and this delivery waits with all
 * others, or it has taken nothing for as long as deliveries are tried, and this one is `dead`. `unsent` was not tried,
 * since time ran out or its target is gone, and stays as it was. Dead deliveries can be replayed: as new ones, with the
 * same message.
 */
export type DeliveryOutcome = {
  readonly deliveryId: string;
  readonly targetId: string;
} & (
  | (Done & Attempted)
  | (Retry & { readonly at: number } & Attempted)
  | (Failed & Attempted)
  | ({ readonly kind: 'paused'; readonly error: string; readonly dead: boolean } & Attempted)
  | { readonly kind: 'unsent' }
  /** The message could not be built or sent, for a reason of its own. */
  | { readonly kind: 'fault'; readonly cause: unknown }
);

/** The state of a delivery's attempts, to be kept. */
interface Attempted {
  readonly attempts: number;
  readonly since: number;
  /** HTTP status of the last one. */
  readonly status?: number;
}

/** When an attempt was made, and what else decides on the next one. */
export interface AttemptContext {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Last time that the target took any message, or was resumed; minus infinity where neither was. */
  readonly targetDeliveredAt: number;
  readonly random: () => number;
}

/** Returns what becomes of `delivery` after an attempt that ended with `sent`. */
export function decideOutcome(
  delivery: DueDelivery,
  sent: SendResult,
  { startedAt, endedAt, targetDeliveredAt, random }: AttemptContext,
): DeliveryOutcome {
  const since = delivery.since ?? startedAt;
  const attempted = {
    deliveryId: delivery.id,
    targetId: delivery.targetId,
    attempts: delivery.attempts + 1,
    since,
    ...defined({ status: sent.status }),
  };
  if (sent.ok) return { ...attempted, kind: 'done' };

  const error = sent.error ?? 'unknown';
  if (sent.gone) return { ...attempted, kind: 'paused', error, dead: false };
  const pause = scheduleRetry(
    {
      attempts: attempted.attempts,
      ageMilliseconds: endedAt - since,
      retryAfterSeconds: sent.retryAfterSeconds,
    },
    random,
  );
  if (pause !== undefined) {
    return { ...attempted, kind: 'retry', at: endedAt + pause, error };
  }
  // A target that took something else meanwhile is not out of order: it is this message that it does not take.
  return targetDeliveredAt >= since
    ? { ...attempted, kind: 'failed', error }
    : { ...attempted, kind: 'paused', error, dead: true };
}
