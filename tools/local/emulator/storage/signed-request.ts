import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Query } from './uri-text.ts';

/** What a signature is made over. */
export interface SignedRequest {
  /** Upper case. */
  readonly method: string;
  /** Decoded, with its leading slash. */
  readonly path: string;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** Hosts that the client may have signed: the one it meant, and the one it sent. */
  readonly hosts: readonly string[];
}

/** Returns the value of a header as one string, undefined where it was not sent. */
export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  // Clients choose the names, and `constructor` must not find what is no header.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

/** Returns whether two texts are the same, in a time that tells nothing about where they differ. */
export function equalText(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}
