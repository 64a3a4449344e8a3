import { recordAbsence } from '../ingest/absent-arrival.ts';
import { confirmEvent } from '../ingest/confirm-event.ts';
import { countEventFailure } from '../ingest/failed-event.ts';
import { recordNotification } from '../ingest/ingest.ts';
import { MAX_UNCONFIRMED } from '../ingest/pending-confirmation.ts';
import { selectDeletions } from '../ingest/select-deletions.ts';
import { trustContexts } from '../ingest/verify-notification.ts';
import type { ClaimedConfirmation } from '../ledger/pending-confirmations.ts';
import { type Attempt, DONE } from '../model/attempt.ts';
import { ITEM_PAUSE_MILLISECONDS, isItemFault } from '../runtime/item-fault.ts';
import { defined } from '../validation/json-object.ts';
import { isVodEventType, parseVodEvent } from '../vod/event.ts';
import { scheduleRetry } from '../webhooks/retry-schedule.ts';
import type { StepCounts } from './step-counts.ts';
import { forEachInTime, hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of notifications that VOD could not be asked about when they were received. */
export const UNCONFIRMED_COUNTS = [
  'confirmed',
  'denied',
  'retried',
  'givenUp',
  'setAside',
] as const;

type UnconfirmedCounts = StepCounts<(typeof UNCONFIRMED_COUNTS)[number]>;

const AT_ONCE = 4;
const CLAIM_COUNT = 40;

/** Longer than all claims of one round take. */
const LEASE_SECONDS = 180;

/**
 * Asks VOD about notifications that it could not be asked about when they were received. Confirmed ones are recorded,
 * and denied ones are dropped. If VOD still does not answer, they wait longer each time, for three days.
 */
export async function confirmPending(run: SweepRun, counts: UnconfirmedCounts): Promise<void> {
  while (hasTime(run)) {
    const claims = await run.ledger.claimConfirmations(CLAIM_COUNT, LEASE_SECONDS);
    if (claims.length === 0) return;
    await forEachInTime(claims, AT_ONCE, run, {
      work: (claim) => confirmOrFail(claim, run, counts),
      fail: counts.fail,
    });
  }
}

async function confirmOrFail(
  claim: ClaimedConfirmation,
  run: SweepRun,
  counts: UnconfirmedCounts,
): Promise<void> {
  try {
    await confirmOne(claim, run, counts);
  } catch (error) {
    if (!isItemFault(error)) throw error;
    counts.fail(error);
    const { ledger, now } = run;
    const [own] = run.applications;
    const { subAppId = own, proven = false, ...pending } = claim;
    const failed = { ...pending, proven, subAppId, own };
    const { counted, log } = await countEventFailure(failed, error, ledger);
    if (counted.isDead) await ledger.finishConfirmation(claim);
    else await ledger.retryConfirmation(claim, now() + ITEM_PAUSE_MILLISECONDS);
    if (counted.isNews) counts.add('setAside');
    run.report(log);
  }
}

async function confirmOne(
  claim: ClaimedConfirmation,
  run: SweepRun,
  counts: UnconfirmedCounts,
): Promise<void> {
  const { ledger } = run;
  const outcome = await askAndRecord(claim, run);
  switch (outcome.kind) {
    case 'done':
      counts.add('confirmed');
      return ledger.finishConfirmation(claim);
    case 'failed':
      counts.add('denied');
      report(claim, run, 'VOD does not confirm a notification, so it was dropped as forged.');
      return ledger.finishConfirmation(claim);
    case 'retry':
      if (outcome.cause !== undefined) counts.fail(outcome.cause);
      if (outcome.at === undefined) return putOff(claim, run, counts);
      await ledger.retryConfirmation(claim, outcome.at);
      counts.add('retried');
  }
}

/** Asks VOD about an event that it did not report itself, and records its answer. */
async function askAndRecord(claim: ClaimedConfirmation, run: SweepRun): Promise<Attempt> {
  const { api, ledger, settings, now, deadline } = run;
  const [own] = run.applications;
  // Events that were stored before an application was configured belong to the service's own.
  const { subAppId = own, receivedAt } = claim;
  const origin = { subAppId, own, contexts: trustContexts(run.contexts, now()) };
  const reception = { ...origin, receivedAt, confirmed: true, settings };
  const pending = parseVodEvent(claim.raw);
  if (claim.proven) {
    await recordNotification(pending, reception, ledger);
    return DONE;
  }
  const event =
    pending.eventType === 'FileDeleted'
      ? (await selectDeletions(pending, origin, { ledger: (work) => work(ledger), receivedAt }))
          .event
      : pending;
  if (event === undefined) return DONE;
  const confirmation = await confirmEvent(event, api, { deadline, subAppId });
  if (confirmation.kind === 'retry') return confirmation;
  if (confirmation.kind === 'failed') {
    const { absent } = confirmation;
    return absent === undefined ? confirmation : recordAbsence(absent, reception, ledger, now());
  }
  const { confirmed } = confirmation;
  const isTooMuch = !confirmed && (await ledger.incrementUnconfirmed(subAppId)) > MAX_UNCONFIRMED;
  if (isTooMuch) return { kind: 'retry', error: 'unconfirmed_exceeded' };
  await recordNotification(confirmation.event, { ...reception, confirmed }, ledger);
  return DONE;
}

async function putOff(
  claim: ClaimedConfirmation,
  run: SweepRun,
  counts: UnconfirmedCounts,
): Promise<void> {
  const { ledger, now, random } = run;
  const ageMilliseconds = now() - claim.receivedAt;
  const pause = scheduleRetry({ attempts: claim.attempt, ageMilliseconds }, random);
  if (pause !== undefined) {
    await ledger.retryConfirmation(claim, now() + pause);
    counts.add('retried');
    return;
  }
  counts.add('givenUp');
  report(claim, run, 'VOD could not be asked about a notification for three days: dropped.');
  await ledger.finishConfirmation(claim);
}

function report(
  { eventId, subAppId, raw }: ClaimedConfirmation,
  run: SweepRun,
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
