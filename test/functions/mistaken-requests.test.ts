import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLog } from '../support/capture-log.ts';
import { askHandler, EVENT_SHAPES, SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';

const ENVIRONMENT = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-example',
  AUTH_JWT_SECRET: TEST_JWT_SECRET,
  // Nothing listens here: accepted requests are not the subject of these tests.
  VOD_API_ENDPOINT: '127.0.0.1:9',
  VOD_API_PROTOCOL: 'http',
};
const FORM = 'application/x-www-form-urlencoded';
const MEDIA = 'https://media.example.com/film.mp4';

captureLog();
beforeEach(() => {
  for (const [name, value] of Object.entries(ENVIRONMENT)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

describe.each(EVENT_SHAPES)('typical mistakes of apps, behind a $name', ({ toEvent }) => {
  async function ask(name: 'signature' | 'pull', request: TestRequest) {
    const { main_handler } = await import(`../../functions/${name}.ts`);
    const { authorization } = await bearer('ann', 'upload:sign upload:pull', Date.now());
    const headers = { authorization, ...request.headers };
    const ask = askHandler(main_handler, toEvent);
    const { statusCode, json } = await ask({ ...request, headers }, SCF_CONTEXT);
    return { status: statusCode, detail: json.detail, errors: json.errors };
  }

  it('reports all wrong fields, each with what would be right', async () => {
    const body = { classId: '7', fileName: '🎬'.repeat(500) };
    const { status, errors } = await ask('signature', { body });
    expect([status, errors]).toEqual([
      400,
      [
        {
          path: 'classId',
          message: 'must be a whole number from 0 to 2147483647, without quotes',
        },
        {
          path: 'fileName',
          message: expect.stringMatching(/^is not a field here; the fields are /),
        },
      ],
    ]);
  });

  it.each([
    [{ classId: '7', utm_source: 'x' }, 'signature', ['classId']],
    [{ mediaUrl: MEDIA, items: '' }, 'pull', ['mediaUrl', 'items']],
  ] as const)(
    'refuses fields in the query, where they are not read: %j',
    async (query, name, paths) => {
      const { status, errors } = await ask(name, { query });
      expect(status).toBe(400);
      const message = 'must be in the JSON body; here it is in the query';
      expect(errors).toEqual(paths.map((path) => ({ path, message })));
    },
  );

  it.each<readonly [what: string, body: unknown, headers: Record<string, string>, detail: string]>([
    ['a form', 'classId=7', { 'content-type': FORM }, 'its Content-Type is that of a form.'],
    [
      'a form with files',
      '--x',
      { 'content-type': 'multipart/form-data; boundary=x' },
      'its Content-Type is that of a form.',
    ],
    [
      'a compressed body',
      gzipSync('{}').toString('latin1'),
      { 'content-encoding': 'gzip' },
      'it must not be compressed, and has a Content-Encoding.',
    ],
    ['an object', '[object Object]', {}, 'an object that was sent without JSON.stringify.'],
    ['a list', [], {}, 'The body must be a JSON object; it is a list.'],
    [
      'JSON of JSON',
      JSON.stringify(JSON.stringify({ classId: 7 })),
      {},
      'it is a string, as of an object that was written as JSON twice.',
    ],
    ['single quotes', "{'classId': 7}", {}, 'it is not well-formed JSON.'],
  ])('explains why a body is not JSON: %s', async (_what, body, headers, detail) => {
    const answer = await ask('signature', { body, headers });
    expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining(detail) });
  });

  it('explains where a list of pulls belongs', async () => {
    const { status, detail } = await ask('pull', { body: [{ mediaUrl: MEDIA }] });
    expect([status, detail]).toEqual([
      ...[400, 'The body must be a JSON object: send the list as its items.'],
    ]);
  });

  it.each<readonly [what: string, request: TestRequest]>([
    ['a byte order mark', { body: '\ufeff{"classId":7}' }],
    ['the type of a form', { body: '{"classId":7}', headers: { 'content-type': FORM } }],
    ['another charset', { headers: { 'content-type': 'application/json; charset=iso-8859-1' } }],
    ['no content type', { body: {}, headers: { 'content-type': '' } }],
    ['a slash at the end of its path', { path: '/signature/' }],
    ['foreign parameters', { query: { utm_source: 'x', _: '1' } }],
    ['emoji', { body: { sourceContext: '🎬 영상' } }],
    ['null as its body', { body: 'null' }],
    ['white space as its body', { body: ' \r\n' }],
    ['a byte order mark as its body', { body: '\ufeff' }],
    ['a replacement character', { body: { sourceContext: 'caf\ufffd' } }],
    [
      'characters under the wrong charset',
      {
        body: { sourceContext: 'café' },
        headers: { 'content-type': 'application/json; charset=iso-8859-1' },
      },
    ],
  ])('accepts a valid request with %s', async (_what, request) => {
    expect(await ask('signature', request)).toMatchObject({ status: 200 });
  });
});
