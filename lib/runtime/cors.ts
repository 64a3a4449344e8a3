import type { HttpEvent } from './http-event.ts';
import { readHeader } from './http-event.ts';

/** Seconds for which a browser keeps the answer to a preflight; the longest that Chromium heeds. */
const PREFLIGHT_SECONDS = 7_200;

/** What the functions read. */
const READ_HEADERS = ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match'];

/**
 * What libraries for tracing add to a page's own requests: https://www.w3.org/TR/trace-context/,
 * https://www.w3.org/TR/baggage/ and https://develop.sentry.dev/sdk/telemetry/traces/.
 */
const TRACING_HEADERS = ['traceparent', 'tracestate', 'baggage', 'sentry-trace'];

/** One or more labels of a host, as a browser writes them. */
const LABELS = /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/;

/**
 * Returns the CORS headers for a caller's origin: none, unless `origins` has it.
 *
 * Callers send their token in a header and never a cookie, so credentials are not allowed to anybody.
 *
 * @param origins as `explainOrigin` of the configuration takes them: exact ones, and patterns as `https://*.example.com`.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigin(
  event: HttpEvent,
  origins: readonly string[],
): Record<string, string> | undefined {
  if (origins.length === 0) return undefined;
  const origin = readHeader(event, 'origin');
  if (origin === undefined || !origins.some((known) => isOrigin(origin, known))) {
    return { Vary: 'Origin' };
  }
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
    Vary: 'Origin',
  };
}

function isOrigin(origin: string, known: string): boolean {
  const [head = '', tail] = known.split('*');
  if (tail !== undefined) {
    const isBetween = origin.startsWith(head) && origin.endsWith(tail);
    return isBetween && LABELS.test(origin.slice(head.length, -tail.length));
  }
  // Browsers differ in whether they write the host after the scheme of an app in lower case.
  return /^https?:/.test(known) ? origin === known : origin.toLowerCase() === known.toLowerCase();
}

/**
 * Returns the headers by which a preflight learns what the function takes.
 *
 * @param headers that requests may have besides.
 */
export function describePreflight(
  methods: readonly string[],
  headers: readonly string[] = [],
): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': [...READ_HEADERS, ...TRACING_HEADERS, ...headers].join(', '),
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
  };
}
