import type { LedgerDependencies } from './query.ts';

/** State of a delivery. */
export interface TimelineDelivery {
  readonly endpoint: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly lastError?: string;
  /** Unix milliseconds; only if there will be another attempt. */
  readonly nextAttemptAt?: number;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** An event of an upload, and its deliveries. */
export interface TimelineEvent {
  readonly eventId: string;
  readonly eventType: string;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly confirmed: boolean;
  readonly deliveries: readonly TimelineDelivery[];
}

/** An action on the media of an upload, done or pending. */
export interface TimelineAction {
  readonly fileId: string;
  readonly kind: string;
  readonly state: 'pending' | 'done' | 'dead';
  readonly attempts: number;
  readonly lastError?: string;
  /** Names of the rules that require it; missing if none does. */
  readonly rules?: readonly string[];
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** What happened to one upload. */
export interface TimelineLedger {
  /** Oldest first; if there are more than a thousand, only the oldest. */
  listEvents(uploadId: string): Promise<readonly TimelineEvent[]>;
  /** Oldest first. */
  listActions(uploadId: string): Promise<readonly TimelineAction[]>;
}

/** Creates the part of the ledger that reads the history of an upload. Its statements are loaded when they are first needed. */
export function createTimelineLedger(dependencies: LedgerDependencies): TimelineLedger {
  const load = () => import('./timeline-statements.ts');
  return {
    listEvents: async (uploadId) => (await load()).listEvents(uploadId, dependencies),
    listActions: async (uploadId) => (await load()).listActions(uploadId, dependencies),
  };
}
