import type { UploadState } from './upload-state.ts';

/** What is kept for a limited time. */
export const RETAINED_KINDS = ['events', 'deliveries', 'keys', 'uploads', 'dead'] as const;

/** One of {@link RETAINED_KINDS}. */
export type RetainedKind = (typeof RETAINED_KINDS)[number];

/**
 * Milliseconds for which the ledger keeps each kind; undefined for ever. `uploads` are those that have ended, `deliveries`
 * those that were accepted, and `dead` is what was given up: deliveries, actions and other items. None of them is shorter
 * than what depends on it.
 */
export type Retention = Readonly<Record<RetainedKind, number | undefined>>;

/** States of uploads that are pruned: those that have ended. */
export type PrunedState = Exclude<UploadState, 'issued' | 'uploaded' | 'processing'>;

/** What is pruned by itself: rows of one table, in the order of one index. */
export type PrunedName =
  | 'deliveries'
  | 'deadDeliveries'
  | 'deadActions'
  | 'deadItems'
  | 'events'
  | 'keys'
  | 'runItems'
  | 'runs'
  | `uploads/${PrunedState}`
  | 'prunedUploads';

/** All that is pruned, and the kind whose retention it has; what depends on something else comes before it. */
const PRUNED_NAMES: Readonly<Record<PrunedName, RetainedKind>> = {
  deliveries: 'deliveries',
  deadDeliveries: 'dead',
  deadActions: 'dead',
  deadItems: 'dead',
  events: 'events',
  keys: 'keys',
  runItems: 'keys',
  runs: 'keys',
  'uploads/ready': 'uploads',
  'uploads/failed': 'uploads',
  'uploads/rejected': 'uploads',
  'uploads/expired': 'uploads',
  'uploads/cancelled': 'uploads',
  'uploads/deleted': 'uploads',
  // Second step: the rows of uploads that were pruned at least a minute before.
  prunedUploads: 'uploads',
};

/** The names in {@link PRUNED_NAMES}, in their order. */
export function listPruned(): readonly (readonly [PrunedName, RetainedKind])[] {
  return Object.entries(PRUNED_NAMES) as [PrunedName, RetainedKind][];
}
