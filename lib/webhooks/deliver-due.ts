import type { ClaimedDelivery, DeliveryLedger } from '../ledger/deliveries/deliveries.ts';
import type { DeadItemLedger } from '../ledger/jobs/dead-items.ts';
import { writePair } from '../model/item-name.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  ITEM_PAUSE_MILLISECONDS,
  MAX_ITEM_TRIES,
} from '../runtime/item-fault.ts';
import { viewUpload } from '../uploads/upload-view.ts';
import {
  type BatchOptions,
  type DeliveryOutcome,
  type DueDelivery,
  deliverBatch,
  hasTimeToDeliver,
} from './deliver-batch.ts';
import type { PausedEndpoint } from './explain-pause.ts';
import { buildUploadMessage, buildVodMessage, type Message } from './message.ts';

/** Dependencies of deliveries. */
export interface DeliveryDependencies extends Omit<BatchOptions<ClaimedDelivery>, 'settle'> {
  readonly ledger: Pick<
    DeliveryLedger,
    'finishDelivery' | 'failDelivery' | 'pauseEndpoint' | 'releaseDeliveries'
  > &
    Pick<DeadItemLedger, 'countItemFailure'>;
  /** Logs a delivery that fails because of the delivery itself. */
  readonly report: (fields: LogFields) => void;
  /** Called with the time at which a delivery that failed or was not sent now is due again, in Unix milliseconds. */
  readonly noteRetry?: ((at: number) => void) | undefined;
}

type Outcome = DeliveryOutcome<ClaimedDelivery>;

/** Number of deliveries by outcome; the names are those of {@link DeliveryOutcome}. */
export interface DeliveryCounts {
  readonly delivered: number;
  readonly retried: number;
  readonly dead: number;
  readonly paused: number;
  readonly unsent: number;
}

/**
 * Makes one attempt at each of `claims` and records its outcome as soon as that is known. Deliveries for which there was no
 * time are released in the end, as if they had not been claimed.
 *
 * An error of the ledger is thrown after all running attempts have ended; deliveries whose outcome was not recorded are
 * due again when their leases expire.
 */
export async function deliverClaimed(
  claims: readonly ClaimedDelivery[],
  dependencies: DeliveryDependencies,
): Promise<DeliveryCounts & { readonly newlyPaused: readonly PausedEndpoint[] }> {
  const { ledger, ...options } = dependencies;
  const faults = { retried: 0, dead: 0 };
  const newlyPaused: PausedEndpoint[] = [];
  const settle = async (outcome: Outcome) => {
    const { claim } = outcome;
    if (outcome.kind === 'fault') {
      faults[await writeFault(claim, outcome.cause, dependencies)] += 1;
    } else if (outcome.kind === 'paused') {
      const { error } = outcome;
      const isNew = await ledger.pauseEndpoint(claim, outcome);
      if (isNew) newlyPaused.push({ endpoint: claim.endpoint, error });
    } else if (outcome.kind !== 'unsent') {
      await writeOutcome(outcome, dependencies);
    }
  };
  const { due, failed } = addressClaims(claims);
  for (const outcome of failed) await settle(outcome);
  const outcomes = await deliverBatch(due, { ...options, settle });
  await releaseUnsent(outcomes, dependencies);
  const count = (kind: Outcome['kind']) =>
    outcomes.filter((outcome) => outcome.kind === kind).length;
  return {
    delivered: count('done'),
    retried: count('retry') + faults.retried,
    dead: count('failed') + faults.dead,
    paused: count('paused'),
    unsent: count('unsent'),
    newlyPaused,
  };
}

/** Builds the messages; one that cannot be built does not stop the others. */
function addressClaims(claims: readonly ClaimedDelivery[]) {
  const due: DueDelivery<ClaimedDelivery>[] = [];
  const failed: Outcome[] = [];
  for (const claim of claims) {
    try {
      due.push(addressClaim(claim));
    } catch (error) {
      failed.push({ kind: 'fault', claim, cause: error });
    }
  }
  return { due, failed };
}

async function writeFault(
  claim: ClaimedDelivery,
  error: unknown,
  { ledger, clock, report }: DeliveryDependencies,
): Promise<'retried' | 'dead'> {
  const id = writePair(claim.eventId, claim.endpoint);
  const failure = { kind: 'delivery', id, ...explainItemFault(error) } as const;
  const counted = await ledger.countItemFailure(failure, MAX_ITEM_TRIES);
  const end = counted.isDead
    ? { dead: true as const }
    : { nextAttemptAt: clock.now() + ITEM_PAUSE_MILLISECONDS };
  await ledger.failDelivery(claim, { error: failure.code, ...end });
  report({ ...toErrorLogFields(error), ...describeItemFailure(failure, counted) });
  return counted.isDead ? 'dead' : 'retried';
}

function addressClaim(claim: ClaimedDelivery): DueDelivery<ClaimedDelivery> {
  return {
    claim,
    targetId: claim.endpoint,
    message: buildMessage(claim.event),
    // The ledger counts the attempt that is about to be made.
    attempts: claim.attempt - 1,
    since: claim.enqueuedAt,
    targetDeliveredAt: claim.endpointDeliveredAt,
  };
}

/** Returns the message about an event of the ledger. */
export function buildMessage(event: ClaimedDelivery['event']): Message {
  if (event.kind === 'upload') return buildUploadMessage(viewUpload(event.upload));
  const { eventId, payload: raw, subAppId, receivedAt, unconfirmed, hasEnvelope } = event;
  return buildVodMessage({ eventId, raw, subAppId, receivedAt, unconfirmed, hasEnvelope });
}

async function writeOutcome(
  outcome: Exclude<Outcome, { readonly kind: 'fault' | 'paused' | 'unsent' }>,
  { ledger, noteRetry }: DeliveryDependencies,
): Promise<void> {
  const { claim } = outcome;
  switch (outcome.kind) {
    case 'done':
      await ledger.finishDelivery(claim);
      break;
    case 'retry':
      await ledger.failDelivery(claim, { error: outcome.error, nextAttemptAt: outcome.at });
      noteRetry?.(outcome.at);
      break;
    case 'failed':
      await ledger.failDelivery(claim, { error: outcome.error, dead: true });
  }
}

/** Releases deliveries without an attempt. */
async function releaseUnsent(
  outcomes: readonly Outcome[],
  { ledger, clock, deadline, noteRetry }: DeliveryDependencies,
): Promise<void> {
  const unsent = outcomes.filter(({ kind }) => kind === 'unsent');
  if (unsent.length === 0) return;
  await ledger.releaseDeliveries(unsent.map(({ claim }) => claim));
  // A target that wants no more messages is paused.
  if (!hasTimeToDeliver({ deadline })) noteRetry?.(clock.now());
}
