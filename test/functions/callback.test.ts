import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { main_handler } from '../../functions/callback.ts';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { captureLog } from '../support/capture-log.ts';
import { askHandler, EVENT_SHAPES, SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { type KnownVod, startKnownVod } from '../support/known-vod.ts';
import { signCallback } from '../support/sign-callback.ts';
import { sealContext } from '../support/source-contexts.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0);
const NOW_SECONDS = NOW / 1_000;
const KEYS = 'SignKeyNew1,SignKeyOld2';

const sign = (key = 'SignKeyNew1', t = NOW_SECONDS + 600) => signCallback(key, t);

/** What VOD knows: all that the events describe. */
const MEDIA = [events.NewFileUpload, events.LiveRecording].map(({ FileUploadEvent: task }) => ({
  FileId: task.FileId,
  BasicInfo: task.MediaBasicInfo,
  MetaData: task.MetaData,
}));
const TASKS = [
  { PullUploadTask: events.PullComplete.PullCompleteEvent },
  { PullUploadTask: events.PullFailed.PullCompleteEvent },
  { ProcedureTask: events.ProcedureStateChanged.ProcedureStateChangeEvent },
  { EditMediaTask: events.MediaEdited.EditMediaCompleteEvent },
] as const;

let vod: KnownVod;
const logged = captureLog();

/** By the keys for which it was loaded. */
const handlers = new Map<string | undefined, typeof main_handler>();

async function loadHandler(keys: string | undefined): Promise<typeof main_handler> {
  vi.stubEnv('CALLBACK_SIGN_KEYS', keys);
  const known = handlers.get(keys);
  if (known !== undefined) return known;
  vi.resetModules();
  const loaded = await import('../../functions/callback.ts');
  handlers.set(keys, loaded.main_handler);
  return loaded.main_handler;
}

beforeAll(async () => {
  vod = await startKnownVod();
});
afterAll(() => vod.close());

beforeEach(() => {
  for (const media of MEDIA) vod.media.set(media.FileId, media);
  for (const detail of TASKS) {
    for (const task of Object.values(detail)) vod.tasks.set(task.TaskId, detail);
  }
  vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
  vi.stubEnv('VOD_SECRET_KEY', 'secret-key-example');
  vi.stubEnv('VOD_API_ENDPOINT', vod.endpoint);
  vi.stubEnv('VOD_API_PROTOCOL', 'http');
  vi.spyOn(Date, 'now').mockReturnValue(NOW);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe.each(EVENT_SHAPES)('POST /callback behind a $name', ({ toEvent }) => {
  async function load({ keys }: { readonly keys: string | undefined } = { keys: KEYS }) {
    const ask = askHandler(await loadHandler(keys), toEvent);
    return async (request: TestRequest) => ({
      ...(await ask(request, SCF_CONTEXT)),
      log: logged.line,
    });
  }

  it.each([
    ['the body', (signed: { Sign: string; T: number }) => ({ body: signed })],
    [
      'the body, T as a text',
      (signed: { Sign: string; T: number }) => ({ body: { ...signed, T: String(signed.T) } }),
    ],
    [
      'the query string',
      ({ Sign, T }: { Sign: string; T: number }) => ({ query: { Sign, T: String(T) } }),
    ],
    [
      'headers',
      ({ Sign, T }: { Sign: string; T: number }) => ({ headers: { sign: Sign, t: String(T) } }),
    ],
  ])('finds Sign and T in %s', async (_place, put) => {
    const notify = await load();
    const placed: TestRequest = put(sign());

    const { statusCode, json } = await notify({
      ...placed,
      body: { ...events.PullComplete, ...Object(placed.body) },
    });

    expect(statusCode).toBe(200);
    expect(json).toEqual({ code: 0 });
  });

  it.each([
    ['the first key', 'SignKeyNew1', 0],
    ['the key before', 'SignKeyOld2', 1],
  ])('takes %s, and logs its place', async (_name, key, signKey) => {
    const notify = await load();

    const { statusCode, log } = await notify({ body: { ...events.PullComplete, ...sign(key) } });

    expect(statusCode).toBe(200);
    expect(log.signKey).toBe(signKey);
  });

  it.each([
    ['nothing signed', {}, 'no "Sign"'],
    ['Sign without T', { Sign: sign().Sign }, 'no "Sign"'],
    ['T without Sign', { T: sign().T }, 'no "Sign"'],
    ['another key', sign('SignKeyOther'), 'fits none'],
    ['a T that was changed', { ...sign(), T: sign().T + 1 }, 'fits none'],
    ['a T in the past', sign('SignKeyNew1', NOW_SECONDS - 1), 'in the past'],
    ['a T far ahead', sign('SignKeyNew1', NOW_SECONDS + 86_400), 'further ahead'],
    ['a Sign that is no text', { Sign: { a: 1 }, T: sign().T }, 'no "Sign"'],
  ])('refuses %s', async (_name, signed, detail) => {
    const notify = await load();
    const asked = vod.calls.length;

    const { statusCode, json, log } = await notify({ body: { ...events.PullComplete, ...signed } });

    expect(statusCode).toBe(401);
    expect(json).toMatchObject({ code: 'unauthorized', detail: expect.stringContaining(detail) });
    expect(log).toMatchObject({
      level: 'warn',
      status: 401,
      reason: expect.stringContaining(detail),
    });
    expect(log.taskId).toBeUndefined();
    expect(vod.calls).toHaveLength(asked);
  });

  it.each([
    [
      'NewFileUpload',
      events.NewFileUpload,
      { fileId: '5285890700000000001', sourceType: 'Upload' },
    ],
    [
      'NewFileUpload',
      events.LiveRecording,
      { fileId: '5285890700000000009', sourceType: 'Record' },
    ],
    [
      'PullComplete',
      events.PullComplete,
      {
        taskId: '1500000001-pull-9f8e7d6c',
        taskStatus: 'FINISH',
        taskErrCode: 0,
        fileId: '5285890700000000002',
      },
    ],
    [
      'PullComplete',
      events.PullFailed,
      { taskId: '1500000001-pull-0000', taskStatus: 'FINISH', taskErrCode: 60000 },
    ],
    [
      'ProcedureStateChanged',
      events.ProcedureStateChanged,
      {
        taskId: '1500000001-Procedure-0a1b2c3dt0',
        taskStatus: 'FINISH',
        taskErrCode: 0,
        fileId: '5285890700000000001',
      },
    ],
    [
      'FileDeleted',
      events.FileDeleted,
      { fileIds: ['5285890700000000001', '5285890700000000002'] },
    ],
    [
      'EditMediaComplete',
      events.MediaEdited,
      { taskId: '1500000001-EditMedia-5a6b7c8dt0', taskStatus: 'FINISH', taskErrCode: 0 },
    ],
  ])('logs a %s in one line', async (eventType, event, fields) => {
    const notify = await load();
    if (eventType === 'FileDeleted') vod.media.clear();

    await notify({ body: { ...event, ...sign() } });

    expect(logged.line).toEqual({
      level: 'info',
      function: 'callback',
      requestId: SCF_CONTEXT.request_id,
      method: 'POST',
      status: 200,
      milliseconds: expect.any(Number),
      signKey: 0,
      confirmation: 'confirmed',
      delivered: 0,
      eventId: expect.stringMatching(/^evt_[\w-]{43}$/),
      eventType,
      ...fields,
    });
  });

  it('takes the envelope off, and keeps the caller’s own context out of the log', async () => {
    const notify = await load();
    const envelope = {
      uploadId: '01ARYZ6S410000000000000000',
      owner: 'user-42',
      method: 'client' as const,
    };
    const { FileId } = events.NewFileUpload.FileUploadEvent;
    const BasicInfo = { SourceInfo: { SourceContext: sealContext(envelope, 'canary') } };
    vod.media.set(FileId, { FileId, BasicInfo });

    const { log } = await notify({ body: { ...events.NewFileUpload, ...sign() } });

    expect(log).toMatchObject({
      uploadId: envelope.uploadId,
      owner: 'user-42',
      uploadMethod: 'client',
    });
    expect(logged.text).not.toContain('canary');
  });

  it.each([
    [
      'a type of tomorrow',
      { EventType: 'HologramComplete', HologramCompleteEvent: {} },
      'HologramComplete',
    ],
    [
      'a known type without its member',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: null },
      'EditMediaComplete',
    ],
    [
      'a known type with another shape',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: [] },
      'EditMediaComplete',
    ],
    ['no type at all', {}, ''],
  ])('takes %s, which nobody can confirm', async (_name, event, eventType) => {
    const notify = await load();

    const { statusCode, log } = await notify({ body: { ...event, ...sign() } });

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({
      level: 'warn',
      confirmation: 'unconfirmable',
      eventType,
      reason: expect.stringContaining('known'),
    });
  });

  it('says nothing of an event that VOD denies but its kind', async () => {
    const notify = await load();
    vod.tasks.clear();

    const { statusCode, json, log } = await notify({
      body: { ...events.PullComplete, ...sign() },
    });

    expect(statusCode).toBe(401);
    expect(json).toMatchObject({ code: 'unauthorized', detail: expect.stringContaining('VOD') });
    expect(log).toMatchObject({
      level: 'warn',
      confirmation: 'denied',
      eventType: 'PullComplete',
      signKey: 0,
    });
    expect(log.taskId).toBeUndefined();
    expect(log.eventId).toBeUndefined();
  });

  it('logs the same event id on a resend, which is signed anew', async () => {
    const notify = await load();

    const first = await notify({ body: { ...events.PullComplete, ...sign() } });
    logged.clear();
    const again = await notify({
      body: {
        ...sign('SignKeyOld2', NOW_SECONDS + 60),
        FileUploadEvent: null,
        ...events.PullComplete,
      },
    });

    expect(again.log.eventId).toBe(first.log.eventId);
  });

  it('takes format 2.0, and says where to switch it to 3.0', async () => {
    const notify = await load();

    const { statusCode, json, log } = await notify({ body: { ...events.Legacy, ...sign() } });

    expect(statusCode).toBe(200);
    expect(json).toEqual({ code: 0 });
    expect(log).toMatchObject({
      level: 'warn',
      eventType: 'NewFileUpload',
      fileId: '9031868200000000003',
      reason: expect.stringMatching(/format 2\.0.+3\.0.+console.+ModifyEventConfig/),
    });
    expect(log.eventId).toBeUndefined();
  });

  it('refuses format 2.0 that is not signed', async () => {
    const notify = await load();

    const { statusCode, log } = await notify({ body: events.Legacy });

    expect(statusCode).toBe(401);
    expect(log.fileId).toBeUndefined();
  });

  it.each([
    [99, 200],
    [100, 400],
    [20_000, 400],
  ])('answers an event with %i levels under its own with %i', async (levels, status) => {
    const notify = await load();
    const { Sign, T } = sign();
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;

    const { statusCode, json } = await notify({
      body: `{"EventType":"New","Sign":"${Sign}","T":${T},"Deep":${deep}}`,
    });

    expect(statusCode).toBe(status);
    expect(json.code).toBe(status === 200 ? 0 : 'invalid_request');
  });

  it.each(['[]', 'null', '7', ''])('refuses the body %j', async (body) => {
    const notify = await load();

    expect((await notify({ body })).statusCode).toBe(400);
  });

  it('takes a long notification, as of what was recognised in an hour of speech', async () => {
    const notify = await load();
    const { ProcedureStateChangeEvent: task, ...event } = events.ProcedureStateChanged;
    const AiRecognitionResultSet = [{ Text: '가'.repeat(1_000_000) }];

    const { statusCode, log } = await notify({
      body: {
        ...{ ...event, ProcedureStateChangeEvent: { ...task, AiRecognitionResultSet } },
        ...sign(),
      },
    });

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'confirmed', taskId: task.TaskId });
  });

  it.each(['[],', '{},', '1,', '"",'])('refuses more than half a million of %j', async (value) => {
    const notify = await load();
    const { Sign, T } = sign();

    const { statusCode, json } = await notify({
      body: `{"EventType":"New","Sign":"${Sign}","T":${T},"Wide":[${value.repeat(530_000)}0]}`,
    });

    expect(statusCode).toBe(400);
    expect(json).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringMatching(/values/),
    });
  });

  it('takes six megabytes, and not a byte more', async () => {
    const notify = await load();
    const { ProcedureStateChangeEvent: task, ...event } = events.ProcedureStateChanged;
    const write = (Text: string) =>
      JSON.stringify({ ...event, ProcedureStateChangeEvent: { ...task, Text }, ...signed });
    const signed = sign();
    const fill = 'x'.repeat(6 * 1024 * 1024 - write('').length);

    const fits = await notify({ body: write(fill) });
    logged.clear();
    const over = await notify({ body: write(`${fill}x`) });

    expect([fits.statusCode, over.statusCode]).toEqual([200, 413]);
  });

  it('refuses malformed JSON', async () => {
    const notify = await load();

    expect((await notify({ body: '{' })).json.code).toBe('invalid_json');
  });

  it.each([undefined, '', ' , ', 'has space', 'x'.repeat(33), 'good1,bad-2'])(
    'serves nobody where the keys are %j, and says why in its log',
    async (keys) => {
      const notify = await load({ keys });

      const { statusCode, log } = await notify({ body: { ...events.PullComplete, ...sign('') } });

      expect(statusCode).toBe(500);
      expect(log).toMatchObject({ level: 'error', fields: ['CALLBACK_SIGN_KEYS'] });
    },
  );
});

