import type { Done, Failed, Retry } from '../model/attempt.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import type { Clock, Deadline, Random } from '../system.ts';
import { forEachAtOnce } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import type { Message } from './message.ts';
import { scheduleRetry } from './retry-schedule.ts';
import type { SendResult, Target } from './target.ts';

/** Options of a batch; `Claim` is what its caller calls a delivery. */
export interface BatchOptions<Claim> {
  readonly targets: readonly Target[];
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'fraction'>;
  /** When the invocation ends. */
  readonly deadline: Deadline;
  /** Stores an outcome as soon as it is known, so that a slow target does not delay the outcomes of others. */
  readonly settle: (outcome: DeliveryOutcome<Claim>) => Promise<void>;
}

/** Most messages in flight to one target. */
const MAX_PER_TARGET = 4;

/** Most messages in flight in total, unless there are more targets than that. */
const MAX_IN_FLIGHT = 16;

/** Longest attempt in milliseconds. */
export const ATTEMPT_MILLISECONDS = 10_000;

/** With less time, an attempt would fail for consumers that are only a little slow. */
const SHORTEST_MILLISECONDS = 2_000;

/** Reserved for storing outcomes, in milliseconds. */
const RESERVE_MILLISECONDS = 1_000;

/** Returns whether there is time for an attempt; without it, no delivery is to be claimed. */
export function hasTimeToDeliver({ deadline }: Pick<BatchOptions<unknown>, 'deadline'>): boolean {
  return deadline.left() >= SHORTEST_MILLISECONDS + RESERVE_MILLISECONDS;
}

/** A target that is no longer, or not yet, configured here; another version of the function may know it. */
const UNKNOWN_TARGET: SendResult = { ok: false, error: 'unknown_target', gone: false };

/**
 * Sends every delivery once and returns the outcomes to store, in the order in which the attempts ended.
 *
 * Each target has its own lanes, so a slow one delays only itself. An error of `settle`, or one of `Target.send` that
 * is not about the message, is thrown after all other lanes have ended.
 */
export async function deliverBatch<Claim>(
  deliveries: readonly DueDelivery<Claim>[],
  options: BatchOptions<Claim>,
): Promise<readonly DeliveryOutcome<Claim>[]> {
  const outcomes: DeliveryOutcome<Claim>[] = [];
  const queues = groupByTarget(deliveries, options.targets);
  const lanes = Math.max(1, Math.min(MAX_PER_TARGET, Math.floor(MAX_IN_FLIGHT / queues.length)));
  await forEachAtOnce(queues, queues.length, (queue) =>
    forEachAtOnce(queue.waiting, lanes, async (delivery) => {
      const outcome = await deliver(delivery, queue, options);
      outcomes.push(outcome);
      await options.settle(outcome);
    }),
  );
  return outcomes;
}

/** The deliveries to one target, and what this batch has found out about the target. */
interface Queue<Claim> {
  readonly target: Target | undefined;
  readonly waiting: readonly DueDelivery<Claim>[];
  gone: boolean;
  deliveredAt: number;
}

function groupByTarget<Claim>(
  deliveries: readonly DueDelivery<Claim>[],
  targets: readonly Target[],
): readonly Queue<Claim>[] {
  return [...new Set(deliveries.map(({ targetId }) => targetId))].map((targetId) => {
    const own = deliveries.filter((delivery) => delivery.targetId === targetId);
    const target = targets.find(({ id }) => id === targetId);
    const known = own.map(({ targetDeliveredAt = Number.NEGATIVE_INFINITY }) => targetDeliveredAt);
    return {
      target,
      waiting: own,
      gone: false,
      // A target that is not configured here must not be paused.
      deliveredAt: target === undefined ? Number.POSITIVE_INFINITY : Math.max(...known),
    };
  });
}

