import { describe, expect, it } from 'vitest';
import { planEvent } from '../../../lib/ingest/plan-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import { NO_SETTINGS } from '../../support/settings.ts';
import { NOWHERE, sealContext } from '../../support/source-contexts.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';
const ENVELOPE = {
  uploadId: UPLOAD_ID,
  owner: 'user-42',
  method: 'client',
  limits: { maxBytes: 20_000, mediaTypes: ['mp4'] },
  mediaExpireTime: 1_800_000_000,
} as const;

function record(body: RawEvent, confirmed = true, proof: { readonly failedPull?: string } = {}) {
  return planEvent(
    { ...receiveEvent(parseVodEvent(body), NOWHERE), ...proof },
    {
      ...NOWHERE,
      receivedAt: 1_000,
      confirmed,
      settings: NO_SETTINGS,
    },
  );
}

function changesOf(body: RawEvent) {
  return record(body).changes;
}

function arrival(basic: object, fields: object = {}): RawEvent {
  const FileUploadEvent = { FileId: '1', MediaBasicInfo: basic, ...fields };
  return { EventType: 'NewFileUpload', FileUploadEvent };
}

function pull(fields: object): RawEvent {
  const task = { TaskId: 'p-1', Status: 'FINISH', ErrCode: 0, FileId: '1' };
  return { EventType: 'PullComplete', PullCompleteEvent: { ...task, ...fields } };
}

function deletionOf(...FileIdSet: string[]): RawEvent {
  return { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } };
}

function procedure(fields: object): RawEvent {
  const task = { TaskId: 'proc-1', Status: 'FINISH', FileId: '1' };
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: { ...task, ...fields } };
}

function context(SourceContext: string, SourceType = 'Upload') {
  return { SourceInfo: { SourceType, SourceContext } };
}

/** What is given, of fields that may be set to nothing. */
function given(fields: object | undefined): object {
  return JSON.parse(JSON.stringify(fields ?? {}));
}

describe('planEvent()', () => {
  it.each([
    ['of the own one', 1, 1, { fields: { subAppId: 1 } }],
    ['of a tenant', 2, 1, { ofTenant: true, fields: { subAppId: 2 } }],
    ['where none is named', undefined, undefined, {}],
  ])('says which application a change is of: %s', (_whose, subAppId, own, expected) => {
    const reception = { ...NOWHERE, subAppId, own, receivedAt: 1_000, settings: NO_SETTINGS };
    const received = receiveEvent(parseVodEvent(events.FileDeleted), NOWHERE);

    const [change] = planEvent(received, { ...reception, confirmed: true }).changes;

    const { key, fact, ...others } = change ?? {};
    expect(others).toStrictEqual(expected);
  });

  it.each([
    ['the one file and the task that it is about', pull({}), { fileId: '1', taskId: 'p-1' }],
    ['the one file that is gone', deletionOf('1'), { fileId: '1' }],
    ['no file of several', deletionOf('1', '2'), {}],
    ['no file of no known type', { EventType: 'Tomorrow', FileId: '1' }, {}],
  ])('keeps %s', (_what, body, { fileId, taskId }: { fileId?: string; taskId?: string }) => {
    const recorded = record(body);

    expect([recorded.fileId, recorded.taskId]).toEqual([fileId, taskId]);
  });

  it('believes nothing that VOD does not confirm, but of a file that is gone what its context proves', () => {
    const body = arrival(context(sealContext(ENVELOPE)));
    const received = receiveEvent(parseVodEvent(body), NOWHERE);
    const reception = { ...NOWHERE, receivedAt: 1_000, confirmed: false, settings: NO_SETTINGS };

    expect(record(body, false)).toMatchObject({ uploadId: undefined, changes: [], actions: [] });
    expect(planEvent(received, { ...reception, isAbsent: true })).toMatchObject({
      ...{ uploadId: UPLOAD_ID, confirmed: false, actions: [] },
      changes: [{ key: { uploadId: UPLOAD_ID }, fact: 'uploadedForProcessing' }],
    });
  });

  it('keeps what VOD said, under the id of what it says', () => {
    const body = { ...events.NewFileUpload, Sign: 'canary', T: 1, EventHandle: 'h-1' };

    const { changes, ...kept } = record(body);

    expect(kept).toEqual({
      eventId: identifyEvent(parseVodEvent(events.NewFileUpload)),
      eventType: 'vod.NewFileUpload',
      uploadId: undefined,
      fileId: '5285890700000000001',
      taskId: undefined,
      payload: {
        EventType: 'NewFileUpload',
        FileUploadEvent: events.NewFileUpload.FileUploadEvent,
      },
      confirmed: true,
      receivedAt: 1_000,
      actions: [],
    });
    expect(changes).toHaveLength(1);
  });

  it.each([
    ['a type of tomorrow', { EventType: 'HologramComplete', Any: 1 }, 'vod.HologramComplete'],
    ['a name that no filter takes', { EventType: 'a.b c' }, 'vod.unknown'],
    ['no name', {}, 'vod.unknown'],
  ])('keeps %s whole, and changes nothing by it', (_name, body, eventType) => {
    expect(record(body)).toMatchObject({ eventType, payload: body, changes: [] });
  });

  it.each([
    events.NewFileUpload,
    events.PullComplete,
    events.ProcedureStateChanged,
    events.FileDeleted,
  ])('changes nothing by a $EventType that is not confirmed', (body) => {
    expect(record(body, false)).toMatchObject({ confirmed: false, changes: [] });
  });

  it.each([
    ['one file', ['1'], '1'],
    ['many', ['1', '2'], undefined],
  ])('is about the file of a deletion of %s', (_name, FileIdSet, fileId) => {
    const body = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } };

    expect(record(body).fileId).toBe(fileId);
  });

  it('is about no file whose id fits no index', () => {
    const task = { TaskId: 't'.repeat(3_000), FileId: 'a b', Status: 'FINISH' };

    const { fileId, taskId } = record({
      EventType: 'EditMediaComplete',
      EditMediaCompleteEvent: task,
    });

    expect([fileId, taskId]).toEqual([undefined, undefined]);
  });
});

