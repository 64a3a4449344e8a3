import { hash } from 'node:crypto';
import { isJsonObject } from '../validation/json-object.ts';
import type { PullRequest } from '../validation/pull-request.ts';

/**
 * Returns the fingerprint of a pull, by which an idempotency key is known to come with the same request again: the SHA-256
 * of its fields in Base64.
 *
 * It is made of the request as it was read, so that neither the order of fields, nor null for what is left out, nor the
 * spelling of a time or URL makes another request of it, and without the key itself, which may come in the header as well.
 * The ledger keeps it, and a later release must find the same one.
 */
export function fingerprintPull(asked: PullRequest): string {
  const { idempotencyKey: _, limits = {}, ...fields } = asked;
  // Limits that bound nothing are none.
  const request = Object.keys(limits).length === 0 ? fields : { ...fields, limits };
  return hash('sha256', JSON.stringify(request, sortFields), 'base64');
}

function sortFields(_name: string, value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
