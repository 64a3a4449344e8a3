import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLog } from '../support/capture-log.ts';
import { askHandler, EVENT_SHAPES, SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';

const ENVIRONMENT = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-example',
  AUTH_JWT_SECRET: TEST_JWT_SECRET,
  // Nothing is there: no request that is accepted is the subject of these tests.
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

describe.each(EVENT_SHAPES)('what apps send by mistake, behind a $name', ({ toEvent }) => {
  async function ask(name: 'signature' | 'pull', request: TestRequest) {
    const { main_handler } = await import(`../../functions/${name}.ts`);
    const { authorization } = await bearer('ann', 'upload:sign upload:pull', Date.now());
    const headers = { authorization, ...request.headers };
    const ask = askHandler(main_handler, toEvent);
    const { statusCode, json } = await ask({ ...request, headers }, SCF_CONTEXT);
    return { status: statusCode, detail: json.detail, errors: json.errors };
  }

  /** What is wrong with the fields of a request for a signature, by their paths. */
  async function errorsOf(body: object, name: 'signature' | 'pull' = 'signature') {
    const { status, errors } = await ask(name, { body });
    expect(status).toBe(400);
    return Object.fromEntries(
      (errors as { path: string; message: string }[]).map(({ path, message }) => [path, message]),
    );
  }

  it.each([
    ['video/mp4', 'mp4'],
    ['VIDEO/MP4', 'mp4'],
    ['video/webm;codecs=vp9,opus', 'webm'],
    ['video/quicktime', 'mov'],
    ['video/x-matroska', 'mkv'],
    ['video/x-ms-wmv', 'wmv'],
    ['audio/mpeg', 'mp3'],
    ['audio/mp4', 'm4a'],
    ['audio/x-wav', 'wav'],
    ['application/vnd.apple.mpegurl', 'm3u8'],
    ['.mp4', 'mp4'],
    ['*.mov', 'mov'],
    [' mp4 ', 'mp4'],
  ])('says which extension is meant by the type %j', async (type, meant) => {
    const message = `must be a file name extension without its dot; did you mean ${meant}?`;
    expect(await errorsOf({ limits: { mediaTypes: ['mp4', type] } })).toEqual({
      'limits.mediaTypes.1': message,
    });
    const pull = { mediaUrl: MEDIA, mediaType: type, limits: { mediaTypes: [type] } };
    expect(await errorsOf(pull, 'pull')).toEqual({
      'limits.mediaTypes.0': message,
      mediaType: message,
    });
  });

  it.each(['video/*', 'application/octet-stream', 'png', '', 'constructor', '__proto__', '/', '.'])(
    'lists the types for %j, which is none',
    async (type) => {
      expect(await errorsOf({ limits: { mediaTypes: [type] } })).toEqual({
        'limits.mediaTypes.0': expect.stringMatching(/^must be a type that VOD takes: wmv, .*amr$/),
      });
    },
  );

  it('takes types in capitals, and each once', async () => {
    const limits = { mediaTypes: ['MP4', 'mp4', 'Mov'] };
    expect(await ask('signature', { body: { limits } })).toMatchObject({ status: 200 });
  });

  it('shows how a list of types is written', async () => {
    expect(await errorsOf({ limits: { mediaTypes: 'mp4' } })).toEqual({
      'limits.mediaTypes': 'must be a list of file name extensions, as ["mp4", "mov"]',
    });
  });

  it('says of a number in quotes that they are wrong', async () => {
    expect(await errorsOf({ classId: '7', expiresIn: '3600', limits: { maxBytes: '10' } })).toEqual(
      {
        classId: 'must be a whole number from 0 to 2147483647, without quotes',
        expiresIn: 'must be a whole number from 1 to 7776000, without quotes',
        'limits.maxBytes': 'must be a whole number from 1 to 53687091200000, without quotes',
      },
    );
    expect(await errorsOf({ expiresIn: 0.5 })).toEqual({
      expiresIn: 'must be a whole number from 1 to 7776000',
    });
  });

  it('says of a context that is an object how to send it', async () => {
    expect(await errorsOf({ sourceContext: { user: 1 }, sessionContext: 7 })).toEqual({
      sourceContext: 'must be a text: write an object as JSON text',
      sessionContext: 'must be a text',
    });
  });

  it.each([
    ['ClassId', 'classId'],
    ['class_id', 'classId'],
    ['storage-region', 'storageRegion'],
    ['sourceContex', 'sourceContext'],
  ])('says which field is meant by %j', async (name, meant) => {
    expect(await errorsOf({ [name]: 1 })).toEqual({
      [name]: `is not a field here; did you mean ${meant}?`,
    });
  });

  it('says what the other function calls a priority', async () => {
    expect(await errorsOf({ mediaUrl: MEDIA, taskPriority: 1 }, 'pull')).toEqual({
      taskPriority: 'is not a field here; did you mean tasksPriority?',
    });
  });

  it('lists the fields where none is near', async () => {
    const { fileName } = await errorsOf({ fileName: '🎬'.repeat(500) });
    expect(fileName).toMatch(/^is not a field here; the fields are classId, /);
  });

  it.each([
    [{ classId: '7', utm_source: 'x' }, 'signature', ['classId']],
    [{ mediaUrl: MEDIA, items: '' }, 'pull', ['mediaUrl', 'items']],
  ] as const)(
    'refuses settings in the query, where nobody reads them: %j',
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
      'what is compressed',
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
      'it is a text, as of an object that was written as JSON twice.',
    ],
    ['single quotes', "{'classId': 7}", {}, 'it is not well-formed JSON.'],
  ])('says what a body is that is not JSON: %s', async (_what, body, headers, detail) => {
    const answer = await ask('signature', { body, headers });
    expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining(detail) });
  });

  it('says where a list of pulls belongs', async () => {
    const { status, detail } = await ask('pull', { body: [{ mediaUrl: MEDIA }] });
    expect([status, detail]).toEqual([
      ...[400, 'The body must be a JSON object: send the list as its items.'],
    ]);
  });

  it.each<readonly [what: string, request: TestRequest]>([
    ['a byte order mark', { body: '\ufeff{"classId":7}' }],
    ['the type of a form', { body: '{"classId":7}', headers: { 'content-type': FORM } }],
    ['another charset', { headers: { 'content-type': 'application/json; charset=iso-8859-1' } }],
    ['no type', { body: {}, headers: { 'content-type': '' } }],
    ['a slash at its end', { path: '/signature/' }],
    ['foreign parameters', { query: { utm_source: 'x', _: '1' } }],
    ['emoji', { body: { sourceContext: '🎬 영상' } }],
  ])('takes a good request with %s', async (_what, request) => {
    expect(await ask('signature', request)).toMatchObject({ status: 200 });
  });
});
