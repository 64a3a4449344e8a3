import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Settings } from '../policy/settings.ts';
import { Problem } from '../problem.ts';
import type { LogFields } from '../runtime/invocation.ts';
import type { Deadline } from '../system.ts';
import type { VodEvent } from '../vod/event.ts';
import { ingestAbsence } from './absent-arrival.ts';
import { type Confirmed, isUploadEvent, type Unshown } from './confirm-event.ts';
import { type DispatchDependencies, LEASE_SECONDS } from './durable.ts';
import { rethrowLogged } from './failed-event.ts';
import {
  type AdmitUnconfirmed,
  type ArrivalEvent,
  isShort,
  postpone,
  scheduleLook,
  storePending,
} from './pending-confirmation.ts';
import type { Postponement } from './postponement.ts';
import { type Origin, receiveEvent } from './received-event.ts';

/** A notification that VOD has sent, whose content is not proven. */
export interface PushedEvent {
  readonly event: VodEvent;
  readonly origin: Origin;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Deadline for asking VOD. */
  readonly confirming: Deadline;
  /** Log fields, to which the result is added. */
  readonly log: LogFields;
}

/** Dependencies of ingesting what VOD does not confirm at once. */
export interface UnconfirmedRun extends DispatchDependencies {
  /** Limits of new media, and rules for them. */
  readonly settings: Settings;
  readonly ledger: WithLedger | undefined;
  readonly admitUnconfirmed: AdmitUnconfirmed;
  readonly postponement: Postponement;
}

/**
 * Throws the refusal of an event that VOD denies, unless it is the arrival of a file that has been deleted since, which
 * is recorded or stored. Only the type of a denied event is logged: an attacker may have written the rest.
 */
export async function ingestDenied(
  event: VodEvent,
  absent: ArrivalEvent | undefined,
  { origin, receivedAt, log }: PushedEvent,
  run: UnconfirmedRun,
): Promise<void> {
  const { settings, ledger } = run;
  if (absent !== undefined && ledger !== undefined) {
    const leaseSeconds = LEASE_SECONDS;
    const reception = { ...origin, receivedAt, confirmed: true, settings, leaseSeconds };
    const fields = await ledger((opened) => ingestAbsence(absent, reception, opened, run));
    Object.assign(log, fields);
    if (log.confirmation !== undefined) return;
  }
  log.confirmation = 'denied';
  if (event.eventType !== 'unknown') log.eventType = event.eventType;
  throw new Problem('VOD does not confirm the notification.', { code: 'unauthorized' });
}

/**
 * Stores an event that VOD does not show yet. Without a ledger VOD cannot be asked again, so it is the last answer:
 * returns what is to be recorded, or throws the refusal.
 */
export async function ingestUnshown(
  { event, otherwise }: Unshown,
  pushed: PushedEvent,
  run: UnconfirmedRun,
): Promise<Confirmed | undefined> {
  const { origin, receivedAt } = pushed;
  const { ledger, clock } = run;
  if (ledger === undefined) {
    if (otherwise === undefined) await ingestDenied(event, undefined, pushed, run);
    return otherwise;
  }
  const pending = {
    event,
    origin,
    receivedAt,
    dueAt: scheduleLook(event, receivedAt, clock.now()),
  };
  // There are no more short ones than files and tasks.
  const isCounted = !isShort(event);
  await store(event, isCounted, pushed, run, () =>
    ledger((opened) => storePending(pending, opened)),
  );
  return undefined;
}

/** Stores an event about which VOD could not be asked because of `problem`. */
export function ingestUnanswered(
  event: VodEvent,
  problem: Problem,
  pushed: PushedEvent,
  run: UnconfirmedRun,
): Promise<void> {
  const { origin, receivedAt } = pushed;
  return store(event, !isUploadEvent(event), pushed, run, async () => {
    const fields = await postpone({ event, origin, receivedAt }, problem, run.ledger);
    run.postponement.note();
    return fields;
  });
}

/** Stores an event, if that is admitted, and logs that. */
async function store(
  event: VodEvent,
  isCounted: boolean,
  { origin, log }: PushedEvent,
  { admitUnconfirmed }: UnconfirmedRun,
  write: () => Promise<LogFields>,
): Promise<void> {
  const work = async () => {
    if (isCounted) await admitUnconfirmed(origin.subAppId, log);
    Object.assign(log, await write());
  };
  const received = () => receiveEvent(event, origin);
  await work().catch((error: unknown) => rethrowLogged(error, received, true, log));
}
