import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { clock } from '../../../lib/system.ts';
import { createWebhookSender } from '../../../lib/webhooks/send-webhook.ts';
import {
  type Consumer,
  createSecret,
  endpointOf,
  messageOf,
  type ReceivedWebhook,
} from './consumer.ts';
import { accept, send, useServers } from './send-webhook-stage.ts';

const { serve } = useServers();

function verify(secret: string, webhook: ReceivedWebhook, body = webhook.body): unknown {
  const headers = Object.fromEntries(
    Object.entries(webhook.headers).map(([name, value]) => [name, String(value)]),
  );
  return new Webhook(secret).verify(body, headers);
}

function firstOf(consumer: Consumer): ReceivedWebhook {
  const [webhook] = consumer.received;
  if (webhook === undefined) throw new Error('Nothing came in');
  return webhook;
}

describe('createWebhookSender()', () => {
  it('sends a message that the official library verifies, also with either secret while one is replaced', async () => {
    const consumer = await serve(accept);
    const [fresh, old] = [createSecret(24), createSecret(64)];
    const message = messageOf('01J', '한글 🎬 \u2028 "quoted"');
    const sendWebhook = createWebhookSender({ clock });

    const sent = await sendWebhook(endpointOf(consumer.url, `${fresh} ${old}`), message, 5_000);

    const webhook = firstOf(consumer);
    expect(sent).toEqual({ ok: true, status: 204, gone: false });
    expect(verify(fresh, webhook)).toEqual(message);
    expect(verify(old, webhook)).toEqual(message);
    expect(webhook).toMatchObject({ method: 'POST', path: '/hook' });
    expect(webhook.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'vod-upload-backend',
      'webhook-id': message.id,
    });
  });

  it('sends a signature that fits no other secret, body or id', async () => {
    const consumer = await serve(accept);
    const secret = createSecret();
    await send(consumer.url, { secret });

    const webhook = firstOf(consumer);
    const other = { ...webhook, headers: { ...webhook.headers, 'webhook-id': 'msg_other' } };
    expect(() => verify(createSecret(), webhook)).toThrow('No matching signature');
    expect(() => verify(secret, webhook, webhook.body.replace('ready', 'failed'))).toThrow();
    expect(() => verify(secret, other)).toThrow('No matching signature');
  });

  it.each([
    [-301, 'too old'],
    [302, 'too new'],
  ])(
    'signs the time of the attempt, which does not verify %i seconds away',
    async (seconds, why) => {
      const consumer = await serve(accept);
      const secret = createSecret();
      const now = () => Date.now() + seconds * 1_000;
      await send(consumer.url, { secret, clock: { ...clock, now } });

      expect(() => verify(secret, firstOf(consumer))).toThrow(why);
    },
  );

  it('retries with the same id and body, and a signature of the new time', async () => {
    const consumer = await serve(accept);
    const endpoint = endpointOf(consumer.url, createSecret());
    let now = 1_700_000_000_900;
    const sendWebhook = createWebhookSender({ clock: { ...clock, now: () => now } });
    await sendWebhook(endpoint, messageOf(), 5_000);
    now += 60_000;
    await sendWebhook(endpoint, messageOf(), 5_000);

    const [first, second] = consumer.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-timestamp']).toBe('1700000060');
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
  });

  it.each([200, 201, 202, 299])('treats %i as delivered', async (status) => {
    const { url } = await serve((response) => response.writeHead(status).end('thanks'));

    expect(await send(url)).toEqual({ ok: true, status, gone: false });
  });

  it.each([400, 401, 404, 429, 500, 502, 503])('treats %i as failed', async (status) => {
    const { url } = await serve((response) => response.writeHead(status).end());

    expect(await send(url)).toEqual({ ok: false, status, error: `http_${status}`, gone: false });
  });

  it('treats 410 as a consumer that is gone', async () => {
    const { url } = await serve((response) => response.writeHead(410).end());

    expect(await send(url)).toMatchObject({ ok: false, status: 410, gone: true });
  });

  it.each([300, 301, 302, 303, 307, 308])('follows no redirection (%i)', async (status) => {
    const elsewhere = await serve(accept);
    const { url } = await serve((response) =>
      response.writeHead(status, { Location: elsewhere.url }).end(),
    );

    expect(await send(url)).toMatchObject({ ok: false, status, gone: false });
    expect(elsewhere.received).toEqual([]);
  });

  it.each([
    [429, '7', 7],
    [503, 'Sat, 31 Jan 2026 08:00:30 GMT', 30],
    [503, 'whenever', undefined],
    [500, '7', undefined],
  ])('reports the Retry-After of a consumer (%i, %s)', async (status, header, seconds) => {
    const { url } = await serve((response) =>
      response.writeHead(status, { 'Retry-After': header }).end(),
    );

    const sent = await send(url, { clock: { ...clock, now: () => Date.UTC(2026, 0, 31, 8) } });

    expect(sent.retryAfterSeconds).toBe(seconds);
  });

  it('hides secrets from JSON and inspection', () => {
    const secret = createSecret();
    const endpoint = endpointOf('https://hooks.example.com/', secret);
    const shown = JSON.stringify(endpoint) + inspect(endpoint, { depth: 9, showHidden: true });

    expect(shown).not.toContain(secret.slice(6, 20));
    expect(shown).not.toContain('Uint8Array');
  });
});
