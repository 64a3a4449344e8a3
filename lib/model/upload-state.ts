/** Where an upload stands. */
export const UPLOAD_STATES = [
  'issued',
  'uploaded',
  'processing',
  'ready',
  'failed',
  'rejected',
  'expired',
  'cancelled',
  'deleted',
] as const;

/** One of {@link UPLOAD_STATES}. */
export type UploadState = (typeof UPLOAD_STATES)[number];

/** The ways by which a media file comes in, or came. */
export const UPLOAD_METHODS = ['client', 'pull', 'server', 'console', 'live', 'other'] as const;

/** One of {@link UPLOAD_METHODS}. */
export type UploadMethod = (typeof UPLOAD_METHODS)[number];

/** What can be told of an upload; each may be told late, twice, or before what it follows from. */
export const UPLOAD_FACTS = [
  /** It was authorised, asked for, or only now heard of. */
  'issued',
  /** The file is there, and nothing will be done to it. */
  'uploaded',
  /** The file is there, and a procedure runs or will run on it. */
  'uploadedForProcessing',
  'processingStarted',
  'processingSucceeded',
  'processingFailed',
  'pullFailed',
  /** The file is more than its upload allows; a decision of this backend, and so possible after all is done. */
  'rejected',
  /** Nothing came while it was allowed. */
  'expired',
  'cancelled',
  /** The file was there, and is gone. */
  'deleted',
] as const;

/** One of {@link UPLOAD_FACTS}. */
export type UploadFact = (typeof UPLOAD_FACTS)[number];

/** States in which more is to come, by how far they are. */
const PROGRESS: Readonly<Partial<Record<UploadState, number>>> = {
  issued: 0,
  uploaded: 1,
  processing: 2,
};

/** Returns whether nothing more is to come of an upload in `state`, except its rejection or deletion. */
export function isFinished(state: UploadState): boolean {
  return PROGRESS[state] === undefined;
}

/** States whose file this backend removes itself, if there is or comes one: that it is gone is no news. */
const REMOVED: ReadonlySet<UploadState> = new Set(['rejected', 'expired', 'cancelled']);

/**
 * Returns the state of an upload in `state` of which `fact` is told.
 *
 * An upload never goes back: a fact that says less than is known changes nothing, so neither the order of VOD's events
 * nor their repetition matters. What ended stays as it ended; only `deleted` or `rejected` follows `failed` and `ready`,
 * since there may be a file.
 */
export function advanceUpload(state: UploadState, fact: UploadFact): UploadState {
  if (fact === 'deleted' || fact === 'rejected') return endFile(state, fact);
  const progress = PROGRESS[state];
  if (progress === undefined) return state;
  // A file that came in is no longer awaited, whatever the time.
  if (fact === 'expired') return progress === 0 ? 'expired' : state;

  const next = FOLLOWING[fact];
  return (PROGRESS[next] ?? Infinity) > progress ? next : state;
}

/** A file may go, or prove to be too much, after all else is done. */
function endFile(state: UploadState, fact: 'deleted' | 'rejected'): UploadState {
  if (fact === 'deleted') return REMOVED.has(state) ? state : 'deleted';
  return REMOVED.has(state) || state === 'deleted' ? state : 'rejected';
}

const FOLLOWING: Readonly<
  Record<Exclude<UploadFact, 'deleted' | 'rejected' | 'expired'>, UploadState>
> = {
  issued: 'issued',
  uploaded: 'ready',
  uploadedForProcessing: 'uploaded',
  processingStarted: 'processing',
  processingSucceeded: 'ready',
  processingFailed: 'failed',
  pullFailed: 'failed',
  cancelled: 'cancelled',
};
