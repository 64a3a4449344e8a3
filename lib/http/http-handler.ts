import { randomUUID } from 'node:crypto';
import middy from '@middy/core';
import { ConfigError } from '../config/environment.ts';
import { type LogFields, writeLogLine } from '../log.ts';
import { describeProblem, Problem } from '../problem.ts';
import { allowOrigin, describePreflight } from './cors.ts';
import type { HttpEvent } from './event.ts';

/** What a route answers; `body` goes out as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What a route knows of the call that it answers. */
export interface Invocation {
  readonly requestId: string;
  /** What is added here ends in the invocation's log line. */
  readonly log: LogFields;
  /** Milliseconds until the platform ends the call. */
  readonly remainingMilliseconds: () => number;
}

/** One function's way from a request to its answer. */
export type Route = (event: HttpEvent, invocation: Invocation) => Answer | Promise<Answer>;

/** A function that is ready to serve. */
export interface Service {
  readonly corsOrigins: readonly string[];
  readonly route: Route;
}

/** The answer in the form that both HTTP triggers take: https://cloud.tencent.com/document/product/583/96099. */
interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** The SCF entry point of a function behind an HTTP trigger. */
export type HttpHandler = (event: unknown, context: unknown) => Promise<HttpResponse>;

/** Longest method that is logged in full: https://www.iana.org/assignments/http-methods has none longer. */
const LONGEST_METHOD = 17;

interface OpenInvocation extends Invocation {
  /** Milliseconds on the process's own clock. */
  readonly startedAt: number;
  /** Known once the service is open. */
  cors: Readonly<Record<string, string>> | undefined;
}

/** The part of middy's request that is used; the invocation stands where middy expects the platform's context. */
interface Exchange {
  readonly event: HttpEvent;
  readonly context: OpenInvocation;
  response: HttpResponse | null;
  readonly error: unknown;
}

/**
 * Answers the entry point that serves `open`'s route and writes one log line per invocation. It never rejects:
 * whatever is thrown inside becomes an answer, a `Problem` with its text and anything else as a bare 500.
 *
 * @param methods HTTP methods of the route; requests with others are answered here.
 * @param open makes the service at the first invocation, so that a wrong environment is a logged answer and not a
 * function that cannot be loaded.
 */
export function httpHandler(
  name: string,
  methods: readonly string[],
  open: () => Service,
): HttpHandler {
  const service = once(open);
  const serve = middy<HttpEvent, HttpResponse, Error, OpenInvocation>({ timeoutEarlyInMillis: 0 })
    .use({ onError: respondWithProblem })
    .before((exchange: Exchange) => {
      const { event, context } = exchange;
      context.cors = allowOrigin(event, service().corsOrigins);
      return admit(event, context, methods);
    })
    .handler(async (event: HttpEvent, invocation: OpenInvocation) => {
      const { status, body } = await service().route(event, invocation);
      return finish(invocation, status, JSON.stringify(body), JSON_TYPE);
    });
  return (event, context) => serve(toRecord(event), beginInvocation(name, context));
}

function beginInvocation(name: string, context: unknown): OpenInvocation {
  const scf = toRecord(context);
  const given: unknown = Reflect.get(scf, 'request_id');
  const requestId = typeof given === 'string' && given !== '' ? given : randomUUID();
  return {
    requestId,
    startedAt: performance.now(),
    log: { level: 'info', function: name, requestId },
    remainingMilliseconds: () => readRemaining(scf),
    cors: undefined,
  };
}

/** A platform that does not say how long it waits is taken at its word. */
function readRemaining(context: object): number {
  const tell: unknown = Reflect.get(context, 'getRemainingTimeInMillis');
  const milliseconds: unknown = typeof tell === 'function' ? tell.call(context) : undefined;
  return typeof milliseconds === 'number' ? milliseconds : Number.POSITIVE_INFINITY;
}

/** Answers a response where the route need not be asked. */
function admit(
  event: HttpEvent,
  invocation: OpenInvocation,
  methods: readonly string[],
): HttpResponse | undefined {
  const method = typeof event.httpMethod === 'string' ? event.httpMethod : '';
  invocation.log.method = method.slice(0, LONGEST_METHOD);
  if (methods.includes(method)) return undefined;

  const allow = { Allow: [...methods, 'OPTIONS'].join(', ') };
  if (method === 'OPTIONS') {
    return finish(invocation, 204, '', { ...allow, ...describePreflight(methods) });
  }
  throw new Problem(
    `Cannot ${invocation.log.method || 'call'} here: use ${methods.join(' or ')}.`,
    {
      code: 'method_not_allowed',
      headers: allow,
    },
  );
}

function respondWithProblem(exchange: Exchange): void {
  const { context, error } = exchange;
  const problem = describeProblem(error, context.requestId);
  Object.assign(context.log, explainToOperator(error));
  exchange.response = finish(context, problem.status, JSON.stringify(problem), {
    ...PROBLEM_TYPE,
    ...(error instanceof Problem ? error.headers : {}),
  });
}

function finish(
  invocation: OpenInvocation,
  statusCode: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): HttpResponse {
  const { log, requestId, startedAt, cors } = invocation;
  log.status = statusCode;
  log.milliseconds = Math.round((performance.now() - startedAt) * 100) / 100;
  writeLogLine(log);
  return {
    statusCode,
    headers: {
      'Cache-Control': 'no-store',
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

function explainToOperator(error: unknown): LogFields {
  if (error instanceof Problem) {
    const { code, message, errors, vod } = error;
    return {
      level: 'warn',
      code,
      // The sentence about a wrong field begins with its name, which may be anything.
      ...(errors === undefined
        ? { reason: message }
        : { fields: errors.map(({ path }) => path).filter(isFieldName) }),
      ...(vod === undefined ? {} : { vodCode: vod.code, vodRequestId: vod.requestId }),
    };
  }
  if (error instanceof ConfigError) {
    return { level: 'error', code: 'internal', reason: error.message, fields: error.variables };
  }
  if (!(error instanceof Error)) return { level: 'error', code: 'internal', error: typeof error };
  // The message may quote what came in, so only the place goes to the log.
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return {
    level: 'error',
    code: 'internal',
    error: error.name,
    stack: frames.slice(0, 6).join('\n'),
  };
}

/** Unknown fields have whatever names the caller chose; what does not look like a name is not logged. */
function isFieldName(path: string): boolean {
  return /^[A-Za-z0-9.-]{1,40}$/.test(path);
}

function once(open: () => Service): () => Service {
  let service: Service | undefined;
  return () => {
    service ??= open();
    return service;
  };
}

function toRecord(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
