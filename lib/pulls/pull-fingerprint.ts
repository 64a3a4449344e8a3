import { hash } from 'node:crypto';
import { isJsonObject } from '../validation/json-object.ts';
import type { PullRequest } from '../validation/pull-request.ts';

/**
 * Returns the fingerprint of a pull, which shows whether an idempotency key is used for the same request again: the
 * SHA-256 of its fields in Base64.
 *
 * It is computed from the parsed request, so that the order of fields or of media types, null for a missing field, or
 * another spelling of a time or URL does not change it. The key itself is left out, since it may also be in the header. The ledger stores
 * fingerprints, so later releases must compute the same ones.
 */
export function fingerprintPull(asked: PullRequest): string {
  const { idempotencyKey: _, limits = {}, ...fields } = asked;
  // Empty limits are the same as missing ones.
  const request = Object.keys(limits).length === 0 ? fields : { ...fields, limits };
  return hash('sha256', JSON.stringify(request, sort), 'base64');
}

// The only lists in a request are sets.
function sort(_name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.toSorted();
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
