import type { HttpEvent } from './event.ts';
import { readHeader } from './event.ts';

/** Seconds for which a browser keeps the answer to a preflight; the longest that Chromium heeds. */
const PREFLIGHT_SECONDS = 7_200;

/**
 * Answers the CORS headers for a caller's origin: none, unless it is one of `origins` to the letter.
 *
 * Callers send their token in a header and never a cookie, so credentials are not allowed to anybody.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigin(
  event: HttpEvent,
  origins: readonly string[],
): Record<string, string> | undefined {
  if (origins.length === 0) return undefined;
  const origin = readHeader(event, 'origin');
  if (origin === undefined || !origins.includes(origin)) return { Vary: 'Origin' };
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
    Vary: 'Origin',
  };
}

/** Answers the headers by which a preflight learns what the function takes. */
export function describePreflight(methods: readonly string[]): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, Idempotency-Key, If-None-Match',
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
  };
}