describe('NewFileUpload', () => {
  it('tells all that VOD knows of the media, and what its upload said on the way in', () => {
    const body = arrival(
      {
        Name: 'holiday',
        CoverUrl: 'http://v.example/c.jpg',
        MediaUrl: 'http://v.example/f0.mp4',
        ExpireTime: '2026-12-31T00:00:00Z',
        ClassId: 7,
        StorageRegion: 'ap-seoul',
        ...context(sealContext(ENVELOPE, 'mine')),
      },
      { MetaData: { Size: 10_556, Duration: 60.5 }, ProcedureTaskId: 'proc-1' },
    );

    expect(record(body).uploadId).toBe(UPLOAD_ID);
    expect(changesOf(body)).toEqual([
      {
        key: { uploadId: UPLOAD_ID },
        fact: 'uploadedForProcessing',
        method: 'client',
        owner: 'user-42',
        fields: {
          fileId: '1',
          taskId: 'proc-1',
          name: 'holiday',
          mediaUrl: 'http://v.example/f0.mp4',
          coverUrl: 'http://v.example/c.jpg',
          size: 10_556,
          duration: 60.5,
          storageRegion: 'ap-seoul',
          classId: 7,
          sourceContext: 'mine',
          limits: { maxBytes: 20_000, mediaTypes: ['mp4'] },
          mediaExpireTime: Date.UTC(2026, 11, 31),
        },
      },
    ]);
  });

  it.each([
    ['nothing to be done', {}, 'uploaded', undefined],
    ['empty tasks', { ProcedureTaskId: '', ReviewAudioVideoTaskId: '' }, 'uploaded', undefined],
    ['a flow', { ProcedureTaskId: 'p' }, 'uploadedForProcessing', 'p'],
    ['a review', { ReviewAudioVideoTaskId: 'r' }, 'uploadedForProcessing', 'r'],
    [
      'both, of which the flow counts',
      { ProcedureTaskId: 'p', ReviewAudioVideoTaskId: 'r' },
      'uploadedForProcessing',
      'p',
    ],
  ])('with %s is told as such', (_name, fields, fact, taskId) => {
    expect(changesOf(arrival({}, fields))).toMatchObject([
      { key: { fileId: '1' }, fact, fields: { taskId } },
    ]);
  });

  it.each([
    ['the console', context(''), 'console'],
    ['another program', context('{"u":"42"}'), 'other'],
    ['a live recording', context('', 'Record'), 'live'],
    ['a recording of a call', context('any', 'TrtcRecord'), 'live'],
    ['a recording of a page', context('', 'WebPageRecord'), 'live'],
    ['nobody knows whom', {}, 'console'],
  ])('from %s is an upload of nobody, by its file', (_name, basic, method) => {
    const [change] = changesOf(arrival(basic));

    expect(change).toMatchObject({ key: { fileId: '1' }, method, owner: undefined });
  });

  it('expires as VOD says, and else as its upload asked', () => {
    const expiryOf = (ExpireTime: unknown, envelope?: typeof ENVELOPE) =>
      changesOf(arrival({ ExpireTime, ...context(envelope ? sealContext(envelope) : '') }))[0]
        ?.fields?.mediaExpireTime;

    expect(expiryOf('9999-12-31T23:59:59Z')).toBeUndefined();
    expect(expiryOf('soon')).toBeUndefined();
    expect(expiryOf('9999-12-31T23:59:59Z', ENVELOPE)).toBe(1_800_000_000_000);
    expect(expiryOf('2026-12-31T08:00:00+08:00', ENVELOPE)).toBe(Date.UTC(2026, 11, 31));
  });

  it('takes nothing that is of another type than VOD documents', () => {
    const basic = { Name: 1, ClassId: 1.5, MediaUrl: {}, ExpireTime: [], StorageRegion: '' };
    const body = arrival(basic, { MetaData: { Size: '7', Duration: null }, ProcedureTaskId: 3 });

    const [change] = changesOf(body);

    expect(given(change?.fields)).toEqual({ fileId: '1' });
    expect(change?.fact).toBe('uploaded');
  });
});

