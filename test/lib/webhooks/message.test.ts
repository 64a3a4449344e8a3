import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UploadView } from '../../../lib/uploads/upload-view.ts';
import { EVENT_MEMBERS } from '../../../lib/vod/event.ts';
import {
  buildUploadMessage,
  buildVodMessage,
  readSubject,
  writeMessageBody,
} from '../../../lib/webhooks/message.ts';
import { writeV1Context } from '../../support/source-contexts.ts';

const UPLOAD: UploadView = {
  uploadId: '01JUPLOADEXAMPLE',
  method: 'client',
  state: 'ready',
  owner: 'user-1',
  fileId: '5285890784246869930',
  sourceContext: '{"order":7}',
  createdAt: '2026-01-31T08:00:00.000Z',
  updatedAt: '2026-01-31T08:05:00.000Z',
};

const VOD_EVENT = {
  eventId: 'event-1',
  receivedAt: Date.UTC(2026, 0, 31, 8),
  raw: {
    EventType: 'NewFileUpload',
    Sign: 'canary-sign',
    T: 1_700_000_000,
    FileUploadEvent: {
      FileId: '5285890784246869930',
      MediaBasicInfo: {
        Name: '한글.mp4',
        SourceInfo: {
          SourceType: 'Upload',
          SourceContext: 'own context',
        },
      },
      MetaData: null,
    },
    ProcedureStateChangeEvent: null,
  },
};

/** Returns the event with another source context. */
function eventWith(SourceContext: string): typeof VOD_EVENT {
  const event = structuredClone(VOD_EVENT);
  event.raw.FileUploadEvent.MediaBasicInfo.SourceInfo.SourceContext = SourceContext;
  return event;
}

describe('buildUploadMessage()', () => {
  it('has the state in its type, and the time when it was reached', () => {
    const message = buildUploadMessage(UPLOAD);

    expect(message).toMatchObject({
      type: 'upload.ready',
      timestamp: '2026-01-31T08:05:00.000Z',
      data: { ...UPLOAD },
    });
  });

  it('has the same id for the same fact, another for another fact, and no dot in it', () => {
    const { id } = buildUploadMessage(UPLOAD);

    expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(buildUploadMessage({ ...UPLOAD, updatedAt: '2027-01-01T00:00:00.000Z' }).id).toBe(id);
    expect(buildUploadMessage({ ...UPLOAD, state: 'deleted' }).id).not.toBe(id);
    expect(buildUploadMessage({ ...UPLOAD, uploadId: 'other' }).id).not.toBe(id);
  });

  it('has the fields of an upload and no others of the object', () => {
    const row = { ...UPLOAD, taskId: undefined, envelope: 'canary', random: 'canary' };

    const { data } = buildUploadMessage(row);

    expect(Object.keys(data).sort()).toEqual(Object.keys(UPLOAD).sort());
  });
});

describe('buildVodMessage()', () => {
  it('has the event without its signature', () => {
    const { type, timestamp, data } = buildVodMessage(VOD_EVENT);

    expect({ type, timestamp }).toEqual({
      type: 'vod.NewFileUpload',
      timestamp: '2026-01-31T08:00:00.000Z',
    });
    expect(data).toEqual({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        FileId: '5285890784246869930',
        MediaBasicInfo: {
          Name: '한글.mp4',
          SourceInfo: { SourceType: 'Upload', SourceContext: 'own context' },
        },
        MetaData: null,
      },
      ProcedureStateChangeEvent: null,
    });
    expect(VOD_EVENT.raw.Sign).toBe('canary-sign');
  });

  it('removes an envelope that was recorded, and keeps a context of another program', () => {
    const upload = {
      uploadId: '01ARYZ6S410000000000000000',
      owner: 'user-1',
      method: 'client',
    } as const;
    const SourceContext = writeV1Context(upload, 'own context');
    const event = eventWith(SourceContext);

    expect(buildVodMessage({ ...event, hasEnvelope: true }).data).toEqual(
      buildVodMessage(VOD_EVENT).data,
    );
    expect(JSON.stringify(buildVodMessage(event).data)).toContain(JSON.stringify(SourceContext));
  });

  it('has the id of the event, whenever it was received', () => {
    const { id } = buildVodMessage(VOD_EVENT);

    expect(buildVodMessage({ ...VOD_EVENT, receivedAt: 0 }).id).toBe(id);
    expect(buildVodMessage({ ...VOD_EVENT, eventId: 'event-2' }).id).not.toBe(id);
  });

  it.each([undefined, null, 7, '', 'a.b', 'x\ny', 'x'.repeat(65)])(
    "has a type that filters can match if VOD's type is %j",
    (EventType) => {
      const message = buildVodMessage({ ...VOD_EVENT, raw: { EventType } });

      expect(message.type).toBe('vod.unknown');
    },
  );

  it('accepts any JSON object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (raw) => {
        const message = buildVodMessage({ ...VOD_EVENT, raw });
        expect(message.type).toMatch(/^vod\.\w+$/);
        expect(Buffer.byteLength(writeMessageBody(message, 4_096))).toBeLessThanOrEqual(4_096);
      }),
    );
  });
});

