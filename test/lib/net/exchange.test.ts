import { once } from 'node:events';
import { Agent, createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeRequest, exchange, isTransientStatus } from '../../../lib/net/exchange.ts';
import { type Listening, listen } from '../../support/listen.ts';

let server: Server;
let respond: RequestListener;
let listening: Listening;
let url: string;

beforeEach(async () => {
  server = createServer((request, response) => respond(request, response));
  listening = await listen(server);
  url = `${listening.origin}/place?a=1`;
});

afterEach(() => listening.close());

function ask(change: Partial<ExchangeRequest> = {}) {
  return exchange({ url, headers: { 'X-One': 1 }, timeLimit: 5_000, maxBytes: 10, ...change });
}

/** Resolves once the server has no open connections. */
const closed = () =>
  expect
    .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
    .toBe(0);

describe('exchange()', () => {
  it('returns status, headers and body of a GET', async () => {
    respond = ({ method, url: path, headers }, response) => {
      response.setHeader('X-Asked', `${method} ${path} ${headers['x-one']}`);
      response.writeHead(404).end('not there!');
    };

    expect(await ask()).toMatchObject({
      kind: 'answered',
      status: 404,
      headers: { 'x-asked': 'GET /place?a=1 1' },
      body: Buffer.from('not there!'),
    });
  });

  it('sends a body by POST', async () => {
    respond = async (request, response) => {
      const chunks = await request.toArray();
      response.end(`${request.method} ${Buffer.concat(chunks)}`);
    };

    const exchanged = await ask({ body: Buffer.from('한글'), maxBytes: 11 });

    expect(exchanged).toMatchObject({ body: Buffer.from('POST 한글') });
  });

  it('does not follow redirections', async () => {
    respond = (request, response) => {
      expect(request.url).toBe('/place?a=1');
      response.writeHead(302, { Location: '/elsewhere' }).end();
    };

    expect(await ask()).toMatchObject({ kind: 'answered', status: 302 });
  });

  it.each([
    ['by its Content-Length', { 'Content-Length': 11 }],
    ['while reading it', {}],
  ])(
    'aborts a response whose body is too large, %s, and closes the connection',
    async (_, headers) => {
      respond = (_request, response) => {
        response.writeHead(200, headers).write('x'.repeat(11));
      };
      const agent = new Agent({ keepAlive: true });

      expect(await ask({ agent })).toMatchObject({ kind: 'cut', status: 200, error: 'too_large' });
      await closed();
    },
  );

  it('does not read the body of an unwanted status, and closes the connection', async () => {
    respond = (_request, response) => {
      response.writeHead(404).write('and');
    };
    const agent = new Agent({ keepAlive: true });
    const wantsBody = (status: number) => status === 200;

    expect(await ask({ agent, wantsBody })).toMatchObject({
      ...{ kind: 'cut', status: 404, error: 'unwanted' },
    });
    await closed();
  });

  it('times out without an answer, and closes the connection', async () => {
    respond = () => {};
    const agent = new Agent({ keepAlive: true });

    expect(await ask({ agent, timeLimit: 50 })).toEqual({
      ...{ kind: 'failed', error: 'timeout', isStale: false },
    });
    await closed();
  });

  it.each([
    ['limit of the exchange', { timeLimit: 100 }],
    ['limit of the body', { bodyTimeLimit: 50 }],
  ])('times out on a body that does not end: %s', async (_, limits) => {
    respond = (_request, response) => {
      response.writeHead(200).write('and');
    };

    expect(await ask(limits)).toMatchObject({ kind: 'cut', status: 200, error: 'timeout' });
    await closed();
  });

  it('reports the error code with which a body was interrupted', async () => {
    respond = (_request, response) => {
      response.writeHead(200, { 'Content-Length': 10 });
      response.write('half', () => response.destroy());
    };

    expect(await ask()).toMatchObject({ kind: 'cut', status: 200, error: 'ECONNRESET' });
  });

  it('reuses the connections of an agent, and closes its own', async () => {
    respond = (_request, response) => response.end('x');
    const agent = new Agent({ keepAlive: true });

    for (let i = 0; i < 3; i += 1) await ask({ agent });
    expect(listening.connections()).toBe(1);
    agent.destroy();
    await ask();
    await ask();
    expect(listening.connections()).toBe(3);
    await closed();
  });

  it('reports a missing answer by an error code alone', async () => {
    server.close();
    await once(server, 'close');

    expect(await ask()).toEqual({ kind: 'failed', error: 'ECONNREFUSED', isStale: false });
    const unnamed = Object.assign(new Error('canary'), { code: 'lower case' });
    const agent = new Agent({ lookup: (_host, _options, callback) => callback(unnamed, '') });
    const exchanged = await ask({ url: 'http://media.example.com/', agent });
    expect(exchanged).toMatchObject({ kind: 'failed', error: 'network' });
  });

  it('leaves no timer running', async () => {
    respond = (_request, response) => response.end('x');
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const agent = new Agent({ keepAlive: false });
    const before = timers();

    await ask({ agent, timeLimit: 60_000 });
    await closed();

    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('a connection that is closed while it is idle', () => {
  it('is reported as stale, unlike a new one', async () => {
    const tcp = createTcpServer((socket) => {
      let answered = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        answered += 1;
        if (answered > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const { origin: place, close } = await listen(tcp);
    const agent = new Agent({ keepAlive: true });

    expect(await ask({ url: place, agent })).toMatchObject({ kind: 'answered' });
    expect(await ask({ url: place, agent })).toEqual({
      ...{ kind: 'failed', error: 'ECONNRESET', isStale: true },
    });
    await close();
  });
});

describe('isTransientStatus()', () => {
  it.each([408, 425, 429, 500, 502, 503, 599])('waits for another answer than %i', (status) => {
    expect(isTransientStatus(status)).toBe(true);
  });

  it.each([200, 301, 400, 401, 404, 410, 424, 499])('takes %i for an answer', (status) => {
    expect(isTransientStatus(status)).toBe(false);
  });
});
