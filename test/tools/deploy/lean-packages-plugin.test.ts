import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { explainVodError } from '../../../lib/vod/error.ts';
import { bundleFiles } from '../../../tools/deploy/bundle.ts';
import {
  expectedAuthorization,
  refuse,
  startVodServer,
  succeed,
  type VodCall,
  type VodServer,
} from '../../support/vod-server.ts';
import { loadBundle } from './load-bundle.ts';
import type { createClient } from './vendor/client.ts';

const VENDOR = fileURLToPath(new URL('./vendor/client.ts', import.meta.url));
const API = fileURLToPath(new URL('../../../lib/vod/client.ts', import.meta.url));

type CreateClient = typeof createClient;

async function loadClient(plugins?: readonly []): Promise<CreateClient> {
  const [bundle] = await bundleFiles([VENDOR], plugins);
  if (bundle === undefined) throw new Error('Nothing was bundled');
  const loaded = (await loadBundle(bundle)) as { createClient: CreateClient };
  return loaded.createClient;
}

let createFull: CreateClient;
let createLean: CreateClient;
let server: VodServer;
let answer: (response: ServerResponse, call: VodCall) => void = succeed;

beforeAll(async () => {
  createFull = await loadClient([]);
  createLean = await loadClient();
  server = await startVodServer((response, call) => answer(response, call));
});

afterEach(() => {
  answer = succeed;
});

afterAll(() => server.close());

/** Returns the parts of a failure that the code reads; ports and times differ between runs. */
function describeFailure(error: unknown): object {
  if (!(error instanceof Error)) throw new Error('Nothing was thrown', { cause: error });
  const own = (name: string): unknown => Reflect.get(error, name);
  return {
    message: error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST'),
    fromTheSdk: typeof own('traceId') === 'string',
    code: own('code'),
    httpCode: own('httpCode'),
    requestId: own('requestId'),
    meaning: explainVodError(error).problem.code,
    repeat: explainVodError(error).repeat,
  };
}

async function failBoth(endpoint = server.endpoint, seconds = 0.3): Promise<[object, object]> {
  const failOne = async (create: CreateClient) =>
    describeFailure(
      await create(endpoint, seconds)
        .request('PullUpload', { MediaUrl: 'https://media.example.com/a.mp4' })
        .catch((error: unknown) => error),
    );
  return [await failOne(createFull), await failOne(createLean)];
}

