import { createServer, request as requestHttp } from 'node:http';
import { createServer as createTls } from 'node:https';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chooseProxy } from '../../../client/put/proxy.ts';
import { createTransport } from '../../../client/put/transport.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { listen } from '../../support/listen.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { requirePresent } from '../../support/requirement.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
});

describe('chooseProxy()', () => {
  const choose = (url: string, variables: Readonly<Record<string, string>>) =>
    chooseProxy(new URL(url), variables)?.href;
  const PROXY = 'http://proxy.example.com:3128/';

  it.each([
    ['https://a.example.com', { HTTPS_PROXY: PROXY }, PROXY],
    ['https://a.example.com', { https_proxy: 'proxy.example.com:3128' }, PROXY],
    ['https://a.example.com', { HTTP_PROXY: PROXY }, undefined],
    ['http://a.example.com', { HTTP_PROXY: PROXY }, PROXY],
    ['http://a.example.com', { ALL_PROXY: PROXY }, PROXY],
    ['http://a.example.com', { all_proxy: 'socks5://x' }, undefined],
    ['http://a.example.com', { http_proxy: PROXY, no_proxy: 'example.com' }, undefined],
    ['http://a.example.com', { http_proxy: PROXY, no_proxy: '.example.com' }, undefined],
    ['http://a.example.com', { http_proxy: PROXY, NO_PROXY: 'b.com, a.example.com' }, undefined],
    ['http://a.example.com:81', { http_proxy: PROXY, NO_PROXY: 'a.example.com:80' }, PROXY],
    ['http://a.example.com', { http_proxy: PROXY, NO_PROXY: '*' }, undefined],
    ['http://notexample.com', { http_proxy: PROXY, NO_PROXY: 'example.com' }, PROXY],
    ['http://a.example.com', { http_proxy: '' }, undefined],
  ])('for %s with %j', (url, variables, proxy) => {
    expect(choose(url, variables)).toBe(proxy);
  });
});

/** Starts a proxy for both kinds of request, which notes what is asked of it. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization']}`);
    const onward = requestHttp(String(incoming.url), { method: incoming.method }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket, head) => {
    asked.push(`CONNECT ${incoming.headers['proxy-authorization']}`);
    const port = Number(String(incoming.url).split(':')[1]);
    const outer = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      outer.write(head);
      socket.pipe(outer).pipe(socket);
    });
    outer.on('error', () => socket.destroy());
    socket.on('error', () => outer.destroy());
  });
  const { host, close } = await listen(server);
  closers.push(close);
  return { asked, url: `http://user:pass%20word@${host}` };
}

const LOGIN = `Basic ${Buffer.from('user:pass word').toString('base64')}`;

describe('createTransport()', () => {
  it('sends plain requests through a proxy', async () => {
    const { origin, close } = await listen(
      createServer((incoming, outgoing) => {
        incoming.resume();
        incoming.on('end', () => outgoing.end('answered'));
      }),
    );
    closers.push(close);
    const proxy = await startProxy();
    const transport = createTransport({ http_proxy: proxy.url });
    closers.push(transport.close);
    const body = { size: 3, chunks: () => [Buffer.from('abc')] };

    const { text } = await transport.send({
      method: 'PUT',
      url: new URL(`${origin}/a?b`),
      headers: {},
      body,
    });

    expect(text).toBe('answered');
    expect(proxy.asked).toEqual([`PUT ${origin}/a?b ${LOGIN}`]);
  });

  it('sends secure requests through a tunnel, over one connection', async (context) => {
    requirePresent(context, 'openssl');
    const { key, cert } = await makeCertificate(await makeFolder(), 'localhost');
    const { port, close } = await listen(
      createTls({ key, cert }, (incoming, outgoing) => {
        incoming.resume();
        incoming.on('end', () => outgoing.end('secret'));
      }),
    );
    closers.push(close);
    const proxy = await startProxy();
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const transport = createTransport({ https_proxy: proxy.url });
    closers.push(transport.close);
    const url = new URL(`https://localhost:${port}/`);

    const texts: string[] = [];
    for (let call = 0; call < 3; call += 1) {
      texts.push((await transport.send({ method: 'GET', url, headers: {} })).text);
    }

    expect(texts).toEqual(['secret', 'secret', 'secret']);
    expect(proxy.asked).toEqual([`CONNECT ${LOGIN}`]);
  });

  it('says that a host cannot be reached', async () => {
    const transport = createTransport({});
    const url = new URL('http://127.0.0.1:1/');

    await expect(transport.send({ method: 'GET', url, headers: {} })).rejects.toMatchObject({
      ...{ code: 'unreachable', isTransient: true, reason: 'ECONNREFUSED' },
      message: '127.0.0.1 cannot be reached (ECONNREFUSED).',
    });
  });
});
