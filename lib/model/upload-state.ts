/** States of an upload. */
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

/** The ways in which a media file arrives. */
export const UPLOAD_METHODS = ['client', 'pull', 'server', 'console', 'live', 'other'] as const;

/** One of {@link UPLOAD_METHODS}. */
export type UploadMethod = (typeof UPLOAD_METHODS)[number];

/** What can be reported about an upload. A fact may be reported late, twice, or before those that it follows from. */
export const UPLOAD_FACTS = [
  /** It was authorised, requested, or is seen for the first time. */
  'issued',
  /** The file is there, and no procedure will run on it. */
  'uploaded',
  /** The file is there, and a procedure runs or will run on it. */
  'uploadedForProcessing',
  'processingStarted',
  'processingSucceeded',
  'processingFailed',
  'pullFailed',
  /** The file exceeds the limits of its upload. This service decides that, so it can follow a finished state too. */
  'rejected',
  /** No file arrived while it was allowed. */
  'expired',
  'cancelled',
  /** The file was there, and has been deleted. */
  'deleted',
] as const;

/** One of {@link UPLOAD_FACTS}. */
export type UploadFact = (typeof UPLOAD_FACTS)[number];

/** Unfinished states, by their progress. */
const PROGRESS: Readonly<Partial<Record<UploadState, number>>> = {
  issued: 0,
  uploaded: 1,
  processing: 2,
};

/** Returns whether an upload in `state` has finished: only its rejection or deletion may follow. */
export function isFinished(state: UploadState): boolean {
  return PROGRESS[state] === undefined;
}

/** States in which this service itself deletes a file, now or on arrival: the deletion does not change the state. */
const REMOVED: ReadonlySet<UploadState> = new Set(['rejected', 'expired', 'cancelled']);

/**
 * Returns the next state of an upload in `state` for which `fact` is reported.
 *
 * An upload never goes back: a fact that adds nothing to what is known changes nothing, so neither the order of VOD's
 * events nor their repetition matters. A finished upload keeps its state; only `deleted` or `rejected` can follow
 * `failed` and `ready`, since there may be a file.
 */
export function advanceUpload(state: UploadState, fact: UploadFact): UploadState {
  if (fact === 'deleted' || fact === 'rejected') return endFile(state, fact);
  const progress = PROGRESS[state];
  if (progress === undefined) return state;
  // An upload whose file has arrived cannot expire.
  if (fact === 'expired') return progress === 0 ? 'expired' : state;

  const next = FOLLOWING[fact];
  return (PROGRESS[next] ?? Infinity) > progress ? next : state;
}

/** A file can be deleted, or prove to exceed its limits, after the upload has finished. */
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
