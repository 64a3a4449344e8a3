import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { createPublicLookup } from '../net/public-lookup.ts';
import { MAX_BODY_BYTES } from '../validation/limits.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import type { Message } from './message.ts';
import { writeMessageBody } from './message-body.ts';
import { readRetryAfter } from './retry-after.ts';
import type { SendResult } from './target.ts';

/** Makes one attempt to deliver `message`, which ends within the given number of milliseconds. It never rejects. */
export type SendWebhook = (
  endpoint: WebhookEndpoint,
  message: Message,
  timeLimit: number,
) => Promise<SendResult>;

/** Dependencies of sending. */
export interface WebhookDependencies {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How names become addresses; Node's own way where it is left out. */
  readonly lookup?: LookupFunction;
}

/** Most bytes of an answer that are read, so that its connection can be used again; nobody looks at them. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Longest wait in milliseconds for the end of an answer whose status is known. */
const ANSWER_END_MILLISECONDS = 1_000;

/** Idle connections to one endpoint; more are never in flight. */
const MAX_IDLE_CONNECTIONS = 4;

/**
 * Returns how webhooks are sent. It holds open connections, so an instance makes one and keeps it.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createWebhookSender({ now, lookup }: WebhookDependencies): SendWebhook {
  const keepAlive = { keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS };
  const publicAgent = new HttpsAgent({ ...keepAlive, lookup: createPublicLookup(lookup) });
  const localAgents = { http: new HttpAgent(keepAlive), https: new HttpsAgent(keepAlive) };
  const openRequest: OpenRequest = ({ url, loopback }, options) => {
    if (!loopback) return requestHttps(url, { ...options, agent: publicAgent });
    return url.startsWith('https:')
      ? requestHttps(url, { ...options, agent: localAgents.https })
      : requestHttp(url, { ...options, agent: localAgents.http });
  };

  return async (endpoint, message, timeLimit) => {
    const started = performance.now();
    const body = Buffer.from(writeMessageBody(message, MAX_BODY_BYTES));
    const sentAt = new Date(now());
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'User-Agent': 'vod-upload-backend',
      'webhook-id': message.id,
      'webhook-timestamp': Math.floor(sentAt.getTime() / 1_000),
      'webhook-signature': endpoint.sign(message.id, sentAt, body.toString()),
    };
    const attempt = () => {
      const rest = Math.max(1, timeLimit - (performance.now() - started));
      return exchange(() => openRequest(endpoint, { method: 'POST', headers }), body, rest);
    };
    const first = await attempt();
    // A consumer may close an idle connection at the moment it is used; that says nothing of the consumer. Whatever
    // arrived all the same is known by its id.
    return describeExchange(first.kind === 'stale' ? await attempt() : first, now());
  };
}

type OpenRequest = (
  endpoint: WebhookEndpoint,
  options: { readonly method: string; readonly headers: Record<string, string | number> },
) => ReturnType<typeof requestHttp>;

type Exchange =
  | { readonly kind: 'answered'; readonly response: IncomingMessage }
  | { readonly kind: 'failed'; readonly error: string }
  /** An open connection turned out to be closed. */
  | { readonly kind: 'stale' };

function exchange(
  open: () => ReturnType<typeof requestHttp>,
  body: Buffer,
  timeLimit: number,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const request = open();
    const finish = (outcome: Exchange) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const end = (outcome: Exchange) => {
      finish(outcome);
      request.destroy();
    };
    let timer = setTimeout(() => end({ kind: 'failed', error: 'timeout' }), timeLimit);
    const started = performance.now();

    request.on('error', (error) => {
      const code = readCode(error);
      const stale = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
      end(stale ? { kind: 'stale' } : { kind: 'failed', error: code });
    });
    request.on('response', (response) => {
      const answered: Exchange = { kind: 'answered', response };
      clearTimeout(timer);
      const rest = Math.max(0, timeLimit - (performance.now() - started));
      timer = setTimeout(() => end(answered), Math.min(rest, ANSWER_END_MILLISECONDS));
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) end(answered);
      });
      response.on('end', () => finish(answered));
      response.on('error', () => end(answered));
    });
    request.end(body);
  });
}

function describeExchange(exchanged: Exchange, now: number): SendResult {
  if (exchanged.kind === 'stale') return { ok: false, error: 'ECONNRESET', gone: false };
  if (exchanged.kind === 'failed') return { ok: false, error: exchanged.error, gone: false };
  const { statusCode: status = 0, headers } = exchanged.response;
  if (status >= 200 && status < 300) return { ok: true, status, gone: false };

  const failed = { ok: false, status, error: `http_${status}`, gone: status === 410 };
  if (status !== 429 && status !== 503) return failed;
  const retryAfterSeconds = readRetryAfter(headers['retry-after'], now);
  return retryAfterSeconds === undefined ? failed : { ...failed, retryAfterSeconds };
}

/** Node's texts name hosts and addresses, its codes do not. */
function readCode(error: NodeJS.ErrnoException): string {
  return error.code !== undefined && /^[A-Z][A-Z0-9_]*$/.test(error.code) ? error.code : 'network';
}