describe('PullComplete', () => {
  it('describes the media that came', () => {
    const MediaBasicInfo = {
      Name: 'abc',
      ...context(sealContext({ uploadId: UPLOAD_ID, owner: 'bob', method: 'pull' })),
    };
    const body = pull({
      MediaBasicInfo,
      FileUrl: 'http://v.example/f0.mp4',
      SessionContext: 'ctx',
    });

    const [change] = changesOf(body);

    expect(change).toMatchObject({
      key: { uploadId: UPLOAD_ID },
      fact: 'uploaded',
      method: 'pull',
      owner: 'bob',
    });
    expect(given(change?.fields)).toEqual({
      fileId: '1',
      taskId: 'p-1',
      name: 'abc',
      mediaUrl: 'http://v.example/f0.mp4',
      sessionContext: 'ctx',
    });
  });

  it('continues the flow that it names', () => {
    expect(changesOf(pull({ ProcedureTaskId: 'proc-1' }))).toMatchObject([
      { fact: 'uploadedForProcessing', fields: { taskId: 'proc-1' } },
    ]);
  });

  it.each([
    [40_000, 'VOD rejected the parameters of the pull.'],
    [60_000, 'VOD could not read the media at its URL.'],
    [70_000, 'VOD failed: the same pull may succeed later.'],
    [1, 'VOD did not pull the media.'],
  ])(
    'that failed with %i says why, to the upload that the ledger knows it by',
    (ErrCode, detail) => {
      const Message = 'cannot read https://m.example/a.mp4?token=canary';
      const body = pull({ ErrCode, Message, FileId: '', SessionId: UPLOAD_ID });

      const { uploadId, changes } = record(body, true, { failedPull: UPLOAD_ID });

      expect(uploadId).toBe(UPLOAD_ID);
      expect(changes).toEqual([
        {
          key: { uploadId: UPLOAD_ID },
          fact: 'pullFailed',
          method: 'pull',
          fields: { taskId: 'p-1', problem: { code: 'pull_failed', detail, vodErrCode: ErrCode } },
        },
      ]);
    },
  );

  it('that failed is nobody’s where the ledger does not know it, whatever its session is', () => {
    const body = pull({ ErrCode: 60_000, FileId: '', SessionId: UPLOAD_ID });

    expect(record(body)).toMatchObject({ uploadId: undefined, changes: [] });
  });

  it('does not take the session of somebody else for an upload, where there is a media', () => {
    expect(changesOf(pull({ SessionId: UPLOAD_ID }))).toMatchObject([{ key: { fileId: '1' } }]);
  });

  it.each([
    ['is under way', { Status: 'PROCESSING' }],
    ['names no media', { FileId: '' }],
  ])('that %s tells nothing', (_name, fields) => {
    expect(changesOf(pull(fields))).toEqual([]);
  });
});

