import type { ContextConfig } from '../config/context-config.ts';
import type { ClaimedConfirmation } from '../ledger/jobs/pending-confirmations.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Attempt, DONE } from '../model/attempt.ts';
import type { Applications } from '../policy/applications.ts';
import type { Settings } from '../policy/settings.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { ITEM_PAUSE_MILLISECONDS, isItemFault } from '../runtime/item-fault.ts';
import type { Clock, Deadline, Random } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import { isVodEventType, parseVodEvent } from '../vod/event.ts';
import { scheduleRetry } from '../webhooks/retry-schedule.ts';
import { recordAbsence } from './absent-arrival.ts';
import {
  type Confirmation,
  type Confirmed,
  type ConfirmingApi,
  confirmEvent,
} from './confirm-event.ts';
import { type IngestedEvent, LEASE_SECONDS, recordNotification } from './durable.ts';
import { countEventFailure } from './failed-event.ts';
import { MAX_UNCONFIRMED, scheduleLook } from './pending-confirmation.ts';
import type { Reception } from './plan-event.ts';
import { selectDeletions, separateParts } from './select-deletions.ts';
import { trustContexts } from './verify-notification.ts';

/** Dependencies of confirming notifications that were stored. */
export interface ConfirmRun {
  readonly ledger: Ledger;
  readonly api: ConfirmingApi;
  readonly applications: Applications;
  readonly contexts: ContextConfig;
  readonly settings: Settings;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'fraction'>;
  /** When VOD must have answered. */
  readonly deadline: Deadline;
  /** Writes a separate log line about something that an operator should look at. */
  readonly report: (fields: LogFields) => void;
  /** Is given what was recorded of a notification, with the deliveries claimed, of which it makes the first attempts. */
  readonly recorded?: (events: readonly IngestedEvent[]) => void;
}

/** Counts of these notifications, by what became of them. */
export interface ConfirmCounts {
  readonly add: (name: 'confirmed' | 'denied' | 'retried' | 'givenUp' | 'setAside') => void;
  /** Counts a failure by its reason. */
  readonly fail: (error: unknown) => void;
}

/**
 * Asks VOD about a claimed notification and records its answer. A confirmed one is recorded, and a denied one is
 * dropped. If VOD does not answer, it waits longer each time, for three days; one that fails because of itself is set
 * aside after some attempts.
 *
 * @throws errors that are not about the notification.
 */
export async function confirmClaimed(
  claim: ClaimedConfirmation,
  run: ConfirmRun,
  counts: ConfirmCounts,
): Promise<void> {
  try {
    await confirmOne(claim, run, counts);
  } catch (error) {
    if (!isItemFault(error)) throw error;
    counts.fail(error);
    const { ledger, clock } = run;
    const [own] = run.applications;
    const { subAppId = own, proven = false, ...pending } = claim;
    const failed = { ...pending, proven, subAppId, own };
    const { counted, log } = await countEventFailure(failed, error, ledger);
    if (counted.isDead) await ledger.finishConfirmation(claim);
    else await ledger.retryConfirmation(claim, clock.now() + ITEM_PAUSE_MILLISECONDS);
    if (counted.isNews) counts.add('setAside');
    run.report(log);
  }
}

async function confirmOne(
  claim: ClaimedConfirmation,
  run: ConfirmRun,
  counts: ConfirmCounts,
): Promise<void> {
  const { ledger } = run;
  const outcome = await askAndRecord(claim, run);
  switch (outcome.kind) {
    case 'done':
      counts.add('confirmed');
      return ledger.finishConfirmation(claim);
    case 'failed':
      counts.add('denied');
      report(claim, run, outcome.error === UNSHOWN.error ? NEVER_SHOWN : FORGED);
      return ledger.finishConfirmation(claim);
    case 'retry':
      if (outcome.cause !== undefined) counts.fail(outcome.cause);
      if (outcome.at === undefined) return putOff(claim, run, counts);
      await ledger.retryConfirmation(claim, outcome.at);
      counts.add('retried');
  }
}

const FORGED = 'VOD does not confirm a notification, so it was dropped as forged.';
const NEVER_SHOWN = 'VOD has not shown in time what a notification says, so it was dropped.';

