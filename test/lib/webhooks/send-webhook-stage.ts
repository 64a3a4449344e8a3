import type { Server } from 'node:net';
import { afterEach } from 'vitest';
import { clock } from '../../../lib/system.ts';
import { createWebhookSender } from '../../../lib/webhooks/send-webhook.ts';
import type { SendResult } from '../../../lib/webhooks/target.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { type Consumer, createSecret, endpointOf, messageOf, startConsumer } from './consumer.ts';

type Answer = Parameters<typeof startConsumer>[0];

/** Accepts a webhook. */
export const accept: Answer = (response) => {
  response.writeHead(204).end();
};

/** How a webhook differs from one with a fresh secret, five seconds and the real clock. */
interface Sending extends Partial<Parameters<typeof createWebhookSender>[0]> {
  readonly secret?: string;
  readonly milliseconds?: number;
}

/** Sends a webhook by a new sender. */
export const send = (
  url: string,
  { secret = createSecret(), milliseconds = 5_000, ...change }: Sending = {},
): Promise<SendResult> =>
  createWebhookSender({ clock, ...change })(endpointOf(url, secret), messageOf(), milliseconds);

/** Returns what starts servers; each is closed after the test that starts it. */
export function useServers() {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });
  const keep = <T extends { close(): Promise<void> }>(started: T): T => {
    opened.push(started);
    return started;
  };
  return {
    serve: async (answer: Answer): Promise<Consumer> => keep(await startConsumer(answer)),
    serveRaw: async (server: Server): Promise<Listening> => keep(await listen(server)),
  };
}