async function deliver<Claim>(
  delivery: DueDelivery<Claim>,
  queue: Queue<Claim>,
  options: BatchOptions<Claim>,
): Promise<DeliveryOutcome<Claim>> {
  if (queue.gone || !hasTimeToDeliver(options)) return { kind: 'unsent', claim: delivery.claim };
  const { clock, random, deadline } = options;
  const startedAt = clock.now();
  const timeLimit = Math.min(ATTEMPT_MILLISECONDS, deadline.left() - RESERVE_MILLISECONDS);
  const sent = await send(delivery, queue.target, timeLimit);
  if ('kind' in sent) return sent;
  const endedAt = clock.now();
  if (sent.gone) queue.gone = true;
  if (sent.ok) queue.deliveredAt = endedAt;
  return decideOutcome(delivery, sent, {
    startedAt,
    endedAt,
    targetDeliveredAt: queue.deliveredAt,
    random,
  });
}

async function send<Claim>(
  { claim, message }: DueDelivery<Claim>,
  target: Target | undefined,
  timeLimit: number,
): Promise<SendResult | Extract<DeliveryOutcome<Claim>, { readonly kind: 'fault' }>> {
  try {
    return (await target?.send(message, timeLimit)) ?? UNKNOWN_TARGET;
  } catch (error) {
    if (!isItemFault(error)) throw error;
    return { kind: 'fault', claim, cause: error };
  }
}

/** A message for one target, claimed by this process. Times are Unix milliseconds. */
export interface DueDelivery<Claim> {
  /** What its caller has claimed, which its outcome has, too. */
  readonly claim: Claim;
  readonly targetId: string;
  readonly message: Message;
  /** Attempts that were made so far. */
  readonly attempts: number;
  /** Start of the three days: when it was enqueued or replayed; if unknown, this attempt. */
  readonly since?: number | undefined;
  /** Last time at which the target accepted any message, or was resumed, if known. */
  readonly targetDeliveredAt?: number | undefined;
}

/**
 * Outcome of a delivery, which is to be stored.
 *
 * `done` and `retry` have their usual meaning. `failed` is about this delivery alone: the target has accepted others
 * since. `paused` is also about its target, which is sent nothing more until an operator resumes it: either it wants no
 * more messages, and this delivery waits with all others, or it has accepted nothing for the whole retry period, and
 * this delivery is `dead`. `unsent` was not attempted, since time ran out or its target wants no more messages, and does not
 * change. Dead deliveries can be replayed: as new ones, with the same message.
 */
export type DeliveryOutcome<Claim> = { readonly claim: Claim } & (
  | (Done & Attempted)
  | (Retry & { readonly at: number } & Attempted)
  | (Failed & Attempted)
  | ({ readonly kind: 'paused'; readonly error: string; readonly dead: boolean } & Attempted)
  | { readonly kind: 'unsent' }
  /** The message could not be built or sent because of the message itself. */
  | { readonly kind: 'fault'; readonly cause: unknown }
);

/** The attempts of a delivery so far, which are to be stored. */
interface Attempted {
  readonly attempts: number;
  readonly since: number;
  /** HTTP status of the last one. */
  readonly status?: number;
}

/** When an attempt was made, and what else decides about the next one. */
interface AttemptContext {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Last time at which the target accepted any message, or was resumed; minus infinity if neither happened. */
  readonly targetDeliveredAt: number;
  readonly random: Pick<Random, 'fraction'>;
}

/** Returns the outcome of `delivery` after an attempt with the result `sent`. */
function decideOutcome<Claim>(
  delivery: DueDelivery<Claim>,
  sent: SendResult,
  { startedAt, endedAt, targetDeliveredAt, random }: AttemptContext,
): DeliveryOutcome<Claim> {
  const since = delivery.since ?? startedAt;
  const attempted = {
    claim: delivery.claim,
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
  // A target that has accepted another message since then works; it only refuses this one.
  return targetDeliveredAt >= since
    ? { ...attempted, kind: 'failed', error }
    : { ...attempted, kind: 'paused', error, dead: true };
}