describe('leanPackages()', () => {
  it.each([
    ['plain text', { MediaUrl: 'https://media.example.com/a.mp4', ClassId: 7 }],
    ['any text', { MediaName: '한글 中文 "quoted" \\ \u2028 \u2029 \ud83c\udfac </script>' }],
    ['nested values', { FileIds: ['1', '2'], Filters: { Tags: ['a'], None: null } }],
    ['nothing', {}],
  ])('sends and reads %s as the whole SDK does', async (_name, parameters) => {
    answer = (response, call) => succeed(response, { Sent: call.parameters });
    const calls: VodCall[] = [];
    const answers: unknown[] = [];
    for (const create of [createFull, createLean]) {
      answers.push(await create(server.endpoint, 5).request('PullUpload', parameters));
      calls.push(...server.calls.slice(-1));
    }

    const [full, lean] = calls;
    if (full === undefined || lean === undefined) throw new Error('Too few calls');
    expect(answers[1]).toEqual(answers[0]);
    expect(lean.parameters).toEqual(full.parameters);
    expect(Object.keys(lean.headers)).toEqual(
      expect.arrayContaining(Object.keys(full.headers).filter((name) => name.startsWith('x-tc-'))),
    );
    for (const call of [full, lean]) {
      expect(call.headers.authorization).toBe(
        expectedAuthorization(call, 'AKIDexample', 'secret-key-example'),
      );
    }
  });

  it.each<[string, (response: ServerResponse) => void, object]>([
    [
      'an error of VOD',
      (response) => refuse(response, 'InvalidParameterValue.MediaUrl', '不支持 \u2028 "url"'),
      { code: 'InvalidParameterValue.MediaUrl', requestId: 'request-2', fromTheSdk: true },
    ],
    [
      'the status 500',
      (response) => response.writeHead(500).end('<html>'),
      { httpCode: 500, message: 'Internal Server Error', fromTheSdk: true },
    ],
    [
      'the status 404',
      (response) => response.writeHead(404, 'Nothing here').end(),
      { httpCode: 404, message: 'Nothing here', fromTheSdk: true },
    ],
    [
      'a connection that ends without an answer',
      (response) => response.destroy(),
      { message: 'request to http://HOST/ failed, reason: socket hang up', fromTheSdk: true },
    ],
    [
      'no answer in time',
      () => {},
      {
        message: 'network timeout at: http://HOST/',
        meaning: 'upstream_timeout',
        fromTheSdk: true,
      },
    ],
    [
      'an answer that is not JSON',
      (response) => response.end('<html>'),
      {
        message: expect.stringMatching(/^invalid json response body at http:\/\/HOST\/ reason: /),
        fromTheSdk: false,
      },
    ],
    [
      'an answer without a response',
      (response) => response.end('{}'),
      { message: expect.stringContaining('undefined'), fromTheSdk: false },
    ],
  ])('fails with %s as the whole SDK does', async (_name, respond, expected) => {
    answer = respond;
    const [full, lean] = await failBoth();

    expect(lean).toEqual(full);
    expect(lean).toMatchObject(expected);
  });

  it('fails as the whole SDK does if nothing listens', async () => {
    const closed = await startVodServer(succeed);
    await closed.close();
    const [full, lean] = await failBoth(closed.endpoint);

    expect(lean).toEqual(full);
    expect(lean).toMatchObject({
      message: 'request to http://HOST/ failed, reason: connect ECONNREFUSED HOST',
      meaning: 'upstream_failed',
    });
  });

  it('detects a truncated answer, and reports it as the same kind of failure', async () => {
    answer = (response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('{"Response":', () => response.destroy());
    };
    const [full, lean] = await failBoth();

    // The whole SDK waits until its time limit, and then throws an error of another class.
    expect(full).toMatchObject({ fromTheSdk: false });
    expect(lean).toMatchObject({
      message: 'request to http://HOST/ failed, reason: aborted',
      fromTheSdk: true,
    });
    for (const failure of [full, lean]) {
      expect(failure).toMatchObject({ meaning: 'upstream_failed', repeat: 'soon' });
    }
  });

  it('follows no redirect, so that a signature is sent only to its own host', async () => {
    answer = (response) => response.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end();
    const [, lean] = await failBoth();

    expect(lean).toMatchObject({ httpCode: 307, meaning: 'upstream_failed', repeat: 'never' });
  });

  it.each(['the full', 'the lean'])('ends an aborted call, in %s build', async (name) => {
    const controller = new AbortController();
    answer = () => controller.abort();
    const create = name.endsWith('lean') ? createLean : createFull;

    await expect(
      create(server.endpoint, 5).request('PullUpload', {}, { signal: controller.signal }),
    ).rejects.toMatchObject({ message: 'The user aborted a request.' });
  });

  it('excludes what a call of VOD does not need', async () => {
    const [[lean], [full]] = await Promise.all([bundleFiles([API]), bundleFiles([API], [])]);
    if (lean === undefined || full === undefined) throw new Error('Nothing was bundled');

    expect(full.code.length).toBeGreaterThan(500_000);
    expect(lean.code.length).toBeLessThan(20_000);
    for (const unused of ['async requestOctetStream', '.SignatureMethod=']) {
      expect(Buffer.from(full.code).includes(unused), unused).toBe(true);
      expect(Buffer.from(lean.code).includes(unused), unused).toBe(false);
    }
  });

  it('returns the same bytes for the same sources', async () => {
    const [[first], [second]] = await Promise.all([bundleFiles([API]), bundleFiles([API])]);

    expect(first?.code).toEqual(second?.code);
  });
});
