import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, request as requestHttp } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from '../../support/certificate.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { useRequirement } from '../../support/requirement.ts';

vi.setConfig({ testTimeout: 20_000 });

const PROGRAM = fileURLToPath(new URL('../../../tools/cli/vod-upload.mjs', import.meta.url));
const HOST = 'service.example.com';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const keep = (server: Listening) => {
  closers.push(server.close);
  return server;
};

/** A server of the functions, and of sources: of all names behind the proxy. */
async function startServer(folder: string) {
  const requests: string[] = [];
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const headers = { 'Content-Type': 'application/json', 'Accept-Ranges': 'bytes' };
    const isSource = request.url?.startsWith('/film') === true;
    if (isSource)
      response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': '1000' }).end();
    else response.writeHead(200, headers).end('{"items":[]}');
  };
  const secure = keep(
    await listen(createTlsServer({ ...(await makeCertificate(folder, HOST)) }, answer)),
  );
  return { requests, secure, plain: keep(await listen(createServer(answer))) };
}

/** A proxy for both kinds of request that demands a user, and leads every name to that server. */
async function startProxy({ secure, plain }: Awaited<ReturnType<typeof startServer>>) {
  const asked: string[] = [];
  const isKnown = (header: unknown) =>
    header === `Basic ${Buffer.from('ann:canary').toString('base64')}`;
  const server = createServer((incoming, outgoing) => {
    if (!isKnown(incoming.headers['proxy-authorization'])) return outgoing.writeHead(407).end();
    asked.push(`${incoming.method} ${incoming.url}`);
    const { pathname } = new URL(String(incoming.url));
    const onward = requestHttp(
      `${plain.origin}${pathname}`,
      { method: String(incoming.method) },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
    return onward;
  });
  server.on('connect', (incoming, socket) => {
    if (!isKnown(incoming.headers['proxy-authorization'])) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    asked.push(`CONNECT ${incoming.url}`);
    const outer = connect(secure.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(outer).pipe(socket);
    });
    for (const each of [outer, socket]) each.on('error', () => outer.destroy());
  });
  const { host } = keep(await listen(server));
  return { asked, host, url: `http://ann:canary@${host}` };
}

async function open() {
  const folder = await makeFolder();
  const server = await startServer(folder);
  const proxy = await startProxy(server);
  const run = async (args: readonly string[], variables: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      ...{ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
      env: {
        ...{ PATH: process.env['PATH'], VOD_UPLOAD_TOKEN: 'token' },
        ...{ NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'), ...variables },
      },
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    expect(out + error).not.toContain('canary');
    return { code, out, error };
  };
  return { folder, server, proxy, run };
}

useRequirement('openssl');
const LIST = ['uploads', 'list', '--uploads-url', `https://${HOST}/`];

describe('requests of vod-upload', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('go through %s', async (name) => {
    const { server, proxy, run } = await open();

    const listed = await run(LIST, { [name]: proxy.url });
    const runs = await run(['runs', 'list', '--endpoint', `https://${HOST}`], {
      [name]: proxy.url,
    });

    expect([listed.code, runs.code, runs.out]).toEqual([0, 0, 'You have no runs.\n']);
    expect(proxy.asked).toEqual([`CONNECT ${HOST}:443`, `CONNECT ${HOST}:443`]);
    expect(server.requests).toEqual([
      expect.stringMatching('^GET /uploads'),
      expect.stringMatching('^GET /pulls/runs'),
    ]);
  });

  it('ask for sources through HTTP_PROXY by their whole URLs', async () => {
    const { folder, proxy, run } = await open();
    await writeFile(join(folder, 'library.csv'), 'mediaUrl\nhttp://media.example.com/film.mp4\n');

    const args = ['pull', '--from', 'library.csv', '--dry-run', '--endpoint', `https://${HOST}`];
    const { code, out } = await run(args, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });

    expect(code).toBe(0);
    expect(out).toContain('1 to pull');
    expect(out).toContain('size: 1000 bytes');
    expect(proxy.asked).toEqual([`CONNECT ${HOST}:443`, 'HEAD http://media.example.com/film.mp4']);
  });

  it('leave a proxy alone for NO_PROXY, and on this machine', async () => {
    const { server, proxy, run } = await open();
    const variables = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };

    // There is no such host, and only the proxy knows it.
    const exempt = await run(LIST, { ...variables, NO_PROXY: '.example.com' });
    const local = await run(['uploads', 'list', '--uploads-url', server.plain.origin], variables);

    expect(exempt.code).toBe(2);
    expect(exempt.error).toMatch(/uploads cannot be reached \((?:ENOTFOUND|EAI_AGAIN)\)/);
    expect(local.code).toBe(0);
    expect(proxy.asked).toEqual([]);
  });

  it('say that a proxy refuses them, without its password', async () => {
    const { folder, proxy, run } = await open();
    const wrong = `http://ann:canary2@${proxy.host}`;
    await writeFile(join(folder, 'library.csv'), 'mediaUrl\nhttp://media.example.com/film.mp4\n');

    const listed = await run(LIST, { HTTPS_PROXY: wrong });
    const runs = await run(['runs', 'list', '--endpoint', `https://${HOST}`], {
      HTTPS_PROXY: wrong,
    });
    const args = ['pull', '--from', 'library.csv', '--dry-run', '--endpoint', `https://${HOST}`];
    const looked = await run(args, { HTTPS_PROXY: proxy.url, HTTP_PROXY: wrong });

    expect([listed.code, runs.code, looked.code]).toEqual([2, 2, 1]);
    expect(listed.error).toContain('uploads cannot be reached (the proxy answers 407).');
    expect(runs.error).toContain(`${HOST} cannot be reached (the proxy answers 407): check`);
    expect(looked.out).toContain('the source cannot be reached (the proxy answers 407) (line 2)');
  });
});
