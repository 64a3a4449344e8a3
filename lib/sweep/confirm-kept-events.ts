import { trustContexts } from '../config/context-config.ts';
import {
  type AbsentEvent,
  noteAbsence,
  SHOWN_MILLISECONDS,
  takeAbsence,
} from '../ingest/absent-arrival.ts';
import { MAX_UNCONFIRMED } from '../ingest/bound-unconfirmed.ts';
import { confirmEvent } from '../ingest/confirm-event.ts';
import type { Origin } from '../ingest/received-event.ts';
import { type SelectionDependencies, selectQuestion } from '../ingest/select-question.ts';
import { failEvent } from '../ingest/set-aside-event.ts';
import { takePushedEvent } from '../ingest/take-pushed-event.ts';
import type { ClaimedConfirmation } from '../ledger/pending-confirmations.ts';
import { ITEM_PAUSE_MILLISECONDS, isItemFault } from '../runtime/item-fault.ts';
import { parseVodEvent } from '../vod/event.ts';
import { isVodEventType } from '../vod/event-types.ts';
import { scheduleRetry } from '../webhooks/retry-schedule.ts';
import type { StepCounts } from './step-counts.ts';
import { forEachInTime, hasTime, type SweepRun } from './sweep-run.ts';

/** What is counted of the notifications that VOD could not be asked about when they came. */
export const UNCONFIRMED_COUNTS = [
  'confirmed',
  'denied',
  'retried',
  'givenUp',
  'setAside',
] as const;

type UnconfirmedTally = StepCounts<(typeof UNCONFIRMED_COUNTS)[number]>;

const AT_ONCE = 4;
const CLAIM_COUNT = 40;

/** Longer than all claims of one round take. */
const LEASE_SECONDS = 180;

/**
 * Asks VOD about the notifications that it could not be asked about when they came. What it confirms is recorded, what
 * it denies is dropped, and where it still does not answer they wait longer each time, for three days.
 */
export async function confirmKeptEvents(run: SweepRun, tally: UnconfirmedTally): Promise<void> {
  while (hasTime(run)) {
    const claims = await run.ledger.claimConfirmations(CLAIM_COUNT, LEASE_SECONDS);
    if (claims.length === 0) return;
    await forEachInTime(claims, AT_ONCE, run, {
      work: (claim) => confirmOrSetAside(claim, run, tally),
      fail: tally.fail,
    });
  }
}

async function confirmOrSetAside(
  claim: ClaimedConfirmation,
  run: SweepRun,
  tally: UnconfirmedTally,
): Promise<void> {
  try {
    await confirmOne(claim, run, tally);
  } catch (error) {
    if (!isItemFault(error)) throw error;
    tally.fail(error);
    const { ledger, now } = run;
    const [own] = run.applications;
    const { subAppId = own, proven = false, ...kept } = claim;
    const failed = { ...kept, proven, subAppId, own };
    const { counted, log } = await failEvent(failed, error, ledger);
    if (counted.isDead) await ledger.finishConfirmation(claim);
    else await ledger.retryConfirmation(claim, now() + ITEM_PAUSE_MILLISECONDS);
    if (counted.isNews) tally.add('setAside');
    run.report(log);
  }
}

async function confirmOne(
  claim: ClaimedConfirmation,
  run: SweepRun,
  tally: UnconfirmedTally,
): Promise<void> {
  const { api, ledger, settings, now, remainingMilliseconds } = run;
  const [own] = run.applications;
  // What was kept before an application was configured is its own.
  const { subAppId = own, receivedAt } = claim;
  const origin = { subAppId, own, contexts: trustContexts(run.contexts, now()) };
  const kept = parseVodEvent(claim.raw);
  const reached: SelectionDependencies = { ledger: (work) => work(ledger), receivedAt };
  const event = claim.proven ? kept : (await selectQuestion(kept, origin, reached)).event;
  if (event === undefined) {
    tally.add('confirmed');
    return ledger.finishConfirmation(claim);
  }
  const options = { remainingMilliseconds, subAppId };
  const confirmation = claim.proven
    ? ({ kind: 'confirmed', event } as const)
    : await confirmEvent(event, api, options);
  if (confirmation.kind === 'unavailable') {
    tally.fail(confirmation.problem);
    return putOff(claim, run, tally);
  }
  if (confirmation.kind === 'denied') {
    const { absent } = confirmation;
    if (absent !== undefined && (await settleAbsence(absent, origin, claim, run, tally))) return;
    tally.add('denied');
    report(claim, run, 'VOD does not confirm a notification, so it was dropped as forged.');
  } else {
    const confirmed = confirmation.kind === 'confirmed';
    const isTooMuch = !confirmed && (await ledger.incrementUnconfirmed(subAppId)) > MAX_UNCONFIRMED;
    if (isTooMuch) return putOff(claim, run, tally);
    const reception = { ...origin, receivedAt, confirmed, settings };
    await takePushedEvent(confirmation.event, reception, ledger);
    tally.add('confirmed');
  }
  await ledger.finishConfirmation(claim);
}

/** Records, or puts off, a file that came and went; returns false where nobody knows whether there was one. */
async function settleAbsence(
  event: AbsentEvent,
  origin: Origin,
  claim: ClaimedConfirmation,
  { ledger, settings, now }: SweepRun,
  tally: UnconfirmedTally,
): Promise<boolean> {
  const { receivedAt } = claim;
  const { isProven, isDeleted } = await noteAbsence(event, origin, ledger);
  if (!isProven && !isDeleted) return false;
  const shownAt = receivedAt + SHOWN_MILLISECONDS;
  if (!isDeleted && now() < shownAt) {
    await ledger.retryConfirmation(claim, shownAt);
    tally.add('retried');
    return true;
  }
  await takeAbsence(event, { ...origin, receivedAt, confirmed: true, settings }, ledger);
  tally.add('confirmed');
  await ledger.finishConfirmation(claim);
  return true;
}

async function putOff(
  claim: ClaimedConfirmation,
  run: SweepRun,
  tally: UnconfirmedTally,
): Promise<void> {
  const { ledger, now, random } = run;
  const ageMilliseconds = now() - claim.receivedAt;
  const pause = scheduleRetry({ attempts: claim.attempt, ageMilliseconds }, random);
  if (pause !== undefined) {
    await ledger.retryConfirmation(claim, now() + pause);
    tally.add('retried');
    return;
  }
  tally.add('givenUp');
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
    ...(subAppId === undefined ? {} : { subAppId }),
    // Nobody has confirmed what it says.
    ...(isVodEventType(eventType) ? { eventType } : {}),
    reason,
  });
}
