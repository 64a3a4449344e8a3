import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { ActivityLog } from './activity.ts';
import type { Faults } from './emulator/faults.ts';

/** Path of the consumer on the stack's port. */
export const CONSUMER_PATH = '/__local/consumer';

/** Receives the functions' webhooks as an app's backend would. */
export type Consumer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Verdict {
  readonly verified: boolean;
  readonly eventType: string;
  readonly uploadId?: string;
  readonly fileId?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const DEFAULT_SLOWNESS = 20_000;
/** Most messages whose attempts are counted; the oldest is forgotten first. */
const MAX_COUNTED = 10_000;

/**
 * Returns a consumer that checks every message with the official library and reports it. It answers 401 to a message
 * that is not genuine, and 500 where a simulated fault requires it.
 */
export function createConsumer({
  activity,
  faults,
  secret,
}: {
  readonly activity: ActivityLog;
  readonly faults: Faults;
  /** Signs the messages to it; in the form `whsec_…`. */
  readonly secret: string;
}): Consumer {
  const webhook = new Webhook(secret);
  const attempts = new Map<string, number>();
  const count = (webhookId: string) => {
    const attempt = (attempts.get(webhookId) ?? 0) + 1;
    attempts.delete(webhookId);
    attempts.set(webhookId, attempt);
    const [oldest] = attempts.keys();
    if (attempts.size > MAX_COUNTED && oldest !== undefined) attempts.delete(oldest);
    return attempt;
  };

  return async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const webhookId = String(request.headers['webhook-id'] ?? '');
    const verdict = judge(webhook, text, request);
    const slow = faults.take('consumer-slow');
    if (slow !== undefined) {
      await waitWhileOpen(slow.value ?? DEFAULT_SLOWNESS, response);
    }
    const status = response.destroyed ? 0 : chooseStatus(verdict, faults);
    const attempt = count(webhookId);
    activity.report({ type: 'webhook', ...verdict, webhookId, attempt, status });
    if (status !== 0) response.writeHead(status).end();
  };
}

function chooseStatus({ verified }: Verdict, faults: Faults): number {
  if (!verified) return 401;
  return faults.take('consumer-error') === undefined ? 204 : 500;
}

function judge(webhook: Webhook, text: string, { headers }: IncomingMessage): Verdict {
  const named = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
  const given = Object.fromEntries(named.map((name) => [name, String(headers[name] ?? '')]));
  try {
    const message: Readonly<Record<string, unknown>> = Object(webhook.verify(text, given));
    const data: Readonly<Record<string, unknown>> = Object(message['data']);
    return { verified: true, eventType: String(message['type']), data, ...readSubject(data) };
  } catch (error) {
    // A message with a valid signature that is not JSON is not genuine either.
    if (!(error instanceof WebhookVerificationError || error instanceof SyntaxError)) throw error;
    return { verified: false, eventType: '' };
  }
}

/** Returns what a message is about: `upload.*` has the upload's id, and `vod.*` has a file's id in its one member. */
function readSubject({
  uploadId,
  fileId,
  ...members
}: NonNullable<Verdict['data']>): Pick<Verdict, 'uploadId' | 'fileId'> {
  const [file] = [
    fileId,
    ...Object.values(members).map((member) => Object(member)['FileId']),
  ].filter((id) => typeof id === 'string' && id !== '');
  return {
    ...(typeof uploadId === 'string' ? { uploadId } : {}),
    ...(typeof file === 'string' ? { fileId: file } : {}),
  };
}

/** Ends early if the sender stops waiting and closes the connection. */
async function waitWhileOpen(milliseconds: number, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  await wait(milliseconds, undefined, { signal: gone.signal, ref: false }).catch(() => undefined);
}
