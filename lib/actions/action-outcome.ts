import { Problem } from '../problem.ts';
import { nameError } from '../runtime/item-fault.ts';

/** What one try of an action came to. */
export type ActionOutcome =
  | { readonly kind: 'done' }
  /** Another try may help. */
  | { readonly kind: 'retry'; readonly error: string; readonly cause: unknown }
  /** There is something to wait for, which is no failure. */
  | { readonly kind: 'wait'; readonly error: string; readonly milliseconds: number }
  /** No other try can help. */
  | { readonly kind: 'dead'; readonly error: string; readonly cause: unknown };

/** Nothing is left to do. */
export const DONE = { kind: 'done' } as const;

/**
 * Returns what a failed call to VOD means for what it was to do: what VOD refuses for what it says will be refused
 * again, whatever else goes wrong may be over the next time.
 */
export function explainFailure(error: unknown): ActionOutcome {
  const kind = isRefused(error) ? 'dead' : 'retry';
  return { kind, error: nameError(error), cause: error };
}

/** Returns whether a call failed because there is no such media any more. */
export function isGone(error: unknown): boolean {
  // `UserNotExist`, of the same family, is about the account: https://cloud.tencent.com/document/product/266/31764.
  return isRejected(error) && error.vod?.code.split('.', 1)[0] === 'ResourceNotFound';
}

/** Of limits of the account there may be more tomorrow, of those of a media not: https://cloud.tencent.com/document/product/266/31762. */
const LIMITS_OF_MEDIA: readonly unknown[] = ['LimitExceeded.TagCountReachMax'];

function isRefused(error: unknown): boolean {
  return (
    isRejected(error) || (error instanceof Problem && LIMITS_OF_MEDIA.includes(error.vod?.code))
  );
}

function isRejected(error: unknown): error is Problem {
  return error instanceof Problem && error.code === 'upstream_rejected';
}
