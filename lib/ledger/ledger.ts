import { type BacklogLedger, createBacklogLedger } from './backlog.ts';
import { createConnection } from './connection.ts';
import { createDeliveryLedger, type DeliveryLedger } from './deliveries.ts';
import { createEventLedger, type EventLedger } from './events.ts';
import { createPullLedger, type PullLedger } from './pulls.ts';
import { createRequestLedger, type RequestLedger } from './requests.ts';
import { createUploadLedger, type UploadLedger } from './uploads.ts';

/** The memory of the service. */
export interface Ledger
  extends UploadLedger,
    EventLedger,
    RequestLedger,
    PullLedger,
    DeliveryLedger,
    BacklogLedger {
  close(): Promise<void>;
}

/** What a ledger takes from outside. */
export interface LedgerOptions {
  /** Unix milliseconds, also while the instance was frozen. */
  readonly now: () => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
  /** Longest wait for one answer of the database, after which its connection is taken for dead. */
  readonly answerMilliseconds?: number;
}

/**
 * Answers the ledger in the database at `databaseUrl`, which has had all migrations. It connects when it is first
 * asked, and again, unnoticed, whenever its connection was lost.
 */
export function openLedger(databaseUrl: string, options: LedgerOptions): Ledger {
  const { now, randomKey } = options;
  const connection = createConnection({ databaseUrl, ...options });
  const recording = { connection, now, randomKey };
  return {
    ...createUploadLedger(connection, now),
    ...createEventLedger(recording),
    ...createRequestLedger(recording),
    ...createPullLedger(connection, now),
    ...createDeliveryLedger(connection, now),
    ...createBacklogLedger(connection, now),
    close: connection.close,
  };
}
