/**
 * Result of one attempt: to confirm a notification, to send a queued pull or a delivery, or to run an action on a media
 * file. Callers extend each kind with their own fields.
 */
export type Attempt = Done | Retry | Failed;

/** Nothing is left to do. */
export interface Done {
  readonly kind: 'done';
}

/** A {@link Done} without other fields. */
export const DONE: Done = { kind: 'done' };

/** Another attempt may succeed. */
export interface Retry {
  readonly kind: 'retry';
  /** Why, as one word that contains no data of the item and no secret. */
  readonly error: string;
  /** Unix milliseconds of the next attempt; missing if the retry schedule decides. */
  readonly at?: number;
  /** What was thrown; missing if the attempt only has to wait, which is not a failure. */
  readonly cause?: unknown;
}

/** No other attempt can succeed. */
export interface Failed {
  readonly kind: 'failed';
  /** Why, as one word that contains no data of the item and no secret. */
  readonly error: string;
  /** What was thrown. */
  readonly cause?: unknown;
}
