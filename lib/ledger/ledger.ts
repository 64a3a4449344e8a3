import type { Subscription } from '../model/message-type.ts';
import type { Clock, Random } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import { type BacklogLedger, createBacklogLedger } from './backlog.ts';
import { createConnection } from './connection/connection.ts';
import type { DeadDeliveryLedger } from './deliveries/dead-deliveries.ts';
import { createDeliveryLedger, type DeliveryLedger, EVENT_ROW } from './deliveries/deliveries.ts';
import { createEndpointLedger, type EndpointLedger } from './deliveries/endpoints.ts';
import type { FeedLedger } from './deliveries/feed.ts';
import { createGoneApplicationLedger, type GoneApplicationLedger } from './gone-applications.ts';
import { createIdempotencyKeyLedger, type IdempotencyKeyLedger } from './idempotency-keys.ts';
import { type ActionLedger, createActionLedger } from './jobs/actions.ts';
import { createDeadItemLedger, type DeadItemLedger } from './jobs/dead-items.ts';
import {
  createPendingConfirmationLedger,
  type PendingConfirmationLedger,
} from './jobs/pending-confirmations.ts';
import { createPullLedger, type PullLedger } from './jobs/pulls.ts';
import { createReconciliationLedger, type ReconciliationLedger } from './jobs/reconciliation.ts';
import { createLeaseLedger, type LeaseLedger } from './leases.ts';
import type { LedgerDependencies } from './query.ts';
import { createQuotaLedger, type QuotaLedger } from './quotas.ts';
import { createEventLedger, type EventLedger } from './recording/events.ts';
import type { PruningLedger } from './retention/pruning.ts';
import type { PullRunLedger } from './runs/pull-runs.ts';
import { explainOldSchema } from './schema/old-schema.ts';
import { type AbsentFileLedger, createAbsentFileLedger } from './uploads/absent-files.ts';
import type { ProgressClaimLedger } from './uploads/progress-claims.ts';
import { createPrunedUploadLedger, type PrunedUploadLedger } from './uploads/pruned-uploads.ts';
import type { TimelineLedger } from './uploads/timeline.ts';
import type { UploadContentLedger } from './uploads/upload-contents.ts';
import { createUploadLedger, type UploadLedger } from './uploads/uploads.ts';
import { createVodBudgetLedger, type VodBudgetLedger } from './vod-budget.ts';

/** Parts of the ledger that few calls need: the code of each is loaded when one of them first asks for it. */
interface LazyLedgerParts {
  /** The history of an upload. */
  timeline(): Promise<TimelineLedger>;
  /** What callers report about the files of their uploads. */
  uploadContents(): Promise<UploadContentLedger>;
  /** How far VOD has fetched pulls. */
  progressClaims(): Promise<ProgressClaimLedger>;
  pullRuns(): Promise<PullRunLedger>;
  /** All events in order. */
  feed(): Promise<FeedLedger>;
  deadDeliveries(): Promise<DeadDeliveryLedger>;
  pruning(): Promise<PruningLedger>;
}

/** The memory of the service. */
export interface Ledger
  extends LazyLedgerParts,
    UploadLedger,
    EventLedger,
    PendingConfirmationLedger,
    AbsentFileLedger,
    IdempotencyKeyLedger,
    QuotaLedger,
    PullLedger,
    DeliveryLedger,
    DeadItemLedger,
    EndpointLedger,
    ActionLedger,
    ReconciliationLedger,
    PrunedUploadLedger,
    LeaseLedger,
    VodBudgetLedger,
    GoneApplicationLedger,
    BacklogLedger {
  close(): Promise<void>;
}

/** Dependencies of a ledger. */
export interface LedgerOptions {
  /** Of which no time is missing after the instance was frozen. */
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'key'>;
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
  const { clock, random, targets, databaseCa, answerMilliseconds } = options;
  const connection = createConnection({
    ...{ databaseUrl, databaseCa, clock, explain: explainOldSchema },
    ...defined({ answerMilliseconds }),
  });
  return createLedger({ connection, clock, random, targets });
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
    ...createDeadItemLedger(dependencies),
    ...createEndpointLedger(dependencies),
    ...createActionLedger(dependencies),
    ...createReconciliationLedger(dependencies),
    ...createPrunedUploadLedger(dependencies),
    ...createLeaseLedger(dependencies),
    ...createVodBudgetLedger(dependencies),
    ...createGoneApplicationLedger(dependencies),
    ...createBacklogLedger(dependencies),
    ...listLazyParts(dependencies),
    close: dependencies.connection.close,
  };
}

function listLazyParts(dependencies: LedgerDependencies): LazyLedgerParts {
  return {
    timeline: async () =>
      (await import('./uploads/timeline.ts')).createTimelineLedger(dependencies),
    uploadContents: async () =>
      (await import('./uploads/upload-contents.ts')).createUploadContentLedger(dependencies),
    progressClaims: async () =>
      (await import('./uploads/progress-claims.ts')).createProgressClaimLedger(dependencies),
    pullRuns: async () => (await import('./runs/pull-runs.ts')).createPullRunLedger(dependencies),
    feed: async () =>
      (await import('./deliveries/feed.ts')).createFeedLedger({ ...dependencies, row: EVENT_ROW }),
    deadDeliveries: async () =>
      (await import('./deliveries/dead-deliveries.ts')).createDeadDeliveryLedger(dependencies),
    pruning: async () => (await import('./retention/pruning.ts')).createPruningLedger(dependencies),
  };
}
