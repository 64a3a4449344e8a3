import type { UploadState } from '../model/upload-state.ts';
import type { Problem } from '../problem.ts';
import type { AuthorizedPull, PullJob } from './prepare-pull.ts';

/** A valid pull, in the form in which it is sent. */
export interface PreparedPull extends AuthorizedPull {
  readonly job: PullJob;
}

/** A pull that VOD has accepted, or that is queued. */
export interface SubmittedPull {
  readonly uploadId: string;
  /** Absent if VOD accepted it in an earlier attempt whose answer was lost, or if it is queued. */
  readonly taskId?: string;
  readonly state: UploadState;
}

/** What is known about a pull by its idempotency key. */
export type IdentifiedPull =
  | { readonly kind: 'new'; readonly pull: PreparedPull }
  /** It was requested before, but VOD may not have it; `pull` has the id of that request. */
  | { readonly kind: 'unsent'; readonly pull: PreparedPull }
  /** It was requested before, with this result, which may still be pending. */
  | { readonly kind: 'known'; readonly submitted: Promise<SubmittedPull> }
  /** It was requested before, and the problem says why its result cannot be returned any more. */
  | { readonly kind: 'ended'; readonly problem: Problem }
  /** The key stands for another request. */
  | { readonly kind: 'conflict' };

/** Remembers pulls, and counts them against quotas. A pull passes through its functions in the order given here. */
export interface PullStore {
  /** Number of pulls of a batch that are sent immediately; all others are queued. Undefined without a queue. */
  readonly sentAtOnce: number | undefined;
  /** Returns a new upload id for a pull that is not known. */
  createId(pull: AuthorizedPull): string;
  /** Returns what is known about each pull, in their order; from then on, those with a key are known. */
  identify(pulls: readonly PreparedPull[]): Promise<readonly IdentifiedPull[]>;
  /**
   * Begins the uploads of one owner's pulls: those of `sent`, which are sent next, and those of `queued`. Returns the
   * problem of each for which a quota has no room, by the id of its upload.
   */
  reserve(
    sent: readonly PreparedPull[],
    queued: readonly PreparedPull[],
  ): Promise<ReadonlyMap<string, Problem>>;
  /** Records that VOD has the pull; without `taskId` if VOD had accepted it before. */
  accept(pull: PreparedPull, taskId: string | undefined): Promise<SubmittedPull>;
  /**
   * Records that VOD did not accept the pull. Its key may then be used again, unless the pull is queued now.
   *
   * @throws `error`, unless the pull is queued now.
   */
  fail(pull: PreparedPull, error: unknown): Promise<SubmittedPull>;
}
