import { type HttpHandler, httpHandler, type Route } from '../../lib/runtime/http-handler.ts';

/** A request of a test to a function. */
export interface TestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  /** Text is sent unchanged, anything else as JSON. */
  readonly body?: unknown;
}

/** How a trigger puts a request into an event. */
export interface EventShape {
  readonly name: string;
  readonly toEvent: (request: TestRequest) => Readonly<Record<string, unknown>>;
}

function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body ?? '').replace(/^""$/, '');
}

/** Event of a Function URL as https://cloud.tencent.com/document/product/583/96099 prints it. */
const functionUrl: EventShape = {
  name: 'Function URL',
  toEvent: ({ method = 'POST', path = '/', headers = {}, query = {}, body }) => ({
    body: bodyText(body),
    headers: {
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br',
      'x-scf-remote-addr': '203.0.113.9',
      ...headers,
    },
    httpMethod: method,
    path,
    queryString: query,
  }),
};

/** Event of an API Gateway trigger as https://cloud.tencent.com/document/product/583/12513 prints it. */
const apiGateway: EventShape = {
  name: 'API Gateway',
  toEvent: ({ method = 'POST', path = '/', headers = {}, query = {}, body }) => ({
    requestContext: {
      serviceId: 'service-f94sy04v',
      path: '/test/{path}',
      httpMethod: method,
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      identity: { secretId: 'abdcdxxxxxxxsdfs' },
      sourceIp: '203.0.113.9',
      stage: 'release',
    },
    headers: {
      Accept: '*/*',
      Host: 'service-3ei3tii4-251000691.ap-guangzhou.apigateway.myqcloud.com',
      ...Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
          value,
        ]),
      ),
    },
    body: Buffer.from(bodyText(body)).toString('base64'),
    pathParameters: { path: 'value' },
    queryStringParameters: {},
    headerParameters: { Refer: '203.0.113.9' },
    stageVariables: { stage: 'release' },
    path,
    queryString: query,
    httpMethod: method,
    isBase64Encoded: true,
  }),
};

/** Both HTTP triggers of SCF; functions behave the same behind either. */
export const EVENT_SHAPES: readonly EventShape[] = [functionUrl, apiGateway];

/** SCF's context: https://cloud.tencent.com/document/product/583/11060. */
export const SCF_CONTEXT = {
  request_id: '3b1d5b1e-6c61-4b6f-9c10-2b9f64e1f0aa',
  function_name: 'function-under-test',
  function_version: '$LATEST',
  memory_limit_in_mb: 128,
  time_limit_in_ms: 3_000,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => 3_000,
};

/** Methods of functions that have more than one. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  uploads: ['GET', 'POST', 'PUT', 'DELETE'],
  pull: ['GET', 'POST'],
};

/** {@link SCF_CONTEXT} with a minute left, for tests that are not about time. */
const PATIENT_CONTEXT = { ...SCF_CONTEXT, getRemainingTimeInMillis: () => 60_000 };

/**
 * Returns a function that calls a handler as the trigger does, by default with {@link PATIENT_CONTEXT}, and parses the
 * answer, if there is one.
 */
export function askHandler(handler: HttpHandler, toEvent = functionUrl.toEvent) {
  return async (request: TestRequest, context: object = PATIENT_CONTEXT) => {
    const response = await handler(toEvent(request), context);
    return { ...response, json: response.body === '' ? undefined : JSON.parse(response.body) };
  };
}

/** Returns a function that calls a route behind a trigger, by default a Function URL. */
export function askRoute(name: string, route: Route, toEvent?: EventShape['toEvent']) {
  const methods = METHODS[name] ?? ['POST'];
  return askHandler(
    httpHandler(name, methods, () => ({ corsOrigins: [], route })),
    toEvent,
  );
}
