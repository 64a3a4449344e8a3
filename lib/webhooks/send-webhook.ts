import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Exchanged, exchange } from '../net/exchange.ts';
import { createPublicLookup } from '../net/public-lookup.ts';
import type { Clock } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import { MAX_BODY_BYTES } from '../validation/limits.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import type { Message } from './message.ts';
import { writeMessageBody } from './message.ts';
import { readRetryAfter } from './retry-schedule.ts';
import type { SendResult } from './target.ts';

/** Makes one attempt to deliver `message`, which ends within the given number of milliseconds. It never rejects. */
export type SendWebhook = (
  endpoint: WebhookEndpoint,
  message: Message,
  timeLimit: number,
) => Promise<SendResult>;

/** Dependencies of the sender. */
export interface WebhookDependencies {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Resolves names to addresses; if missing, Node.js does. */
  readonly lookup?: LookupFunction;
}

/** Most bytes of an answer that are read, so that its connection can be reused; they are ignored. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Longest wait in milliseconds for the end of an answer whose status is known. */
const ANSWER_END_MILLISECONDS = 1_000;

/** Idle connections to one endpoint; there are never more messages in flight. */
const MAX_IDLE_CONNECTIONS = 4;

/**
 * Creates the sender of webhooks. It keeps connections open, so an instance creates it once.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createWebhookSender({ clock, lookup }: WebhookDependencies): SendWebhook {
  const keepAlive = { keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS };
  const publicAgent = new HttpsAgent({ ...keepAlive, lookup: createPublicLookup(lookup) });
  const localAgents = { http: new HttpAgent(keepAlive), https: new HttpsAgent(keepAlive) };
  const chooseAgent = ({ url, loopback }: WebhookEndpoint) => {
    if (!loopback) return publicAgent;
    return url.startsWith('https:') ? localAgents.https : localAgents.http;
  };

  return async (endpoint, message, timeLimit) => {
    const started = clock.monotonic();
    const body = Buffer.from(writeMessageBody(message, MAX_BODY_BYTES));
    const sentAt = new Date(clock.now());
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'User-Agent': 'vod-upload-backend',
      'webhook-id': message.id,
      'webhook-timestamp': Math.floor(sentAt.getTime() / 1_000),
      'webhook-signature': endpoint.sign(message.id, sentAt, body.toString()),
    };
    const attempt = () =>
      exchange({
        url: endpoint.url,
        headers,
        body,
        agent: chooseAgent(endpoint),
        timeLimit: Math.max(1, timeLimit - (clock.monotonic() - started)),
        bodyTimeLimit: ANSWER_END_MILLISECONDS,
        maxBytes: MAX_ANSWER_BYTES,
      });
    const first = await attempt();
    // A consumer may close an idle connection at the moment when it is used, which is not a failure. If the message
    // arrived nevertheless, the consumer recognises the repeat by its id.
    const isStale = first.kind === 'failed' && first.isStale;
    return describeExchange(isStale ? await attempt() : first, clock.now());
  };
}

/** Only the status counts, even if the body was not complete. */
function describeExchange(exchanged: Exchanged, now: number): SendResult {
  if (exchanged.kind === 'failed') return { ok: false, error: exchanged.error, gone: false };
  const { status, headers } = exchanged;
  if (status >= 200 && status < 300) return { ok: true, status, gone: false };

  const failed = { ok: false, status, error: `http_${status}`, gone: status === 410 };
  if (status !== 429 && status !== 503) return failed;
  return {
    ...failed,
    ...defined({ retryAfterSeconds: readRetryAfter(headers['retry-after'], now) }),
  };
}
