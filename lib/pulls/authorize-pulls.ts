import type { Quotas } from '../model/quotas.ts';
import { boundPull } from '../policy/apply-profile.ts';
import type { Permit } from '../policy/permit-caller.ts';
import { type FieldError, Problem } from '../problem.ts';
import type { PullRequest } from '../validation/pull-request.ts';

/** One pull of one caller. */
export interface AuthorizedPull {
  readonly owner: string;
  /** Application of VOD of the owner's tenant; undefined where there are no tenants. */
  readonly subAppId: number | undefined;
  /** What the owner may use up, where the policy bounds it. */
  readonly quotas?: Quotas | undefined;
  /** As the policy leaves it. */
  readonly request: PullRequest;
  /** As the caller sent it: that is what the idempotency key stands for, whatever the policy is by then. */
  readonly asked: PullRequest;
  /** The caller's name for this very request, so that sending it again pulls nothing again. */
  readonly idempotencyKey: string | undefined;
}

/** Who pulls, and what the policy leaves them. */
export interface PullOwner extends Permit {
  readonly owner: string;
}

/**
 * Returns the pull that the policy lets `asked` be.
 *
 * @throws {Problem} `policy_denied`.
 */
export function authorizePull(
  asked: PullRequest,
  idempotencyKey: string | undefined,
  { owner, profile, subAppId }: PullOwner,
): AuthorizedPull {
  const request = boundPull(profile, asked);
  return { owner, subAppId, quotas: profile.quotas, request, asked, idempotencyKey };
}

/**
 * Returns the pulls of a batch, with the problem of each item that is wrong or denied.
 *
 * @param headerKey idempotency key of the whole request; an item without its own has this one and its place.
 */
export function authorizePulls(
  items: readonly (PullRequest | Problem)[],
  headerKey: string | undefined,
  owner: PullOwner,
): readonly (AuthorizedPull | Problem)[] {
  return items.map((item, index) => {
    if (item instanceof Problem) return item;
    const byPlace = headerKey === undefined ? undefined : `${headerKey}/${index}`;
    try {
      return authorizePull(item, item.idempotencyKey ?? byPlace, owner);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { code, message, errors = [] } = error;
      return new Problem(message, { code, errors: placeErrors(errors, index), cause: error });
    }
  });
}

/** Returns `errors` of the item at `index`, each with its place in the batch. */
export function placeErrors(errors: readonly FieldError[], index: number): readonly FieldError[] {
  return errors.map((error) => ({ ...error, path: `items.${index}.${error.path}` }));
}
