import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Agent, createServer } from 'node:https';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCoverFetcher, MAX_COVER_BYTES } from '../../../lib/actions/fetch-cover.ts';
import { createPublicLookup } from '../../../lib/net/public-lookup.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { useRequirement } from '../../support/requirement.ts';
import { blackPng } from '../../tools/local/emulator/ugc/media-samples.ts';

const PNG = blackPng(8, 4);
const URL = 'https://covers.example.com/a/cover?key=canary';

let folder: string;
let listening: Listening;
let answer: (response: ServerResponse) => void;
let asked: string[];
let agent: Agent;

const hasOpenssl = useRequirement('openssl');
beforeAll(async () => {
  if (!hasOpenssl) return;
  folder = await mkdtemp(join(tmpdir(), 'cover-'));
  const certificate = await makeCertificate(folder, 'covers.example.com');
  const server = createServer(certificate, (request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    answer(response);
  });
  listening = await listen(server);
  // The name points to this machine, at the port of its URL.
  agent = new HereAgent({ ca: certificate.cert }, listening.port);
});
afterAll(async () => {
  if (!hasOpenssl) return;
  await listening.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

const here: LookupFunction = (_host, options, callback) =>
  options.all === true
    ? callback(null, [{ address: '127.0.0.1', family: 4 }])
    : callback(null, '127.0.0.1', 4);

class HereAgent extends Agent {
  readonly #port: number;

  constructor(options: ConstructorParameters<typeof Agent>[0], port: number) {
    super({ ...options, lookup: here });
    this.#port = port;
  }

  override createConnection(...input: Parameters<Agent['createConnection']>) {
    const [options, ...rest] = input;
    return super.createConnection({ ...options, port: this.#port }, ...rest);
  }
}

const fetch = (url = URL, timeLimit = 5_000) => createCoverFetcher(agent)(url, timeLimit);

const send = (bytes: Buffer, status = 200) => {
  answer = (response) => response.writeHead(status).end(bytes);
};

describe('createCoverFetcher()', () => {
  it.each([
    ['png', PNG],
    ['jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0])],
    ['gif of 1987', Buffer.from('GIF87a...')],
    ['gif of 1989', Buffer.from('GIF89a...')],
  ])('fetches a %s', async (_name, bytes) => {
    send(bytes);
    expect(await fetch()).toEqual({ kind: 'fetched', bytes });
    expect(asked).toEqual(['covers.example.com/a/cover?key=canary']);
  });

  it.each([
    ['an empty body', Buffer.alloc(0)],
    ['an HTML page', Buffer.from('<!doctype html>')],
    ['an image of another format', Buffer.from('RIFF0000WEBP')],
    ['half of the first bytes of a PNG', PNG.subarray(0, 4)],
    ['an image after other bytes', Buffer.concat([Buffer.from(' '), PNG])],
  ])('refuses %s as an image', async (_name, bytes) => {
    send(bytes);
    expect(await fetch()).toEqual({ kind: 'refused', error: 'cover_no_image' });
  });

  it('accepts an image of exactly the limit in bytes', async () => {
    const most = Buffer.concat([PNG, Buffer.alloc(MAX_COVER_BYTES - PNG.length)]);
    send(most);
    expect(await fetch()).toMatchObject({ kind: 'fetched' });
  });

  it('refuses a larger image, with or without a Content-Length', async () => {
    const refused = { kind: 'refused', error: 'cover_too_large' };
    const tooMuch = Buffer.concat([PNG, Buffer.alloc(MAX_COVER_BYTES)]);
    answer = (response) => response.writeHead(200, { 'Content-Length': 2 ** 40 }).write(PNG);
    expect(await fetch()).toEqual(refused);
    answer = (response) => response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end(tooMuch);
    expect(await fetch()).toEqual(refused);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirection with %i', async (status) => {
    answer = (response) => response.writeHead(status, { Location: URL }).end();
    expect(await fetch()).toEqual({ kind: 'refused', error: `cover_http_${status}` });
    expect(asked).toHaveLength(1);
  });

  it.each([
    [204, 'refused'],
    [206, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [408, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ])('reports an image with status %i as %s', async (status, kind) => {
    send(status === 204 ? Buffer.alloc(0) : PNG, status);
    expect(await fetch()).toEqual({ kind, error: `cover_http_${status}` });
  });

  it('times out within its limit', async () => {
    answer = () => {};
    expect(await fetch(URL, 50)).toEqual({ kind: 'failed', error: 'cover_timeout' });
    answer = (response) => response.writeHead(200).write(PNG);
    expect(await fetch(URL, 50)).toEqual({ kind: 'failed', error: 'cover_timeout' });
  });

  it('fails when the connection is interrupted', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Length': PNG.length });
      response.write(PNG.subarray(0, 10), () => response.destroy());
    };
    expect(await fetch()).toEqual({ kind: 'failed', error: 'cover_ECONNRESET' });
  });

  it.each([
    'http://covers.example.com/c.png',
    'https://localhost/c.png',
    'https://127.0.0.1/c.png',
    'https://10.0.0.1/c.png',
    'https://[::1]/c.png',
    'https://169.254.169.254/latest/meta-data',
    'https://metadata.tencentyun.com/latest',
    'https://covers.example.com:8443/c.png',
    'https://user:password@covers.example.com/c.png',
    'file:///etc/passwd',
    'no URL',
  ])('sends no request to %s', async (url) => {
    send(PNG);
    expect(await fetch(url)).toEqual({ kind: 'refused', error: 'cover_url_refused' });
    expect(asked).toEqual([]);
  });

  it('does not connect to a public name that points to a private address', async () => {
    send(PNG);
    const fetchCover = createCoverFetcher(new Agent({ lookup: createPublicLookup(here) }));
    expect(await fetchCover(URL, 5_000)).toEqual({ kind: 'failed', error: 'cover_EPRIVATE' });
    expect(asked).toEqual([]);
  });

  it('does not trust a server without a valid certificate', async () => {
    send(PNG);
    const fetchCover = createCoverFetcher(new HereAgent({}, listening.port));
    expect(await fetchCover(URL, 5_000)).toMatchObject({ kind: 'failed' });
    expect(asked).toEqual([]);
  });
});
