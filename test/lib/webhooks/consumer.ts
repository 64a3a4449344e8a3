import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseEndpoints, type WebhookEndpoint } from '../../../lib/webhooks/endpoint.ts';
import { buildUploadMessage, type Message } from '../../../lib/webhooks/message.ts';

/** A webhook as it was received. */
export interface ReceivedWebhook {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A consumer of webhooks on a port of this machine. */
export interface Consumer {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** Number of connections that were opened so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** Starts a consumer whose connections stay open until it is closed. */
export async function startConsumer(
  answer: (response: ServerResponse, webhook: ReceivedWebhook) => void,
): Promise<Consumer> {
  const received: ReceivedWebhook[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const webhook = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      received.push(webhook);
      answer(response, webhook);
    });
  };
  const server = createServer({ keepAliveTimeout: 0 }, listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Returns a new secret. */
export function createSecret(bytes = 32): string {
  return `whsec_${randomBytes(bytes).toString('base64')}`;
}

/** Returns an endpoint that the local stack accepts. */
export function endpointOf(url: string, secret: string, events = ['*']): WebhookEndpoint {
  const { endpoints, errors } = parseEndpoints([{ url, secret, events }], {
    urlPolicy: {},
    loopback: true,
  });
  const [endpoint] = endpoints ?? [];
  if (endpoint === undefined) throw new Error(JSON.stringify(errors));
  return endpoint;
}

/** Returns a message about the given upload. */
export function messageOf(uploadId = '01JUPLOADEXAMPLE', name = 'a.mp4'): Message {
  return buildUploadMessage({
    uploadId,
    method: 'client',
    state: 'ready',
    name,
    createdAt: '2026-01-31T08:00:00.000Z',
    updatedAt: '2026-01-31T08:05:00.000Z',
  });
}