/** Asks VOD about an event that it did not report itself, and records its answer. */
async function askAndRecord(claim: ClaimedConfirmation, run: ConfirmRun): Promise<Attempt> {
  const { api, ledger, settings, clock, deadline } = run;
  const [own] = run.applications;
  // Events that were stored before an application was configured belong to the service's own.
  const { subAppId = own, receivedAt } = claim;
  const origin = { subAppId, own, contexts: trustContexts(run.contexts, clock.now()) };
  const leaseSeconds = run.recorded && LEASE_SECONDS;
  const reception = { ...origin, receivedAt, confirmed: true, settings, leaseSeconds };
  const pending = parseVodEvent(claim.raw);
  if (claim.proven) {
    const recorded = await recordNotification(pending, reception, ledger);
    run.recorded?.(recorded);
    return DONE;
  }
  const event =
    pending.eventType === 'FileDeleted'
      ? (await selectDeletions(pending, origin, { ledger: (work) => work(ledger), receivedAt }))
          .event
      : pending;
  if (event === undefined) return DONE;
  const outcomes: Attempt[] = [];
  for (const part of event.eventType === 'FileDeleted' ? separateParts(event) : [event]) {
    const confirmation = await confirmEvent(part, api, { deadline, subAppId });
    outcomes.push(await recordAnswer(confirmation, reception, run));
  }
  return outcomes.find(({ kind }) => kind !== 'done') ?? DONE;
}

async function recordAnswer(
  confirmation: Confirmation,
  reception: Reception,
  run: ConfirmRun,
): Promise<Attempt> {
  const { ledger, clock } = run;
  switch (confirmation.kind) {
    case 'done':
      return recordConfirmed(confirmation, reception, run);
    case 'unshown': {
      const { event, otherwise } = confirmation;
      const at = scheduleLook(event, reception.receivedAt, clock.now());
      if (at !== undefined) return { kind: 'retry', error: UNSHOWN.error, at };
      return otherwise ? recordConfirmed(otherwise, reception, run) : UNSHOWN;
    }
    case 'retry':
      return confirmation;
    case 'failed': {
      if (confirmation.absent === undefined) return confirmation;
      const recorded = await recordAbsence(confirmation.absent, reception, ledger, clock.now());
      if (recorded.kind === 'done') run.recorded?.(recorded.events);
      return recorded;
    }
  }
}

const UNSHOWN = { kind: 'failed', error: 'unshown' } as const;

/** As long as the number of unconfirmed events is limited for. */
const MINUTE = 60_000;

async function recordConfirmed(
  { event, confirmed, isUnshown }: Confirmed,
  reception: Reception,
  { ledger, clock, recorded }: ConfirmRun,
): Promise<Attempt> {
  const { subAppId } = reception;
  const isTooMuch = !confirmed && (await ledger.incrementUnconfirmed(subAppId)) > MAX_UNCONFIRMED;
  if (isTooMuch) return { kind: 'retry', error: 'unconfirmed_exceeded', at: clock.now() + MINUTE };
  const ingested = await recordNotification(event, { ...reception, confirmed, isUnshown }, ledger);
  recorded?.(ingested);
  return DONE;
}

async function putOff(
  claim: ClaimedConfirmation,
  run: ConfirmRun,
  counts: ConfirmCounts,
): Promise<void> {
  const { ledger, clock, random } = run;
  const ageMilliseconds = clock.now() - claim.receivedAt;
  const pause = scheduleRetry({ attempts: claim.attempt, ageMilliseconds }, random);
  if (pause !== undefined) {
    await ledger.retryConfirmation(claim, clock.now() + pause);
    counts.add('retried');
    return;
  }
  counts.add('givenUp');
  report(claim, run, 'VOD could not be asked about a notification for three days: dropped.');
  await ledger.finishConfirmation(claim);
}

function report(
  { eventId, subAppId, raw }: ClaimedConfirmation,
  run: ConfirmRun,
  reason: string,
): void {
  const { EventType: eventType } = raw;
  run.report({
    level: 'warn',
    eventId,
    // Its content is not confirmed.
    ...defined({ subAppId, eventType: isVodEventType(eventType) ? eventType : undefined }),
    reason,
  });
}
