import middy from '@middy/core';
import { describeProblem, Problem } from '../problem.ts';
import { type HttpEvent, listMethods, methodNotAllowed, readHeader } from './http-event.ts';
import {
  beginInvocation,
  endInvocation,
  type Invocation,
  type OpenInvocation,
  openOnce,
  toErrorLogFields,
  toRecord,
} from './invocation.ts';

/** The answer of a route. */
export interface Answer {
  readonly status: number;
  /** In addition to those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; without it, the answer has no body. */
  readonly body?: unknown;
}

/** Answers the requests of one function. */
export type Route = (event: HttpEvent, invocation: Invocation) => Answer | Promise<Answer>;

/** A function that is ready to serve. */
export interface Service {
  readonly corsOrigins: readonly string[];
  readonly corsHeaders?: readonly string[];
  readonly route: Route;
  /** Every request waits for it, and fails if it rejects; missing if there is nothing to wait for. */
  readonly ready?: Promise<unknown> | undefined;
}

/** The answer in the form that both HTTP triggers accept: https://cloud.tencent.com/document/product/583/96099. */
interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** The SCF entry point of a function behind an HTTP trigger. */
export type HttpHandler = (event: unknown, context: unknown) => Promise<HttpResponse>;

/** Longest method that is logged in full: https://www.iana.org/assignments/http-methods has none longer. */
const MAX_METHOD = 17;

interface HttpInvocation extends OpenInvocation {
  /** Set once the service is open. */
  cors?: Readonly<Record<string, string>> | undefined;
}

/** The part of middy's request that is used; the invocation is passed where middy expects the platform's context. */
interface Exchange {
  readonly event: HttpEvent;
  readonly context: HttpInvocation;
  response: HttpResponse | null;
  readonly error: unknown;
}

/**
 * Returns the entry point that serves `open`'s route and writes one log line per invocation. It never rejects: any
 * error becomes an answer, a `Problem` with its text and anything else as a 500 without details. A HEAD is a GET
 * without the body: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2.
 *
 * @param methods HTTP methods of the route; requests with others are answered here.
 * @param open creates the service at the first invocation, so that a wrong environment results in a logged answer and
 * not in a function that cannot be loaded.
 */
export function httpHandler(
  name: string,
  methods: readonly string[],
  open: () => Service,
): HttpHandler {
  const service = openOnce(() => {
    const opened = open();
    // Every request that awaits it gets the error.
    opened.ready?.catch(() => {});
    return opened;
  });
  const serve = middy<HttpEvent, HttpResponse, Error, HttpInvocation>({ timeoutEarlyInMillis: 0 })
    .use({ onError: respondWithProblem })
    .before((exchange: Exchange) => {
      const { event, context } = exchange;
      const { corsOrigins, corsHeaders } = service();
      context.cors = allowOrigin(event, corsOrigins);
      return admit(event, context, methods, corsHeaders);
    })
    .handler(async (event: HttpEvent, invocation: HttpInvocation) => {
      const { ready, route } = service();
      if (ready !== undefined) await ready;
      const { status, headers, body } = await route(event, invocation);
      if (body === undefined) return finish(invocation, status, '', headers ?? {});
      const type = headers === undefined ? JSON_TYPE : { ...JSON_TYPE, ...headers };
      return finish(invocation, status, JSON.stringify(body), type);
    });
  return async (event, context) => {
    const asked: HttpEvent = toRecord(event);
    const isHead = asked.httpMethod === 'HEAD' && methods.includes('GET');
    const served = isHead ? { ...asked, httpMethod: 'GET' } : asked;
    const response = await serve(served, beginInvocation(name, context));
    return isHead ? { ...response, body: '' } : response;
  };
}

/** Returns a response to a request that the route need not see. */
function admit(
  event: HttpEvent,
  invocation: HttpInvocation,
  methods: readonly string[],
  corsHeaders: readonly string[] | undefined,
): HttpResponse | undefined {
  const method = typeof event.httpMethod === 'string' ? event.httpMethod : '';
  invocation.log.method = method.slice(0, MAX_METHOD);
  if (methods.includes(method)) return undefined;

  if (method === 'OPTIONS') {
    const allow = { Allow: listMethods(methods) };
    return finish(invocation, 204, '', { ...allow, ...describePreflight(methods, corsHeaders) });
  }
  throw methodNotAllowed(invocation.log.method, methods);
}

function respondWithProblem(exchange: Exchange): void {
  const { context, error } = exchange;
  const problem = describeProblem(error, context.requestId);
  Object.assign(context.log, toErrorLogFields(error));
  exchange.response = finish(context, problem.status, JSON.stringify(problem), {
    ...PROBLEM_TYPE,
    ...(error instanceof Problem ? error.headers : {}),
  });
}

function finish(
  invocation: HttpInvocation,
  statusCode: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): HttpResponse {
  const { log, requestId, cors } = invocation;
  log.status = statusCode;
  endInvocation(invocation);
  return {
    statusCode,
    headers: {
      // Answers must not be cached, and are not pages:
      // https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': requestId,
      ...headers,
      ...cors,
    },
    body,
    isBase64Encoded: false,
  };
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };
const PROBLEM_TYPE = { 'Content-Type': 'application/problem+json; charset=utf-8' };

/** Seconds for which a browser caches the answer to a preflight; the longest that Chromium accepts. */
const PREFLIGHT_SECONDS = 7_200;

/** Headers that the functions read. */
const READ_HEADERS = ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match'];

/**
 * Headers that tracing libraries add to the requests of a page: https://www.w3.org/TR/trace-context/,
 * https://www.w3.org/TR/baggage/ and https://develop.sentry.dev/sdk/telemetry/traces/.
 */
const TRACING_HEADERS = ['traceparent', 'tracestate', 'baggage', 'sentry-trace'];

/** One or more labels of a host, as a browser writes them. */
const LABELS = /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/;

/**
 * Returns the CORS headers for a caller's origin: none, unless it is in `origins`.
 *
 * Callers send their token in a header and never a cookie, so credentials are not allowed.
 *
 * @param origins as `explainOrigin` of the configuration accepts them: exact ones, and patterns such as
 * `https://*.example.com`.
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
  // For the scheme of an app, some browsers write the host in lower case and some do not.
  return /^https?:/.test(known) ? origin === known : origin.toLowerCase() === known.toLowerCase();
}

/**
 * Returns the headers that tell a preflight which methods and headers the function accepts.
 *
 * @param headers further headers that requests may have.
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
