import { createServer } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPublicNames } from '../../../../tools/local/gateway/public-names.ts';
import { type Listening, listen } from '../../../support/listen.ts';

const { request } = https;
let server: Listening;

beforeEach(async () => {
  server = await listen(
    createServer((incoming, outgoing) => outgoing.end(`here is ${incoming.url}`)),
  );
  findPublicNames({ 'samples.example.com': server.origin });
});
afterEach(async () => {
  https.request = request;
  await server.close();
});

/** Sends a request as the functions do, with an agent that only allows https. */
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
    'redirects %s to the local origin for its name',
    async (url) => {
      const { pathname, search } = new URL(url);

      expect(await ask(url)).toBe(`here is ${pathname}${search}`);
    },
  );

  it('does not change other names', async () => {
    // This name can have no owner: https://www.rfc-editor.org/rfc/rfc2606.
    await expect(ask('https://samples.invalid/')).rejects.toMatchObject({
      syscall: 'getaddrinfo',
    });
  });
});