describe('ProcedureStateChanged', () => {
  const part = (Status: string, fields: object = {}) => ({
    Type: 'Transcode',
    TranscodeTask: { Status, ErrCode: 0, ErrCodeExt: '', Input: { Definition: 20 }, ...fields },
    CoverBySnapshotTask: null,
  });
  const FAILED = part('FAIL', {
    ErrCode: 60_000,
    ErrCodeExt: 'SourceFileError',
    Message: 'canary',
  });
  const FAILURE = {
    type: 'Transcode',
    definition: 20,
    vodErrCode: 60_000,
    vodErrCodeExt: 'SourceFileError',
  };

  it('begins', () => {
    expect(changesOf(events.ProcedureStep)).toEqual([
      {
        key: { fileId: '5285890700000000001' },
        fact: 'processingStarted',
        fields: { taskId: '1500000001-Procedure-4d5e6f70t0', sessionContext: 'ctx' },
      },
    ]);
  });

  it.each([
    ['no tasks', {}, 'processingSucceeded', undefined],
    ['empty sets', { MediaProcessResultSet: [] }, 'processingSucceeded', undefined],
    [
      'tasks that succeeded, whatever its own code is',
      { ErrCode: 70_000, MediaProcessResultSet: [part('SUCCESS')] },
      'processingSucceeded',
      undefined,
    ],
    [
      'a code and no tasks',
      { ErrCode: 70_000 },
      'processingFailed',
      {
        code: 'processing_failed',
        detail: 'VOD could not process the media.',
        vodErrCode: 70_000,
      },
    ],
    [
      'every task failed',
      { MediaProcessResultSet: [FAILED], AiAnalysisResultSet: [{ Tag: { Status: 'FAIL' } }] },
      'processingFailed',
      {
        code: 'processing_failed',
        detail: 'None of the tasks of the flow succeeded.',
        parts: [FAILURE, {}],
      },
    ],
    [
      'some failed',
      {
        MediaProcessResultSet: [FAILED, part('SUCCESS')],
        AiContentReviewResultSet: [{ Type: 'Porn', PornTask: { Status: 'SUCCESS' } }],
      },
      'processingSucceeded',
      {
        code: 'processing_incomplete',
        detail: 'Some of the tasks of the flow failed.',
        parts: [FAILURE],
      },
    ],
    ['sets that are none', { MediaProcessResultSet: 7 }, 'processingSucceeded', undefined],
  ])('ends with %s', (_name, fields, fact, problem) => {
    expect(changesOf(procedure(fields))).toEqual([
      {
        key: { fileId: '1' },
        fact,
        fields: { taskId: 'proc-1', sessionContext: undefined, problem },
      },
    ]);
  });

  it.each([
    ['of no file', { FileId: '' }],
    ['in a state of tomorrow', { Status: 'PAUSED' }],
  ])('%s tells nothing', (_name, fields) => {
    expect(changesOf(procedure(fields))).toEqual([]);
  });
});

describe('ReviewAudioVideoComplete', () => {
  it('tells that its file is there', () => {
    const task = { TaskId: 'r-1', Status: 'FINISH', Input: { FileId: '1' } };

    expect(
      changesOf({ EventType: 'ReviewAudioVideoComplete', ReviewAudioVideoCompleteEvent: task }),
    ).toEqual([{ key: { fileId: '1' }, fact: 'uploadedForProcessing' }]);
  });

  it('of no file tells nothing', () => {
    const task = { TaskId: 'r-1', Status: 'FINISH' };

    expect(
      changesOf({ EventType: 'ReviewAudioVideoComplete', ReviewAudioVideoCompleteEvent: task }),
    ).toEqual([]);
  });
});

describe('FileDeleted', () => {
  it('ends every upload whose file is gone', () => {
    expect(changesOf(events.FileDeleted)).toEqual([
      { key: { fileId: '5285890700000000001' }, fact: 'deleted' },
      { key: { fileId: '5285890700000000002' }, fact: 'deleted' },
    ]);
  });

  it('of parts changes nothing', () => {
    expect(changesOf(events.PartsDeleted)).toEqual([]);
  });

  it('tells files that are gone apart from those of which parts are', () => {
    const FileDeleteEvent = {
      FileIdSet: ['1', '2', '2', '3'],
      FileDeleteResultInfo: [
        { FileId: '1', DeleteParts: [] },
        { FileId: '3', DeleteParts: [{ Type: 'OriginalFiles', Definition: 0 }] },
        null,
      ],
    };

    expect(changesOf({ EventType: 'FileDeleted', FileDeleteEvent })).toEqual([
      { key: { fileId: '1' }, fact: 'deleted' },
      { key: { fileId: '2' }, fact: 'deleted' },
    ]);
  });
});

it.each([events.MediaEdited, events.MediaCast, events.Snapshots2017])(
  '$EventType tells nothing of uploads',
  (body) => {
    expect(changesOf(body)).toEqual([]);
  },
);
