import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { main_handler } from '../../functions/callback.ts';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { addNulls, omitNulls } from '../support/null-members.ts';
import { encodeContext } from '../support/source-contexts.ts';
import { KEYS, NOW_SECONDS, sign, useTriggeredCallback } from './callback-trigger-stage.ts';

const { vod, log: logged, behind } = useTriggeredCallback();

describe.each(EVENT_SHAPES)('POST /callback behind a $name', ({ toEvent }) => {
  const notify = behind(toEvent);

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

  it('logs the upload of the source context, but not the caller’s own context', async () => {
    const envelope = {
      uploadId: '01ARYZ6S410000000000000000',
      owner: 'user-42',
      method: 'client' as const,
    };
    const { FileId } = events.NewFileUpload.FileUploadEvent;
    const BasicInfo = { SourceInfo: { SourceContext: encodeContext(envelope, 'canary') } };
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
      'an unknown type',
      { EventType: 'HologramComplete', HologramCompleteEvent: {} },
      'HologramComplete',
    ],
    [
      'a known type without its member',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: null },
      'EditMediaComplete',
    ],
    [
      'a known type of unknown structure',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: [] },
      'EditMediaComplete',
    ],
    ['no type', {}, ''],
  ])('accepts an event of %s as unconfirmable', async (_name, event, eventType) => {
    const { statusCode, log } = await notify({ body: { ...event, ...sign() } });

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({
      level: 'warn',
      confirmation: 'unconfirmable',
      eventType,
      reason: expect.stringContaining('known'),
    });
  });

  it('logs only the type of an event that VOD denies', async () => {
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

  it('logs the same event id for a resend with another signature', async () => {
    const first = await notify({ body: { ...events.PullComplete, ...sign() } });
    const again = await notify({
      body: {
        ...sign('SignKeyOld2', NOW_SECONDS + 60),
        FileUploadEvent: null,
        ...events.PullComplete,
      },
    });

    expect(again.log.eventId).toBe(first.log.eventId);
  });

  it.each([
    'NewFileUpload',
    'PullComplete',
    'PullFailed',
    'ProcedureStateChanged',
    'MediaEdited',
  ] as const)('reads %s in the same way with null members as without them', async (name) => {
    const event = events[name];
    const read = async (body: object) => {
      const { statusCode, log } = await notify({ body: { ...body, ...sign() } });
      return { statusCode, log: { ...log, milliseconds: 0 } };
    };

    const omitted = await read(omitNulls(event));

    expect(await read(addNulls(event))).toEqual(omitted);
    expect(omitted).toMatchObject({ statusCode: 200, log: { confirmation: 'confirmed' } });
  });

  it('accepts format 2.0, and logs how to switch to 3.0', async () => {
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
});

describe('main_handler()', () => {
  it('answers any notification, and never throws', async () => {
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
