import { deliverClaimed } from '../delivery/deliver-due.ts';
import { explainPause } from '../delivery/explain-pause.ts';
import type { Target } from '../delivery/target.ts';
import { explainToOperator } from '../invocation.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LogFields } from '../log.ts';
import type { VodEvent } from '../vod/event.ts';
import { takeEvents } from './take-events.ts';
import type { Reception } from './to-event-record.ts';

/** What recording an event and telling of it takes from outside. */
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
 * Records `event`, which was pushed, and makes the first attempt at what it has to be told; answers what the log line says of it.
 *
 * Once the event is recorded it is safe, so what goes wrong afterwards is logged and left to the sweep.
 *
 * @throws what the ledger throws where it cannot record.
 */
export async function recordEvent(
  event: VodEvent,
  reception: Reception,
  ledger: Ledger,
  dependencies: TellingDependencies,
): Promise<LogFields> {
  const [taken] = await takeEvents([event], ledger, reception);
  if (taken === undefined) throw new Error('The event that was recorded has no result.');
  const { received, recorded } = taken;
  const fields: LogFields = { fresh: recorded.fresh, delivered: 0 };
  const report = (told: LogFields) => Object.assign(fields, told);
  if (recorded.deliveries === 0) return fields;
  try {
    const claims = await ledger.claimFresh(
      [received.eventId, ...recorded.announced],
      LEASE_SECONDS,
    );
    const delivering = { ...dependencies, ledger, report };
    const { delivered, newlyPaused } = await deliverClaimed(claims, delivering);
    return Object.assign({ ...fields, delivered }, ...newlyPaused.map(explainPause));
  } catch (error) {
    return { ...fields, ...explainToOperator(error) };
  }
}
