import type { Done, Failed, Retry } from '../model/attempt.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import type { Deadline } from '../system.ts';
import { forEachAtOnce } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import type { Message } from './message.ts';
import { scheduleRetry } from './retry-schedule.ts';
import type { SendResult, Target } from './target.ts';

/** How a batch is delivered. */
export interface BatchOptions {
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
  /** When the invocation ends. */
  readonly deadline: Deadline;
  /** Writes an outcome back as soon as it is known, so that a slow target does not hold up what others took. */
  readonly settle?: (outcome: DeliveryOutcome) => Promise<void>;
}

/** Most messages in flight to one target. */
const MAX_PER_TARGET = 4;

/** Most messages in flight in all, as long as there are no more targets than that. */
const MAX_IN_FLIGHT = 16;

/** Longest attempt in milliseconds. */
const ATTEMPT_MILLISECONDS = 10_000;

/** Shorter attempts would count against consumers that are only a little slow. */
const SHORTEST_MILLISECONDS = 2_000;

/** Kept back for writing outcomes back, in milliseconds. */
const RESERVE_MILLISECONDS = 1_000;

/** A target that is no longer, or not yet, configured here: another version of the function may know it. */
const UNKNOWN_TARGET: SendResult = { ok: false, error: 'unknown_target', gone: false };

/**
 * Sends every delivery once and returns what to write back, in the order in which the attempts ended.
 *
 * Each target has lanes of its own that nobody else's messages are in, so a slow one delays only itself. What `settle`
 * throws, and `Target.send` where it is not about the message, is thrown when all other lanes have ended.
 */
export async function deliverBatch(
  deliveries: readonly DueDelivery[],
  options: BatchOptions,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes: DeliveryOutcome[] = [];
  const queues = groupByTarget(deliveries, options.targets);
  const lanes = Math.max(1, Math.min(MAX_PER_TARGET, Math.floor(MAX_IN_FLIGHT / queues.length)));
  await forEachAtOnce(queues, queues.length, (queue) =>
    forEachAtOnce(queue.waiting, lanes, async (delivery) => {
      const outcome = await deliver(delivery, queue, options);
      outcomes.push(outcome);
      await options.settle?.(outcome);
    }),
  );
  return outcomes;
}

/** What waits for one target, and what this batch has learnt of the target. */
interface Queue {
  readonly target: Target | undefined;
  readonly waiting: readonly DueDelivery[];
  gone: boolean;
  deliveredAt: number;
}

function groupByTarget(
  deliveries: readonly DueDelivery[],
  targets: readonly Target[],
): readonly Queue[] {
  return [...new Set(deliveries.map(({ targetId }) => targetId))].map((targetId) => {
    const own = deliveries.filter((delivery) => delivery.targetId === targetId);
    const target = targets.find(({ id }) => id === targetId);
    const known = own.map(({ targetDeliveredAt = Number.NEGATIVE_INFINITY }) => targetDeliveredAt);
    return {
      target,
      waiting: own,
      gone: false,
      // What is not configured here cannot be out of order.
      deliveredAt: target === undefined ? Number.POSITIVE_INFINITY : Math.max(...known),
    };
  });
}

async function deliver(
  delivery: DueDelivery,
  queue: Queue,
  { now, random, deadline }: BatchOptions,
): Promise<DeliveryOutcome> {
  const left = deadline.left() - RESERVE_MILLISECONDS;
  if (queue.gone || left < SHORTEST_MILLISECONDS) {
    return { kind: 'unsent', deliveryId: delivery.id, targetId: delivery.targetId };
  }
  const startedAt = now();
  const timeLimit = Math.min(ATTEMPT_MILLISECONDS, left);
  const sent = await send(delivery, queue, timeLimit);
  if ('kind' in sent) return sent;
  const endedAt = now();
  if (sent.gone) queue.gone = true;
  if (sent.ok) queue.deliveredAt = endedAt;
  return decideOutcome(delivery, sent, {
    startedAt,
    endedAt,
    targetDeliveredAt: queue.deliveredAt,
    random,
  });
}

async function send(
  { id: deliveryId, targetId, message }: DueDelivery,
  { target }: Queue,
  timeLimit: number,
): Promise<SendResult | Extract<DeliveryOutcome, { readonly kind: 'fault' }>> {
  try {
    return (await target?.send(message, timeLimit)) ?? UNKNOWN_TARGET;
  } catch (error) {
    if (!isItemFault(error)) throw error;
    return { kind: 'fault', deliveryId, targetId, cause: error };
  }
}

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
interface AttemptContext {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Last time that the target took any message, or was resumed; minus infinity where neither was. */
  readonly targetDeliveredAt: number;
  readonly random: () => number;
}

/** Returns what becomes of `delivery` after an attempt that ended with `sent`. */
function decideOutcome(
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
