import type { Quotas } from '../model/quotas.ts';
import { boundPull } from '../policy/apply-profile.ts';
import type { Permit } from '../policy/permit-caller.ts';
import { Problem } from '../problem.ts';
import type { PullRequest } from '../validation/pull-request.ts';
import { fingerprintPull } from './pull-fingerprint.ts';

/** The caller's name for one request, so that sending it again pulls nothing again. */
interface IdempotencyKey {
  readonly key: string;
  /** Of the request as the caller sent it: that is what the key stands for, whatever the policy is by then. */
  readonly fingerprint: string;
}

/** One pull of one caller, as the policy lets it be. */
export interface AuthorizedPull {
  readonly owner: string;
  /** Application of VOD of the owner's tenant; undefined where there are no tenants. */
  readonly subAppId: number | undefined;
  /** What the owner may use up, where the policy bounds it. */
  readonly quotas: Quotas | undefined;
  readonly request: PullRequest;
  readonly idempotency: IdempotencyKey | undefined;
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
  key: string | undefined,
  { owner, profile, subAppId }: PullOwner,
): AuthorizedPull {
  const request = boundPull(profile, asked);
  const idempotency = key === undefined ? undefined : { key, fingerprint: fingerprintPull(asked) };
  return { owner, subAppId, quotas: profile.quotas, request, idempotency };
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
  return items.map((item, place) => {
    if (item instanceof Problem) return item;
    const placeKey = headerKey === undefined ? undefined : `${headerKey}/${place}`;
    try {
      return authorizePull(item, item.idempotencyKey ?? placeKey, owner);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  });
}
