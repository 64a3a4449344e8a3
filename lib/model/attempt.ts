/**
 * What one try of something came to: to confirm a notification, to send a queued pull or a delivery, to do something to a
 * media file. Each adds what else is to be said of it.
 */
export type Attempt = Done | Retry | Failed;

/** Nothing is left to do. */
export interface Done {
  readonly kind: 'done';
}

/** It, where there is nothing else to say. */
export const DONE: Done = { kind: 'done' };

/** Another try may help. */
export interface Retry {
  readonly kind: 'retry';
  /** Why, in a word that holds nothing of the item and no secret. */
  readonly error: string;
  /** Unix milliseconds of the next try; missing where that is for the schedule to say. */
  readonly at?: number;
  /** What was thrown; missing where there is something to wait for, which is no failure. */
  readonly cause?: unknown;
}

/** No other try can help. */
export interface Failed {
  readonly kind: 'failed';
  /** Why, in a word that holds nothing of the item and no secret. */
  readonly error: string;
  /** What was thrown. */
  readonly cause?: unknown;
}
