import type { UploadState } from '../model/upload-state.ts';
import type { Problem } from '../problem.ts';
import type { AuthorizedPull, PullJob } from './prepare-pull.ts';

/** A pull with which nothing is wrong, in the form in which it is sent. */
export interface PreparedPull extends AuthorizedPull {
  readonly job: PullJob;
}

/** A pull that VOD has taken, or will be sent. */
export interface SubmittedPull {
  readonly uploadId: string;
  /** Absent where VOD had taken it before, in a try whose answer is lost, and where it waits for its turn. */
  readonly taskId?: string;
  readonly state: UploadState;
}

/** What is known of a pull by its idempotency key. */
export type IdentifiedPull =
  | { readonly kind: 'new'; readonly pull: PreparedPull }
  /** It came before, and VOD may never have had it; `pull` has the id of then. */
  | { readonly kind: 'unsent'; readonly pull: PreparedPull }
  /** It came before, and this became of it, or becomes of it now. */
  | { readonly kind: 'known'; readonly submitted: Promise<SubmittedPull> }
  /** The key stands for another request. */
  | { readonly kind: 'conflict' };

/** What remembers pulls, and counts them against quotas. A pull goes through its functions in their order here. */
export interface PullStore {
  /** Number of pulls that are sent at once, where all others wait in a queue; undefined where there is no queue. */
  readonly sentAtOnce: number | undefined;
  /** Returns the id of the upload of a pull of which nothing is known. */
  createId(pull: AuthorizedPull): string;
  /** Returns what is known of each pull, in their order; those with a key are known from then on. */
  identify(pulls: readonly PreparedPull[]): Promise<readonly IdentifiedPull[]>;
  /**
   * Lets the uploads of one owner's pulls begin: those of `sent`, which are sent next, and those of `queued`, which wait
   * for their turn. Returns the problem of each for which a quota has no room, by the id of its upload.
   */
  reserve(
    sent: readonly PreparedPull[],
    queued: readonly PreparedPull[],
  ): Promise<ReadonlyMap<string, Problem>>;
  /** Notes that VOD has the pull; without `taskId` where VOD had taken it before. */
  accept(pull: PreparedPull, taskId: string | undefined): Promise<SubmittedPull>;
  /**
   * Notes that VOD did not take the pull. Its key may be used anew then, unless the pull waits for its turn now.
   *
   * @throws `error`, unless the pull waits for its turn now.
   */
  fail(pull: PreparedPull, error: unknown): Promise<SubmittedPull>;
}
