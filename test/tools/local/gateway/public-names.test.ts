import { createServer, type Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPublicNames } from '../../../../tools/local/gateway/public-names.ts';

const { request } = https;
let server: Server;

beforeEach(async () => {
  server = createServer((incoming, outgoing) => outgoing.end(`here is ${incoming.url}`));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  findPublicNames({ 'samples.example.com': `http://127.0.0.1:${port}` });
});
afterEach(async () => {
  https.request = request;
  await new Promise((closed) => server.close(closed));
});

/** Asks as the functions do, with an agent that is for https alone. */
function ask(url: string | URL): Promise<string> {
  return new Promise((answered, failed) => {
    https
      .request(url, { agent: new https.Agent() })
      .on('response', (response) => answered(text(response)))
      .on('error', failed)
      .end();
  });
}

describe('findPublicNames()', () => {
  it.each(['https://samples.example.com/cover.png?a=1', new URL('https://samples.example.com/b')])(
    'leads %s to the origin that its name stands for',
    async (url) => {
      const { pathname, search } = new URL(url);

      expect(await ask(url)).toBe(`here is ${pathname}${search}`);
    },
  );

  it('leaves other names to the network', async () => {
    // Nobody can own it: https://www.rfc-editor.org/rfc/rfc2606.
    await expect(ask('https://samples.invalid/')).rejects.toMatchObject({
      syscall: 'getaddrinfo',
    });
  });
});
