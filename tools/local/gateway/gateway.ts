import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActivityLog } from '../activity.ts';
import { type HttpTrigger, MAX_REQUEST_BYTES, toHttpEvent } from './http-event.ts';
import type { FunctionDefinition, Outcome } from './instance.ts';
import { createPool } from './pool.ts';

/** Replaces the platform's triggers: calls the built functions with the same events. */
export interface Gateway {
  /** Returns whether there is a function of this name. */
  serves(name: string): boolean;
  handle(name: string, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
  /** Calls a function with a timer trigger, which no request reaches. */
  fire(name: string, event: object): Promise<FiredCall>;
  close(): Promise<void>;
}

/** A call of a function with a timer trigger. */
interface FiredCall {
  readonly outcome: Outcome;
  readonly milliseconds: number;
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

interface GatewayOptions {
  /** Functions with an HTTP trigger. */
  readonly functions: readonly FunctionDefinition[];
  /** Functions with a timer trigger. */
  readonly timed: readonly FunctionDefinition[];
  /** Path of the bundled `instance-process.ts`. */
  readonly runtime: string;
  readonly trigger: HttpTrigger;
  /** One of the functions' `CORS_ORIGINS`; pages of all origins count as pages of this one. */
  readonly corsOrigin?: string;
  readonly activity: ActivityLog;
}

/** Returns a gateway for its functions; each has its own processes and only its own environment. */
export function createGateway(options: GatewayOptions): Gateway {
  const { functions, timed, runtime, trigger, corsOrigin, activity } = options;
  const pools = new Map(
    [...functions, ...timed].map((definition) => [
      definition.name,
      { definition, pool: createPool(definition, runtime) },
    ]),
  );
  const served = new Set(functions.map(({ name }) => name));

  async function call(name: string, describeEvent: (requestId: string) => object) {
    const found = pools.get(name);
    if (found === undefined) throw new RangeError(`There is no function "${name}"`);
    const { definition, pool } = found;
    const requestId = randomUUID();
    const startedAt = performance.now();
    const outcome = await pool.call({
      event: describeEvent(requestId),
      context: describeContext(definition, requestId),
      timeLimitMilliseconds: definition.timeoutSeconds * 1_000,
    });
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    return { outcome, milliseconds, log: parseLog(outcome.log), definition, requestId };
  }

  return {
    serves: (name) => served.has(name),
    async handle(name, request, response, url) {
      const body = await readBody(request);
      if (body === undefined) {
        // The connection is closed, because the rest of the body will not be read.
        response.writeHead(413, { Connection: 'close' }).end();
        return;
      }
      const { origin } = request.headers;
      if (origin !== undefined && corsOrigin !== undefined) request.headers.origin = corsOrigin;
      const { outcome, milliseconds, log, definition, requestId } = await call(name, (id) =>
        toHttpEvent(trigger, request, url, body, id),
      );
      const answer = toAnswer(outcome, definition, requestId);
      const { status } = answer;
      const method = request.method ?? 'GET';
      activity.report({ type: 'function', function: name, method, status, milliseconds, log });
      const headers = origin === undefined ? {} : allowOrigin(answer.headers, corsOrigin, origin);
      response.writeHead(status, { ...answer.headers, ...headers }).end(answer.body);
    },
    fire: (name, event) => call(name, () => event),
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.close()));
    },
  };
}

/** The plain part of the context: https://cloud.tencent.com/document/product/583/11060. */
function describeContext(definition: FunctionDefinition, requestId: string) {
  return {
    request_id: requestId,
    function_name: definition.name,
    function_version: '$LATEST',
    namespace: 'default',
    memory_limit_in_mb: definition.memoryMegabytes,
    time_limit_in_ms: definition.timeoutSeconds * 1_000,
    tencentcloud_region: 'ap-singapore',
    tencentcloud_appid: '1500000001',
    tencentcloud_uin: '100000000001',
    environment: JSON.stringify(definition.environment),
  };
}

/**
 * Returns the header with which a page of `origin` can read an answer that the function gives to pages of `corsOrigin`.
 */
function allowOrigin(
  headers: HttpAnswer['headers'],
  corsOrigin: string | undefined,
  origin: string,
): HttpAnswer['headers'] {
  const name = 'Access-Control-Allow-Origin';
  return corsOrigin !== undefined && headers[name] === corsOrigin ? { [name]: origin } : {};
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: string;
}

/**
 * Returns the platform's HTTP answer for a function's result. Its answer to a failed call of a Function URL is not
 * documented; these are the status codes of other kinds of calls
 * (https://cloud.tencent.com/document/product/583/42611).
 */
function toAnswer(outcome: Outcome, definition: FunctionDefinition, requestId: string): HttpAnswer {
  switch (outcome.kind) {
    case 'result':
      return toResponse(outcome.value);
    case 'timeout':
      return toFailure(
        433,
        `Invoking task timed out after ${definition.timeoutSeconds} seconds`,
        requestId,
      );
    case 'exit':
      return toFailure(439, 'User process exit when running', requestId);
    case 'error':
      return toFailure(430, outcome.message, requestId);
  }
}

function toResponse(value: unknown): HttpAnswer {
  const given: Readonly<Record<string, unknown>> = Object(value);
  const { statusCode, headers, body } = given;
  if (typeof statusCode !== 'number') {
    // A value without a status code is the body as a whole: https://cloud.tencent.com/document/product/583/96099.
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(value),
    };
  }
  return {
    status: statusCode,
    headers: Object(headers),
    body: typeof body === 'string' ? body : JSON.stringify(body ?? ''),
  };
}

function toFailure(status: number, errorMessage: string, requestId: string): HttpAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ errorCode: -1, errorMessage, requestId, statusCode: status }),
  };
}

/** Returns the body as text, or undefined if it is larger than the platform accepts. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseLog(log: string): Readonly<Record<string, unknown>>[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Readonly<Record<string, unknown>> => {
      try {
        const parsed: unknown = JSON.parse(line);
        return Object(parsed) === parsed ? Object(parsed) : { text: line };
      } catch {
        return { text: line };
      }
    });
}
