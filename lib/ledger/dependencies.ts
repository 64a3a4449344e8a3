import type { Subscription } from '../model/event-type.ts';
import type { Connection } from './connection.ts';

/** What the parts of the ledger take from outside. */
export interface LedgerDependencies {
  readonly connection: Connection;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
  /** Whom recorded events are delivered to, where that is known. */
  readonly targets: readonly Subscription[] | undefined;
}