describe('main_handler()', () => {
  it('never rejects, whatever it is called with', async () => {
    vi.stubEnv('CALLBACK_SIGN_KEYS', KEYS);
    const signed = sign();
    const anyNotification = fc.oneof(
      fc.anything(),
      fc.record({
        EventType: fc.oneof(fc.constantFrom(...Object.keys(events)), fc.anything()),
        FileUploadEvent: fc.oneof(
          fc.anything(),
          fc.record({ FileId: fc.constant('1'), MediaBasicInfo: fc.anything() }),
          fc.record({
            FileId: fc.constant('1'),
            MediaBasicInfo: fc.record({ SourceInfo: fc.anything() }),
          }),
        ),
        PullCompleteEvent: fc.anything(),
        ProcedureStateChangeEvent: fc.anything(),
        FileDeleteEvent: fc.anything(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(anyNotification, fc.boolean(), async (notification, authentic) => {
        const body = JSON.stringify(
          authentic ? { ...Object(notification), ...signed } : notification,
        );
        const event = { httpMethod: 'POST', headers: {}, body };

        const { statusCode } = await main_handler(event, SCF_CONTEXT);

        // VOD knows of hardly anything that is made up, and so much in a minute is too much.
        expect(authentic ? [200, 401, 429] : [400, 401]).toContain(statusCode);
      }),
      { numRuns: 2_000 },
    );
  });
});
