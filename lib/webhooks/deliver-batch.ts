import { forEachAtOnce } from '../net/concurrency.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { type DeliveryOutcome, type DueDelivery, decideOutcome } from './delivery-outcome.ts';
import type { SendResult, Target } from './target.ts';

/** How a batch is delivered. */
export interface BatchOptions {
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
  /** Milliseconds that the invocation has left. */
  readonly remainingMilliseconds: () => number;
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
  { now, random, remainingMilliseconds }: BatchOptions,
): Promise<DeliveryOutcome> {
  const left = remainingMilliseconds() - RESERVE_MILLISECONDS;
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
