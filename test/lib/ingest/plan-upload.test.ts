import { describe, expect, it } from 'vitest';
import { encodeContext } from '../../support/source-contexts.ts';
import { arrival, changesOf, context, ENVELOPE, pull, record, UPLOAD_ID } from './plan-stage.ts';

/** Returns the fields that are set. */
function given(fields: object | undefined): object {
  return JSON.parse(JSON.stringify(fields ?? {}));
}

describe('NewFileUpload', () => {
  it('describes the media as VOD does, and its upload by the source context', () => {
    const body = arrival(
      {
        Name: 'holiday',
        CoverUrl: 'http://v.example/c.jpg',
        MediaUrl: 'http://v.example/f0.mp4',
        ExpireTime: '2026-12-31T00:00:00Z',
        ClassId: 7,
        StorageRegion: 'ap-seoul',
        ...context(encodeContext(ENVELOPE, 'mine')),
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
    ['no tasks', {}, 'uploaded', undefined],
    ['empty tasks', { ProcedureTaskId: '', ReviewAudioVideoTaskId: '' }, 'uploaded', undefined],
    ['a flow', { ProcedureTaskId: 'p' }, 'uploadedForProcessing', 'p'],
    ['a review', { ReviewAudioVideoTaskId: 'r' }, 'uploadedForProcessing', 'r'],
    [
      'both, of which the flow is recorded',
      { ProcedureTaskId: 'p', ReviewAudioVideoTaskId: 'r' },
      'uploadedForProcessing',
      'p',
    ],
  ])('records the fact and the task of a file with %s', (_name, fields, fact, taskId) => {
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
    ['an unknown source', {}, 'console'],
  ])('records a file from %s as an upload without an owner', (_name, basic, method) => {
    const [change] = changesOf(arrival(basic));

    expect(change).toMatchObject({ key: { fileId: '1' }, method, owner: undefined });
  });

  it('records the expiry that VOD reports, or else the one of its upload', () => {
    const expiryOf = (ExpireTime: unknown, envelope?: typeof ENVELOPE) =>
      changesOf(arrival({ ExpireTime, ...context(envelope ? encodeContext(envelope) : '') }))[0]
        ?.fields?.mediaExpireTime;

    expect(expiryOf('9999-12-31T23:59:59Z')).toBeUndefined();
    expect(expiryOf('soon')).toBeUndefined();
    expect(expiryOf('9999-12-31T23:59:59Z', ENVELOPE)).toBe(1_800_000_000_000);
    expect(expiryOf('2026-12-31T08:00:00+08:00', ENVELOPE)).toBe(Date.UTC(2026, 11, 31));
  });

  it('ignores fields of other types than VOD documents', () => {
    const basic = { Name: 1, ClassId: 1.5, MediaUrl: {}, ExpireTime: [], StorageRegion: '' };
    const body = arrival(basic, { MetaData: { Size: '7', Duration: null }, ProcedureTaskId: 3 });

    const [change] = changesOf(body);

    expect(given(change?.fields)).toEqual({ fileId: '1' });
    expect(change?.fact).toBe('uploaded');
  });
});

describe('PullComplete', () => {
  it('describes the pulled media', () => {
    const MediaBasicInfo = {
      Name: 'abc',
      ...context(encodeContext({ uploadId: UPLOAD_ID, owner: 'bob', method: 'pull' })),
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

  it('records the task flow that it names', () => {
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
    'records the reason of a failure with %i of the upload that the ledger knows',
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

  it('plans no changes for a failure that the ledger does not know, whatever its session', () => {
    const body = pull({ ErrCode: 60_000, FileId: '', SessionId: UPLOAD_ID });

    expect(record(body)).toMatchObject({ uploadId: undefined, changes: [] });
  });

  it('finds the upload of a pulled file by the file, not by its session', () => {
    expect(changesOf(pull({ SessionId: UPLOAD_ID }))).toMatchObject([{ key: { fileId: '1' } }]);
  });

  it.each([
    ['is still running', { Status: 'PROCESSING' }],
    ['names no file', { FileId: '' }],
  ])('plans no changes for a pull that %s', (_name, fields) => {
    expect(changesOf(pull(fields))).toEqual([]);
  });
});
