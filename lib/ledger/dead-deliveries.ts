import type { UploadState } from '../model/upload-state.ts';
import type { Page, PageQuery } from './page.ts';
import type { LedgerDependencies } from './query.ts';

/** A delivery that failed for the last time. */
export interface DeadDelivery {
  readonly eventId: string;
  readonly endpoint: string;
  readonly eventType: string;
  readonly attempts: number;
  readonly lastError: string;
  /** Unix milliseconds. */
  readonly diedAt: number;
}

/** Which dead deliveries are to be replayed: those that match every given field, among `limit` examined ones. */
export interface ReplayQuery {
  readonly endpoint?: string | undefined;
  /** State of an upload: only messages about this state. */
  readonly state?: UploadState | undefined;
  /** Time of the last failure: from `from`, and before `to`; Unix milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  /** Of the previous call. */
  readonly cursor?: string | undefined;
}

/** Result of one call; without a cursor, there are no more. */
interface Replayed {
  readonly replayed: number;
  readonly cursor?: string;
}

/** Dead deliveries, and how they are replayed. Every replay resumes its endpoint. */
export interface DeadDeliveryLedger {
  /**
   * Latest first.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from this list.
   */
  listDeadDeliveries(page: PageQuery): Promise<Page<DeadDelivery>>;
  /** Makes a dead delivery due immediately and resumes its endpoint; returns whether there was one. */
  replayDelivery(delivery: Pick<DeadDelivery, 'eventId' | 'endpoint'>): Promise<boolean>;
  /** Makes all dead deliveries of one upload due immediately; returns how many there were. */
  replayUpload(uploadId: string): Promise<number>;
  /**
   * Makes many dead deliveries due immediately, in the order in which they died.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from such a call.
   */
  replayMany(criteria: ReplayQuery): Promise<Replayed>;
}

/** Creates the part of the ledger for dead deliveries. Its statements are loaded when they are first needed. */
export function createDeadDeliveryLedger(dependencies: LedgerDependencies): DeadDeliveryLedger {
  const load = async () => {
    const { readDeadDeliveries } = await import('./dead-delivery-statements.ts');
    return readDeadDeliveries(dependencies);
  };
  return {
    listDeadDeliveries: async (page) => (await load()).listDeadDeliveries(page),
    replayDelivery: async (delivery) => (await load()).replayDelivery(delivery),
    replayUpload: async (uploadId) => (await load()).replayUpload(uploadId),
    replayMany: async (criteria) => (await load()).replayMany(criteria),
  };
}
