import type { IncomingMessage } from 'node:http';

/** Largest request that a function is called with, in bytes: https://cloud.tencent.com/document/product/583/11637. */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/** The HTTP trigger that the gateway simulates. */
export type HttpTrigger = 'url' | 'apigw';

/**
 * Returns the event of a Function URL: header names in lower case, the caller's address in its own header.
 *
 * @see https://cloud.tencent.com/document/product/583/96099
 */
function functionUrlEvent(request: IncomingMessage, url: URL, body: string) {
  return {
    body,
    headers: {
      ...joinHeaders(request),
      'x-scf-remote-addr': request.socket.remoteAddress ?? '',
    },
    httpMethod: request.method ?? 'GET',
    path: url.pathname,
    queryString: Object.fromEntries(url.searchParams),
  };
}

/**
 * Returns the event of an API Gateway trigger: header names as the client wrote them, and further members.
 *
 * @see https://cloud.tencent.com/document/product/583/12513
 */
function apiGatewayEvent(request: IncomingMessage, url: URL, body: string, requestId: string) {
  const queryString = Object.fromEntries(url.searchParams);
  return {
    body,
    headerParameters: {},
    headers: capitaliseHeaders(joinHeaders(request)),
    httpMethod: request.method ?? 'GET',
    isBase64Encoded: false,
    path: url.pathname,
    pathParameters: {},
    queryString,
    queryStringParameters: queryString,
    requestContext: {
      serviceId: 'service-local',
      path: url.pathname,
      httpMethod: request.method ?? 'GET',
      requestId,
      identity: {},
      sourceIp: request.socket.remoteAddress ?? '',
      stage: 'release',
    },
    stageVariables: { stage: 'release' },
  };
}

/** Returns the event with which `trigger` would call a function for this request. */
export function toHttpEvent(
  trigger: HttpTrigger,
  request: IncomingMessage,
  url: URL,
  body: string,
  requestId: string,
): object {
  return trigger === 'url'
    ? functionUrlEvent(request, url, body)
    : apiGatewayEvent(request, url, body, requestId);
}

function joinHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function capitaliseHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    ]),
  );
}
