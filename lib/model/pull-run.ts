/** States of a run: only an open one and a paused one get further items, and those of a paused one wait. */
export const RUN_STATES = ['open', 'paused', 'cancelled', 'undone'] as const;

/** One of {@link RUN_STATES}. */
export type RunState = (typeof RUN_STATES)[number];

/** Returns whether a run gets no further items. */
export function hasEnded({ state }: { readonly state: RunState }): boolean {
  return state === 'cancelled' || state === 'undone';
}

/** Most items of a page of a run. */
export const MAX_RUN_PAGE = 1_000;

/**
 * States of an item of a run. `refused`: it has no upload; `waiting`: it is queued; `fetching`: VOD has its task; `pruned`:
 * its upload ended, and is older than its retention. The others are those of its upload, `processing` including `uploaded`.
 */
export const RUN_ITEM_STATES = [
  'refused',
  'waiting',
  'fetching',
  'processing',
  'ready',
  'failed',
  'rejected',
  'expired',
  'cancelled',
  'deleted',
  'pruned',
] as const;

/** One of {@link RUN_ITEM_STATES}. */
export type RunItemState = (typeof RUN_ITEM_STATES)[number];

/** States in which another attempt may succeed, if no file came. */
export const RETRYABLE_ITEM_STATES: readonly RunItemState[] = ['refused', 'failed', 'expired'];

/** States in which an item has no file yet. */
export const ABSENT_ITEM_STATES: readonly RunItemState[] = ['waiting', 'fetching'];

/** States in which an item is still under way. */
export const PENDING_ITEM_STATES: readonly RunItemState[] = ['waiting', 'fetching', 'processing'];