describe('writeMessageBody()', () => {
  it('writes the whole message if it fits, to the byte', () => {
    const message = buildVodMessage(VOD_EVENT);
    const whole = JSON.stringify(message);

    expect(writeMessageBody(message, Buffer.byteLength(whole))).toBe(whole);
  });

  it('writes identifiers, and says so, if it does not fit', () => {
    const message = buildVodMessage({
      ...VOD_EVENT,
      raw: {
        EventType: 'ProcedureStateChanged',
        EventHandle: 'handle-1',
        TaskId: 't'.repeat(257),
        FileId: { of: 'nothing' },
        'An.OtherEvent': { FileId: 'file-2' },
        AnEventful: { FileId: 'file-3' },
        OtherEvent: null,
        ProcedureStateChangeEvent: {
          TaskId: 'task-1',
          FileId: 'f'.repeat(256),
          SubAppId: 1_500_000_001,
          Status: 'FINISH',
          ErrCode: 0,
          ErrCodeExt: '',
          Outputs: 'x'.repeat(20_000),
          SessionContext: 'mine',
        },
      },
    });

    expect(JSON.parse(writeMessageBody(message, 10_000))).toEqual({
      id: message.id,
      type: 'vod.ProcedureStateChanged',
      timestamp: message.timestamp,
      dataOmitted: { bytes: expect.any(Number), maxBytes: 10_000 },
      data: {
        EventType: 'ProcedureStateChanged',
        EventHandle: 'handle-1',
        ProcedureStateChangeEvent: {
          ...{ TaskId: 'task-1', FileId: 'f'.repeat(256), SubAppId: 1_500_000_001 },
          ...{ Status: 'FINISH', ErrCode: 0, ErrCodeExt: '' },
        },
      },
    });
  });

  it.each(Object.entries(EVENT_MEMBERS))(
    'writes the task of %s if it does not fit',
    (name, member) => {
      const task = { TaskId: 'task-1', FileId: 'file-1', Output: 'x'.repeat(20_000) };
      const message = buildVodMessage({ ...VOD_EVENT, raw: { EventType: name, [member]: task } });

      expect(JSON.parse(writeMessageBody(message, 10_000)).data).toEqual({
        ...{ EventType: name, [member]: { TaskId: 'task-1', FileId: 'file-1' } },
      });
    },
  );

  it('writes as many of the deleted files as fit', () => {
    const FileIdSet = Array.from({ length: 3_000 }, (_, i) => String(10_000 + i));
    const others = ['f'.repeat(257), 7, { FileId: '1' }];
    const raw = {
      EventType: 'FileDeleted',
      FileDeleteEvent: { FileIdSet: [...others, ...FileIdSet] },
    };
    const body = writeMessageBody(buildVodMessage({ ...VOD_EVENT, raw }), 10_000);

    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(10_000);
    // Each takes eight bytes, and all of them half of the message.
    expect(JSON.parse(body)).toMatchObject({
      dataOmitted: { maxBytes: 10_000 },
      data: { FileDeleteEvent: { FileIdSet: FileIdSet.slice(0, 625) } },
    });
  });

  it('writes the identifiers of an upload if its message does not fit', () => {
    const identifiers = { ...UPLOAD, subAppId: 7, taskId: 'task-1' };
    const message = buildUploadMessage({ ...identifiers, name: 'x'.repeat(20_000) });
    const { sourceContext: _context, ...named } = identifiers;

    expect(JSON.parse(writeMessageBody(message, 10_000)).data).toEqual(named);
  });

  it('marks a shortened message as unconfirmed', () => {
    const raw = { EventType: 'Odd', confirmed: true, Much: 'x'.repeat(20_000) };
    const message = buildVodMessage({ ...VOD_EVENT, raw, unconfirmed: true });

    expect(JSON.parse(writeMessageBody(message, 10_000)).data).toEqual({
      EventType: 'Odd',
      confirmed: false,
    });
  });

  it('stays below its limit for any identifiers', () => {
    const raw = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [`Member${i}Event`, { FileId: 'f'.repeat(256) }]),
    );
    const message = buildVodMessage({ ...VOD_EVENT, raw: { EventType: 'Odd', ...raw } });

    expect(Buffer.byteLength(writeMessageBody(message, 60_000))).toBeLessThanOrEqual(60_000);
  });
});

describe('readSubject()', () => {
  it('is the upload, or else the file, the task or the message', () => {
    const vod = (task: object) =>
      buildVodMessage({
        ...VOD_EVENT,
        raw: { EventType: 'Any', OtherEvent: null, AnyEvent: task },
      });

    expect(readSubject(buildUploadMessage(UPLOAD))).toBe(UPLOAD.uploadId);
    expect(readSubject(vod({ FileId: 'file-1', TaskId: 'task-1' }))).toBe('file-1');
    expect(readSubject(vod({ FileId: '', TaskId: 'task-1' }))).toBe('task-1');
    expect(readSubject(vod({ FileId: 'f'.repeat(256) }))).toBe('f'.repeat(256));
    expect(readSubject(vod({ FileId: 'f'.repeat(257), TaskId: 7 }))).toBe(vod({}).id);
    expect(readSubject(vod({}))).toBe(vod({}).id);
  });
});
