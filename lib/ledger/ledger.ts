import type { Subscription } from '../model/message-type.ts';
import { type AbsentFileLedger, createAbsentFileLedger } from './absent-files.ts';
import { type ActionLedger, createActionLedger } from './actions.ts';
import { type BacklogLedger, createBacklogLedger } from './backlog.ts';
import { createConnection } from './connection.ts';
import { createDeadDeliveryLedger, type DeadDeliveryLedger } from './dead-deliveries.ts';
import { createDeadItemLedger, type DeadItemLedger } from './dead-items.ts';
import { createDeliveryLedger, type DeliveryLedger } from './deliveries.ts';
import { createEndpointLedger, type EndpointLedger } from './endpoints.ts';
import { createEventLedger, type EventLedger } from './events.ts';
import { createIdempotencyKeyLedger, type IdempotencyKeyLedger } from './idempotency-keys.ts';
import { createLeaseLedger, type LeaseLedger } from './leases.ts';
import {
  createPendingConfirmationLedger,
  type PendingConfirmationLedger,
} from './pending-confirmations.ts';
import { createPullLedger, type PullLedger } from './pulls.ts';
import { createQuotaLedger, type QuotaLedger } from './quotas.ts';
import { createReconciliationLedger, type ReconciliationLedger } from './reconciliation.ts';
import { createTimelineLedger, type TimelineLedger } from './timeline.ts';
import { createUploadLedger, type UploadLedger } from './uploads.ts';

/** The memory of the service. */
export interface Ledger
  extends UploadLedger,
    EventLedger,
    PendingConfirmationLedger,
    AbsentFileLedger,
    IdempotencyKeyLedger,
    QuotaLedger,
    PullLedger,
    DeliveryLedger,
    DeadDeliveryLedger,
    DeadItemLedger,
    EndpointLedger,
    ActionLedger,
    ReconciliationLedger,
    TimelineLedger,
    LeaseLedger,
    BacklogLedger {
  close(): Promise<void>;
}

/** Dependencies of a ledger. */
export interface LedgerOptions {
  /** Unix milliseconds, also while the instance was frozen. */
  readonly now: () => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
  /** `DATABASE_CA`, where it is set. */
  readonly databaseCa?: string | undefined;
  /** Longest wait for one answer of the database, after which its connection is taken for dead. */
  readonly answerMilliseconds?: number;
  /**
   * Whom recorded events are delivered to. Where it is missing, events are kept without deliveries, which `fanOut` of a
   * ledger that knows the targets makes up for.
   */
  readonly targets?: readonly Subscription[];
}

/**
 * Returns the ledger in the database at `databaseUrl`, which has had all migrations. It connects when it is first
 * asked, and again, unnoticed, whenever its connection was lost.
 *
 * All that follows from a change of an upload is one with it: the event that announces the state it has reached, the
 * deliveries of that event, and the removal of a file that nobody wants.
 */
export function openLedger(databaseUrl: string, options: LedgerOptions): Ledger {
  const { now, randomKey, targets } = options;
  const connection = createConnection({ databaseUrl, ...options });
  const dependencies = { connection, now, randomKey, targets };
  return {
    ...createUploadLedger(dependencies),
    ...createEventLedger(dependencies),
    ...createPendingConfirmationLedger(dependencies),
    ...createAbsentFileLedger(dependencies),
    ...createIdempotencyKeyLedger(dependencies),
    ...createQuotaLedger(dependencies),
    ...createPullLedger(dependencies),
    ...createDeliveryLedger(dependencies),
    ...createDeadDeliveryLedger(dependencies),
    ...createDeadItemLedger(dependencies),
    ...createEndpointLedger(dependencies),
    ...createActionLedger(dependencies),
    ...createReconciliationLedger(dependencies),
    ...createTimelineLedger(dependencies),
    ...createLeaseLedger(dependencies),
    ...createBacklogLedger(dependencies),
    close: connection.close,
  };
}
