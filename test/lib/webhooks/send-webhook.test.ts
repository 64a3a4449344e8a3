import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { createPublicLookup } from '../../../lib/net/public-lookup.ts';
import { clock } from '../../../lib/system.ts';
import type { WebhookEndpoint } from '../../../lib/webhooks/endpoint.ts';
import { createWebhookSender } from '../../../lib/webhooks/send-webhook.ts';
import type { SendResult } from '../../../lib/webhooks/target.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { requirePresent } from '../../support/requirement.ts';
import {
  type Consumer,
  createSecret,
  endpointOf,
  messageOf,
  type ReceivedWebhook,
  startConsumer,
} from './consumer.ts';

const consumers: Consumer[] = [];

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
});

async function serve(answer: Parameters<typeof startConsumer>[0]): Promise<Consumer> {
  const consumer = await startConsumer(answer);
  consumers.push(consumer);
  return consumer;
}

const accept: Parameters<typeof startConsumer>[0] = (response) => {
  response.writeHead(204).end();
};

function send(url: string, now = Date.now()): Promise<SendResult> {
  return createWebhookSender({ clock: { ...clock, now: () => now } })(
    endpointOf(url, createSecret()),
    messageOf(),
    5_000,
  );
}

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
  it('sends what the official library verifies, with every secret while one is replaced', async () => {
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

  it('sends what no other secret, no other body and no other id verifies', async () => {
    const consumer = await serve(accept);
    const secret = createSecret();
    await createWebhookSender({ clock })(endpointOf(consumer.url, secret), messageOf(), 5_000);

    const webhook = firstOf(consumer);
    const other = { ...webhook, headers: { ...webhook.headers, 'webhook-id': 'msg_other' } };
    expect(() => verify(createSecret(), webhook)).toThrow('No matching signature');
    expect(() => verify(secret, webhook, webhook.body.replace('ready', 'failed'))).toThrow();
    expect(() => verify(secret, other)).toThrow('No matching signature');
  });

  it.each([
    [-301, 'too old'],
    [302, 'too new'],
  ])('signs the time of the attempt: %i seconds away it does not verify', async (seconds, why) => {
    const consumer = await serve(accept);
    const secret = createSecret();
    const now = () => Date.now() + seconds * 1_000;
    await createWebhookSender({ clock: { ...clock, now } })(
      endpointOf(consumer.url, secret),
      messageOf(),
      5_000,
    );

    expect(() => verify(secret, firstOf(consumer))).toThrow(why);
  });

  it('sends the same id and body again with a signature of the new time', async () => {
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

  it.each([200, 201, 202, 299])('takes %i for delivered', async (status) => {
    const { url } = await serve((response) => response.writeHead(status).end('thanks'));

    expect(await send(url)).toEqual({ ok: true, status, gone: false });
  });

  it.each([400, 401, 404, 429, 500, 502, 503])('takes %i for failed', async (status) => {
    const { url } = await serve((response) => response.writeHead(status).end());

    expect(await send(url)).toEqual({ ok: false, status, error: `http_${status}`, gone: false });
  });

  it('takes 410 for a consumer that is gone', async () => {
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
  ])(
    'tells how long a consumer wants to be left alone (%i, %s)',
    async (status, header, seconds) => {
      const { url } = await serve((response) =>
        response.writeHead(status, { 'Retry-After': header }).end(),
      );

      const sent = await send(url, Date.UTC(2026, 0, 31, 8));

      expect(sent.retryAfterSeconds).toBe(seconds);
    },
  );

  it('ends an attempt that gets no answer in time', async () => {
    const consumer = await serve(() => {});
    const endpoint = endpointOf(consumer.url, createSecret());

    const sent = await createWebhookSender({ clock })(endpoint, messageOf(), 500);

    expect(sent).toEqual({ ok: false, error: 'timeout', gone: false });
    expect(consumer.received).toHaveLength(1);
  });

  it('counts what went by before the attempt', async () => {
    const consumer = await serve((response) => setTimeout(() => response.end(), 2_000));
    const times = [60_000, 64_900];
    const monotonic = () => times.shift() ?? 64_900;

    const sent = await createWebhookSender({ clock: { ...clock, monotonic } })(
      endpointOf(consumer.url, createSecret()),
      messageOf(),
      5_000,
    );

    expect(sent).toMatchObject({ ok: false, error: 'timeout' });
  });

  it('goes by the status of an answer that does not end', async () => {
    const { url } = await serve((response) => response.writeHead(200).write('and'));
    const endpoint = endpointOf(url, createSecret());

    const sent = await createWebhookSender({ clock })(endpoint, messageOf(), 200);

    expect(sent).toEqual({ ok: true, status: 200, gone: false });
  });

  it('stops reading an answer that is too long', async () => {
    let written = 0;
    let closed: Promise<unknown> | undefined;
    const { url } = await serve((response) => {
      closed = once(response, 'close');
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    });

    expect(await send(url)).toEqual({ ok: true, status: 200, gone: false });
    await closed;
    expect(written).toBeLessThan(64 * 1024 ** 2);
  });

  it('uses a connection again', async () => {
    const consumer = await serve((response) => response.end('x'.repeat(1_000)));
    const endpoint = endpointOf(consumer.url, createSecret());
    const sendWebhook = createWebhookSender({ clock });

    for (let i = 0; i < 10; i += 1) await sendWebhook(endpoint, messageOf(String(i)), 5_000);

    expect(consumer.received).toHaveLength(10);
    expect(consumer.connections()).toBe(1);
  });

  it('rather gives a connection up than read a long answer to its end', async () => {
    const consumer = await serve((response) => response.end('x'.repeat(200_000)));
    const endpoint = endpointOf(consumer.url, createSecret());
    const sendWebhook = createWebhookSender({ clock });

    const sent = [
      await sendWebhook(endpoint, messageOf('1'), 5_000),
      await sendWebhook(endpoint, messageOf('2'), 5_000),
    ];

    expect(sent.map(({ ok }) => ok)).toEqual([true, true]);
    expect(consumer.connections()).toBe(2);
  });

  it('sends once more when a connection proves to be closed just as it is used again', async () => {
    let connections = 0;
    let requests = 0;
    const server = createTcpServer((socket) => {
      connections += 1;
      let answered = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        requests += 1;
        answered += 1;
        if (answered > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoint = endpointOf(`http://127.0.0.1:${port}/`, createSecret());
    const sendWebhook = createWebhookSender({ clock });

    const first = await sendWebhook(endpoint, messageOf('1'), 5_000);
    const second = await sendWebhook(endpoint, messageOf('2'), 5_000);

    expect([first.ok, second.ok]).toEqual([true, true]);
    expect(connections).toBe(2);
    expect(requests).toBeGreaterThanOrEqual(2);
    server.close();
  });

  it('sends once alone where a consumer resets a connection that is new', async () => {
    let requests = 0;
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        requests += 1;
        socket.resetAndDestroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const sent = await send(`http://127.0.0.1:${port}/`);

    expect(sent).toEqual({ ok: false, error: 'ECONNRESET', gone: false });
    expect(requests).toBe(1);
    server.close();
  });

  it('takes a consumer that cannot be reached for failed', async () => {
    const consumer = await serve(accept);
    await consumer.close();

    expect(await send(consumer.url)).toEqual({ ok: false, error: 'ECONNREFUSED', gone: false });
  });

  it.each([
    ['220 ready\r\n', /^[A-Z_]+$/],
    ['HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n', /^http_99$/],
  ])('takes a consumer that says %j for failed', async (text, error) => {
    const server = createTcpServer((socket) => socket.end(text));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const sent = await send(`http://127.0.0.1:${port}/`);
    server.close();

    expect(sent).toMatchObject({ ok: false, error: expect.stringMatching(error) });
  });

  it('sends nothing to a consumer whose certificate nobody vouches for', async (context) => {
    requirePresent(context, 'openssl');
    const folder = await mkdtemp(join(tmpdir(), 'webhook-'));
    const server = createTlsServer(await makeCertificate(folder, 'localhost'));
    const requests: unknown[] = [];
    server.on('request', (request) => requests.push(request));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const sent = await send(`https://localhost:${port}/`);

    server.close();
    await rm(folder, { recursive: true });
    expect(sent).toEqual({ ok: false, error: 'DEPTH_ZERO_SELF_SIGNED_CERT', gone: false });
    expect(requests).toEqual([]);
  });

  it.each([
    ['127.0.0.1'],
    ['169.254.0.23'],
    ['10.0.0.1'],
    ['100.64.0.1'],
    ['::1'],
    ['fe80::1'],
    ['::ffff:10.0.0.1'],
    ['8.8.8.8', '192.168.0.1'],
  ])('connects to nobody whose public name leads to %s %s', async (...addresses) => {
    const consumer = await serve(accept);
    const asked: string[] = [];
    const lookup: LookupFunction = (host, options, callback) => {
      asked.push(host);
      const found = addresses.map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }));
      if (options.all) callback(null, found);
      else callback(null, addresses.at(-1) ?? '', 4);
    };
    const endpoint: WebhookEndpoint = {
      ...endpointOf(consumer.url, createSecret()),
      url: 'https://hooks.example.com/hook?token=canary',
      loopback: false,
    };

    const sent = await createWebhookSender({ clock, lookup })(endpoint, messageOf(), 5_000);

    expect(sent).toEqual({ ok: false, error: 'EPRIVATE', gone: false });
    expect(asked).toEqual(['hooks.example.com']);
    expect(consumer.connections()).toBe(0);
  });

  it('holds secrets where neither JSON nor inspection finds them', () => {
    const secret = createSecret();
    const endpoint = endpointOf('https://hooks.example.com/', secret);
    const shown = JSON.stringify(endpoint) + inspect(endpoint, { depth: 9, showHidden: true });

    expect(shown).not.toContain(secret.slice(6, 20));
    expect(shown).not.toContain('Uint8Array');
  });
});

describe('createPublicLookup()', () => {
  function ask(lookup: LookupFunction, all: boolean): Promise<unknown> {
    return new Promise((resolve) => {
      createPublicLookup(lookup)('hooks.example.com', { all }, (error, found) =>
        resolve(error === null ? found : error.code),
      );
    });
  }

  it('hands on public addresses in the form that was asked for', async () => {
    const two = [
      { address: '93.184.215.14', family: 4 },
      { address: '2606:2800:21f::1', family: 6 },
    ];

    expect(await ask((_host, _options, callback) => callback(null, two), true)).toEqual(two);
    expect(await ask((_host, _options, callback) => callback(null, '8.8.8.8', 4), false)).toBe(
      '8.8.8.8',
    );
  });

  it('fails for a private address, for none, and as the lookup failed', async () => {
    const notFound = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });

    expect(await ask((_h, _o, callback) => callback(null, '10.1.2.3', 4), false)).toBe('EPRIVATE');
    expect(await ask((_h, _o, callback) => callback(null, []), true)).toBe('EPRIVATE');
    expect(await ask((_h, _o, callback) => callback(notFound, ''), false)).toBe('ENOTFOUND');
  });
});
