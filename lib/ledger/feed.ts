import { EVENT_ROW, type LedgerEvent } from './deliveries.ts';
import type { LedgerDependencies } from './query.ts';

/** Which events a caller may see. */
export interface FeedScope {
  /** If set, only the states of this owner's uploads. */
  readonly owner?: string | undefined;
  /** If set, only what this application of VOD reported. */
  readonly subAppId?: number | undefined;
}

/** Which part of all events. */
export interface FeedQuery extends FeedScope {
  /** Cursor of a page or an item; undefined for the present, after which nothing is recorded yet. */
  readonly after: string | undefined;
  /** Patterns of message types, for `matchesEvent`. */
  readonly types: readonly string[];
  readonly limit: number;
}

/** Some events, in the order in which they were recorded. */
export interface FeedPage {
  /** Each with the cursor that continues after it. */
  readonly items: readonly { readonly cursor: string; readonly event: LedgerEvent }[];
  /** Continues after everything that was read, whether or not it was wanted. */
  readonly cursor: string;
  /** Whether there are later events already. */
  readonly more: boolean;
}

/** All events, in an order in which none is added before one that was read. */
export interface FeedLedger {
  /**
   * Returns the events after a cursor, of those that are not pruned; it looks at a thousand at most.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from this feed.
   */
  readFeed(criteria: FeedQuery): Promise<FeedPage>;
  /** Returns an event by its id; undefined if there is none that may be seen. */
  findMessage(eventId: string, scope: FeedScope): Promise<LedgerEvent | undefined>;
}

/** Creates the part of the ledger that reads all events in order. Its statements are loaded when they are first needed. */
export function createFeedLedger({ connection }: LedgerDependencies): FeedLedger {
  const load = () => import('./feed-statements.ts');
  const dependencies = { connection, row: EVENT_ROW };
  return {
    readFeed: async (criteria) => (await load()).readFeed(criteria, dependencies),
    findMessage: async (eventId, scope) => (await load()).findMessage(eventId, scope, dependencies),
  };
}
