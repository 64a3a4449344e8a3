import type { Ledger } from '../ledger/ledger.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import type { LogFields } from '../runtime/log.ts';
import { type VodEvent, writeVodEvent } from '../vod/event.ts';
import { deliverClaimed } from '../webhooks/deliver-due.ts';
import { explainPause } from '../webhooks/explain-pause.ts';
import type { Target } from '../webhooks/target.ts';
import {
  type AbsentEvent,
  noteAbsence,
  SHOWN_MILLISECONDS,
  takeAbsence,
} from './absent-arrival.ts';
import type { TakenEvent } from './ingest-batch.ts';
import { describeReceivedEvent, receiveEvent } from './received-event.ts';
import { takePushedEvent } from './take-pushed-event.ts';
import type { Reception } from './to-event-record.ts';

/** Dependencies of recording an event and delivering it. */
export interface TellingDependencies {
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
  /** Milliseconds that are left. */
  readonly remainingMilliseconds: () => number;
}

/** Longer than any call of this function delivers, so that nobody else delivers the same meanwhile. */
const LEASE_SECONDS = 15;

/**
 * Records `event`, which was pushed, and makes the first attempt at what it has to be told; returns what the log line says of it.
 *
 * Once the event is recorded it is safe, so what goes wrong afterwards is logged and left to the sweep.
 *
 * @throws what the ledger throws where it cannot record.
 */
export async function ingestPushed(
  event: VodEvent,
  reception: Reception,
  ledger: Ledger,
  dependencies: TellingDependencies,
): Promise<LogFields> {
  return tell(await takePushedEvent(event, reception, ledger), ledger, dependencies);
}

/**
 * Records a file that came and went, of whose arrival `event` tells; where its deletion is not told yet, but its context is
 * proven, the event is kept for the sweep, so that VOD is asked once more when it shows every file that it has told of.
 * Returns what the log line says of it: without `confirmation` where nothing but the notification says that there was
 * such a file.
 *
 * @throws what the ledger throws where it cannot record.
 */
export async function recordAbsence(
  event: AbsentEvent,
  reception: Reception,
  ledger: Ledger,
  dependencies: TellingDependencies,
): Promise<LogFields> {
  const { isProven, isDeleted, isSurplus } = await noteAbsence(event, reception, ledger);
  const received = receiveEvent(event, reception);
  if (isDeleted) {
    const taken = await takeAbsence(event, reception, ledger);
    const told = await tell(taken, ledger, dependencies);
    return { ...describeReceivedEvent(received), ...told, confirmation: 'absent' };
  }
  if (!isProven) return isSurplus ? { surplus: 1 } : {};
  const { subAppId, receivedAt } = reception;
  const raw = writeVodEvent(event);
  const kept = { eventId: received.eventId, subAppId, raw, receivedAt };
  const fresh = await ledger.keepPendingConfirmation({
    ...kept,
    dueAt: receivedAt + SHOWN_MILLISECONDS,
  });
  return { ...describeReceivedEvent(received), fresh, confirmation: 'kept' };
}

async function tell(
  taken: readonly TakenEvent[],
  ledger: Ledger,
  dependencies: TellingDependencies,
): Promise<LogFields> {
  const fields: LogFields = { fresh: taken.some(({ recorded }) => recorded.fresh), delivered: 0 };
  const report = (said: LogFields) => Object.assign(fields, said);
  const told = taken.filter(({ recorded }) => recorded.deliveries > 0);
  if (told.length === 0) return fields;
  const eventIds = told.flatMap(({ received, recorded }) => [
    received.eventId,
    ...recorded.announced,
  ]);
  try {
    const claims = await ledger.claimFresh(eventIds, LEASE_SECONDS);
    const delivering = { ...dependencies, ledger, report };
    const { delivered, newlyPaused } = await deliverClaimed(claims, delivering);
    return Object.assign({ ...fields, delivered }, ...newlyPaused.map(explainPause));
  } catch (error) {
    return { ...fields, ...toErrorLogFields(error) };
  }
}
