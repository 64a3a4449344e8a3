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
import { createFeedLedger, type FeedLedger } from './feed.ts';
import { createGoneApplicationLedger, type GoneApplicationLedger } from './gone-applications.ts';
import { createIdempotencyKeyLedger, type IdempotencyKeyLedger } from './idempotency-keys.ts';
import { createLeaseLedger, type LeaseLedger } from './leases.ts';
import { explainOldSchema } from './old-schema.ts';
import {
  createPendingConfirmationLedger,
  type PendingConfirmationLedger,
} from './pending-confirmations.ts';
import { createPruningLedger, type PruningLedger } from './pruning.ts';
import type { PullRunLedger } from './pull-runs.ts';
import { createPullLedger, type PullLedger } from './pulls.ts';
import type { LedgerDependencies } from './query.ts';
import { createQuotaLedger, type QuotaLedger } from './quotas.ts';
import { createReconciliationLedger, type ReconciliationLedger } from './reconciliation.ts';
import { createTimelineLedger, type TimelineLedger } from './timeline.ts';
import type { UploadContentLedger } from './upload-contents.ts';
import { createUploadLedger, type UploadLedger } from './uploads.ts';
import { createVodBudgetLedger, type VodBudgetLedger } from './vod-budget.ts';

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
    PruningLedger,
    TimelineLedger,
    FeedLedger,
    LeaseLedger,
    VodBudgetLedger,
    GoneApplicationLedger,
    BacklogLedger {
  /** Returns the part for runs of pulls. Its code is loaded when it is first needed. */
  pullRuns(): Promise<PullRunLedger>;
  /** Returns the part for the contents of uploads, in the same way. */
  uploadContents(): Promise<UploadContentLedger>;
  close(): Promise<void>;
}

/** Dependencies of a ledger. */
export interface LedgerOptions {
  /** Unix milliseconds, also while the instance was frozen. */
  readonly now: () => number;
  /** Returns a random text, different every time. */
  readonly randomKey: () => string;
  /** `DATABASE_CA`, if it is set. */
  readonly databaseCa?: string | undefined;
  /** Longest wait for one answer of the database in milliseconds, after which its connection is treated as lost. */
  readonly answerMilliseconds?: number;
  /**
   * Targets of recorded events. If missing, events are recorded without deliveries; `fanOut` of a ledger that knows the
   * targets creates these later.
   */
  readonly targets?: readonly Subscription[];
}

/**
 * Creates the ledger in the database at `databaseUrl`, to which all migrations were applied. It connects on first use,
 * and reconnects by itself whenever its connection was lost.
 *
 * Everything that follows from a change of an upload is written in the same statement: the event that announces its new
 * state, the deliveries of that event, and the deletion of an unwanted file.
 */
export function openLedger(databaseUrl: string, options: LedgerOptions): Ledger {
  const { now, randomKey, targets } = options;
  const connection = createConnection({ databaseUrl, ...options, explain: explainOldSchema });
  return createLedger({ connection, now, randomKey, targets });
}

/** Creates the ledger behind a connection, which it closes; see {@link openLedger}. */
export function createLedger(dependencies: LedgerDependencies): Ledger {
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
    ...createPruningLedger(dependencies),
    ...createTimelineLedger(dependencies),
    ...createFeedLedger(dependencies),
    ...createLeaseLedger(dependencies),
    ...createVodBudgetLedger(dependencies),
    ...createGoneApplicationLedger(dependencies),
    ...createBacklogLedger(dependencies),
    async pullRuns() {
      const { createPullRunLedger } = await import('./pull-runs.ts');
      return createPullRunLedger(dependencies);
    },
    async uploadContents() {
      const { createUploadContentLedger } = await import('./upload-contents.ts');
      return createUploadContentLedger(dependencies);
    },
    close: dependencies.connection.close,
  };
}
