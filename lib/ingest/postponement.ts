import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UnconfirmedEvent } from '../ledger/jobs/pending-confirmations.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { type LogFields, toErrorLogFields } from '../runtime/invocation.ts';
import type { Clock } from '../system.ts';
import { forEachAtOnce } from '../system.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import type { VodEvent } from '../vod/event.ts';
import { type ConfirmRun, confirmClaimed } from './confirm-claimed.ts';
import {
  type DispatchDependencies,
  dispatch,
  type IngestedEvent,
  LEASE_SECONDS,
  SPARE_MILLISECONDS,
} from './durable.ts';
import { isShort, type PendingEvent, writePending } from './pending-confirmation.ts';

/** Notifications that an instance confirms at the same time; what comes beyond that is stored first. */
const MAX_CONFIRMING = 16;

/**
 * Longest time for which a stored notification may have been due while others are stored as well, in milliseconds: some
 * runs of the sweep. Anyone who has seen a `Sign` can forge notifications, and this bounds how many are waiting.
 */
const OVERDUE_MILLISECONDS = 180_000;

/** Notifications in one statement. */
const STORED_AT_ONCE = 500;

/** Dependencies of confirming stored notifications. `deadline` is that of deliveries. */
export type SpareRun = Omit<ConfirmRun, 'ledger' | 'deadline' | 'recorded'> &
  DispatchDependencies & { readonly confirming: ConfirmRun['deadline'] };

/** Notifications that an instance stores when there are too many to confirm at once, and confirms when it has time. */
export interface Postponement {
  /** Returns the result of asking VOD, which counts as one confirmation while it runs. */
  confirm<Result>(ask: () => Promise<Result>): Promise<Result>;
  /**
   * Returns whether the event is to be stored first: this instance makes too many confirmations at the moment, and the
   * event is of a type that is stored in a short form, all of which change uploads.
   */
  isBusy(event: VodEvent): boolean;
  /**
   * Stores the notification, and returns its log fields; undefined if it is to be confirmed now, since stored ones are
   * not confirmed as fast as they come.
   *
   * @throws errors of the ledger.
   */
  store(event: PendingEvent): Promise<LogFields | undefined>;
  /** Notes that this instance has stored a notification, since VOD could not be asked. */
  note(): void;
  /**
   * Confirms stored notifications, and makes the first attempt at their deliveries, if this instance has stored any and
   * there is time. Errors are logged, and left to the sweep.
   */
  confirmStored(run: SpareRun): Promise<void>;
}

/** Creates the postponement of one instance. Without a ledger nothing is stored. */
export function createPostponement(
  ledger: WithLedger | undefined,
  clock: Pick<Clock, 'now'>,
): Postponement {
  let confirming = 0;
  let isStored = false;
  let isConfirmingStored = false;
  const store = ledger && createStore(ledger, clock);
  return {
    async confirm(ask) {
      confirming += 1;
      try {
        return await ask();
      } finally {
        confirming -= 1;
      }
    },
    isBusy: (event) => store !== undefined && confirming >= MAX_CONFIRMING && isShort(event),
    async store(event) {
      const { row, fields } = writePending(event);
      const fresh = await store?.(row);
      if (fresh === undefined) return undefined;
      isStored = true;
      return { ...fields, fresh };
    },
    note() {
      isStored = true;
    },
    async confirmStored(run) {
      if (ledger === undefined || isConfirmingStored) return;
      isConfirmingStored = true;
      try {
        while (isStored && run.deadline.left() >= SPARE_MILLISECONDS) {
          // What is stored from now on may not be among the claims.
          isStored = false;
          isStored = (await confirmPage(ledger, run)) || isStored;
        }
      } catch (error) {
        run.report(toErrorLogFields(error));
      } finally {
        isConfirmingStored = false;
      }
    },
  };
}

/** A notification that is to be stored with others. */
interface Stored {
  readonly row: UnconfirmedEvent;
  readonly resolve: (isFresh: boolean | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Returns a function that stores a notification, together with those that come while others are being stored. It returns
 * whether it was new, or undefined if it was not stored.
 */
function createStore(ledger: WithLedger, clock: Pick<Clock, 'now'>) {
  const waiting: Stored[] = [];
  let isWriting = false;
  const write = async () => {
    const batch = waiting.splice(0, STORED_AT_ONCE);
    // The same notification may come twice at the same time.
    const rows = [...new Map(batch.map(({ row }) => [row.eventId, row])).values()];
    const overdueAt = clock.now() - OVERDUE_MILLISECONDS;
    try {
      const fresh = await ledger((opened) => opened.queueConfirmations(rows, overdueAt));
      const byId = new Map(rows.map(({ eventId }, place) => [eventId, fresh?.[place]]));
      for (const { row, resolve } of batch) resolve(byId.get(row.eventId));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const writeAll = async () => {
    isWriting = true;
    await nextTurn();
    while (waiting.length > 0) await write();
    isWriting = false;
  };
  return (row: UnconfirmedEvent) =>
    new Promise<boolean | undefined>((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (!isWriting) void writeAll();
    });
}

/** Confirms one page of stored notifications; returns whether there may be more for which VOD has time. */
async function confirmPage(ledger: WithLedger, run: SpareRun): Promise<boolean> {
  return ledger(async (opened) => {
    const claims = await opened.claimConfirmations(MAX_DESCRIBED_FILES, LEASE_SECONDS);
    const events: IngestedEvent[] = [];
    let hasFailed = false;
    const fail = () => {
      hasFailed = true;
    };
    const counts = { add: () => undefined, fail };
    const confirming: ConfirmRun = {
      ...run,
      ledger: opened,
      deadline: run.confirming,
      recorded: (recorded) => void events.push(...recorded),
    };
    await forEachAtOnce(claims, MAX_DESCRIBED_FILES, (claim) =>
      confirmClaimed(claim, confirming, counts),
    );
    await dispatch(events, opened, run);
    return !hasFailed && claims.length === MAX_DESCRIBED_FILES;
  });
}
