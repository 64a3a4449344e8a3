import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Query } from './uri-text.ts';

/** What a signature covers. */
export interface SignedRequest {
  /** Upper case. */
  readonly method: string;
  /** Decoded, with its leading slash. */
  readonly path: string;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** Hosts that the client may have signed: the cloud's, and the one in its `Host` header. */
  readonly hosts: readonly string[];
}

/** Returns the value of a header as one string, undefined if it was not sent. */
export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  // Clients choose the names; `constructor`, for example, must not be found as a header.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

/** Returns whether two texts are the same, in a time that does not depend on where they differ. */
export function equalText(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}
