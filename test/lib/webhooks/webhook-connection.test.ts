import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clock } from '../../../lib/system.ts';
import type { WebhookEndpoint } from '../../../lib/webhooks/endpoint.ts';
import { createWebhookSender } from '../../../lib/webhooks/send-webhook.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { requirePresent } from '../../support/requirement.ts';
import { createSecret, endpointOf, messageOf } from './consumer.ts';
import { accept, send, useServers } from './send-webhook-stage.ts';

const { serve, serveRaw } = useServers();

describe('the connection of createWebhookSender()', () => {
  it('ends an attempt without an answer at its time limit', async () => {
    const consumer = await serve(() => {});

    const sent = await send(consumer.url, { milliseconds: 500 });

    expect(sent).toEqual({ ok: false, error: 'timeout', gone: false });
    expect(consumer.received).toHaveLength(1);
  });

  it('counts the time before the attempt against the limit', async () => {
    const consumer = await serve((response) => setTimeout(() => response.end(), 2_000));
    const times = [60_000, 64_900];
    const monotonic = () => times.shift() ?? 64_900;

    const sent = await send(consumer.url, { clock: { ...clock, monotonic } });

    expect(sent).toMatchObject({ ok: false, error: 'timeout' });
  });

  it('accepts the status of an answer that does not end', async () => {
    const { url } = await serve((response) => response.writeHead(200).write('and'));

    const sent = await send(url, { milliseconds: 200 });

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

  it('reuses a connection', async () => {
    const consumer = await serve((response) => response.end('x'.repeat(1_000)));
    const endpoint = endpointOf(consumer.url, createSecret());
    const sendWebhook = createWebhookSender({ clock });

    for (let i = 0; i < 10; i += 1) await sendWebhook(endpoint, messageOf(String(i)), 5_000);

    expect(consumer.received).toHaveLength(10);
    expect(consumer.connections()).toBe(1);
  });

  it('closes a connection rather than read a long answer to its end', async () => {
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

  it('sends again where a reused connection is reset', async () => {
    let requests = 0;
    const server = createTcpServer((socket) => {
      let answered = 0;
      socket.on('data', () => {
        requests += 1;
        answered += 1;
        if (answered > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const { origin, connections } = await serveRaw(server);
    const endpoint = endpointOf(`${origin}/`, createSecret());
    const sendWebhook = createWebhookSender({ clock });

    const first = await sendWebhook(endpoint, messageOf('1'), 5_000);
    const second = await sendWebhook(endpoint, messageOf('2'), 5_000);

    expect([first.ok, second.ok]).toEqual([true, true]);
    expect(connections()).toBe(2);
    expect(requests).toBeGreaterThanOrEqual(2);
  });

  it('sends once where a new connection is reset', async () => {
    let requests = 0;
    const server = createTcpServer((socket) => {
      socket.on('data', () => {
        requests += 1;
        socket.resetAndDestroy();
      });
    });
    const { origin } = await serveRaw(server);

    const sent = await send(`${origin}/`);

    expect(sent).toEqual({ ok: false, error: 'ECONNRESET', gone: false });
    expect(requests).toBe(1);
  });

  it('treats a consumer that cannot be reached as failed', async () => {
    const consumer = await serve(accept);
    await consumer.close();

    expect(await send(consumer.url)).toEqual({ ok: false, error: 'ECONNREFUSED', gone: false });
  });

  it.each([
    ['220 ready\r\n', /^[A-Z_]+$/],
    ['HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n', /^http_99$/],
  ])('treats the answer %j as failed', async (text, error) => {
    const server = createTcpServer((socket) => socket.end(text));
    const { origin } = await serveRaw(server);

    const sent = await send(`${origin}/`);

    expect(sent).toMatchObject({ ok: false, error: expect.stringMatching(error) });
  });

  it('sends nothing to a consumer with an untrusted certificate', async (context) => {
    requirePresent(context, 'openssl');
    const folder = await makeFolder();
    const server = createTlsServer(await makeCertificate(folder, 'localhost'));
    const requests: unknown[] = [];
    server.on('request', (request) => requests.push(request));
    const { port } = await serveRaw(server);

    const sent = await send(`https://localhost:${port}/`);

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
  ])('refuses to connect where a public name resolves to %s %s', async (...addresses) => {
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
});
