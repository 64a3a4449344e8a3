import { describe, expect, it } from 'vitest';
import {
  describeLegacyEvent,
  describeReceivedEvent,
  receiveEvent,
  writeReceivedEvent,
} from '../../../lib/ingest/received-event.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import { encodeContext, NOWHERE } from '../../support/source-contexts.ts';

function describeBody(body: RawEvent) {
  return describeReceivedEvent(receiveEvent(parseVodEvent(body), NOWHERE));
}

const ENVELOPE = {
  uploadId: '01ARYZ6S410000000000000000',
  owner: 'user-42',
  method: 'pull',
} as const;

describe('receiveEvent()', () => {
  it.each([
    ['NewFileUpload', 'FileUploadEvent', { FileId: '1' }],
    ['PullComplete', 'PullCompleteEvent', { TaskId: 't', Status: 'FINISH' }],
  ])('removes the envelope of a %s', (EventType, member, task) => {
    const SourceContext = encodeContext(ENVELOPE, 'mine');
    const MediaBasicInfo = { SourceInfo: { SourceContext } };
    const event = parseVodEvent({ EventType, [member]: { ...task, MediaBasicInfo } });

    expect(receiveEvent(event, NOWHERE)).toEqual({
      eventId: identifyEvent(event),
      event,
      envelope: ENVELOPE,
      sourceContext: 'mine',
    });
  });

  it.each([
    ['a context without an envelope', events.NewFileUpload, '{"u":"42"}'],
    ['an empty context', events.LiveRecording, ''],
    ['a pull that failed', events.PullFailed, ''],
    ['an event without a context', events.FileDeleted, ''],
    [
      'a context that is not a string',
      { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '1', MediaBasicInfo: 7 } },
      '',
    ],
  ])('finds no envelope in %s', (_name, body, sourceContext) => {
    const received = receiveEvent(parseVodEvent(body), NOWHERE);

    expect(received.envelope).toBeUndefined();
    expect(received.sourceContext).toBe(sourceContext);
  });

  it.each(Object.entries<RawEvent>(events))(
    'has another id for the same event of another application: %s',
    (_name, body) => {
      const event = parseVodEvent(body);
      const idFrom = (subAppId: number | undefined, own: number | undefined) =>
        receiveEvent(event, { ...NOWHERE, subAppId, own }).eventId;

      const ids = [1, 2, 3].map((subAppId) => idFrom(subAppId, 1));

      expect(new Set(ids).size).toBe(3);
      expect(ids[0]).toBe(idFrom(undefined, undefined));
      expect(ids[1]).toBe(idFrom(2, 3_000));
    },
  );
});

describe('the envelope of an application', () => {
  const told = (subAppId: number | undefined) => ({
    EventType: 'NewFileUpload',
    FileUploadEvent: {
      FileId: '1',
      MediaBasicInfo: {
        SourceInfo: { SourceContext: encodeContext(ENVELOPE, 'mine', { subAppId }) },
      },
    },
  });

  it.each([
    ['its own application', 1, 1, [1, undefined]],
    ["a tenant's application", 2, 1, [2]],
    ['no application', undefined, undefined, [undefined]],
  ])('is accepted if VOD reports it for %s', (_whose, subAppId, own, encodedFor) => {
    const opens = (encoded: number | undefined) =>
      receiveEvent(parseVodEvent(told(encoded)), { ...NOWHERE, subAppId, own }).envelope !==
      undefined;

    expect([1, 2, 3, undefined].filter(opens)).toEqual(encodedFor);
  });

  it('is removed from the delivered event, unlike other contexts', () => {
    const write = (body: RawEvent) =>
      writeReceivedEvent(receiveEvent(parseVodEvent(body), NOWHERE));

    expect(write(told(undefined))).toMatchObject({
      FileUploadEvent: { MediaBasicInfo: { SourceInfo: { SourceContext: 'mine' } } },
    });
    expect(write(told(7))).toEqual(told(7));
  });
});

describe('describeReceivedEvent()', () => {
  it('leaves out a source that VOD does not report', () => {
    const FileUploadEvent = { FileId: '1', MediaBasicInfo: {} };

    expect(describeBody({ EventType: 'NewFileUpload', FileUploadEvent })).toStrictEqual({
      ...{ eventId: expect.any(String), eventType: 'NewFileUpload', fileId: '1' },
    });
  });

  it.each([
    [
      'edited media',
      events.MediaEdited,
      {
        eventType: 'EditMediaComplete',
        taskId: '1500000001-EditMedia-5a6b7c8dt0',
        taskStatus: 'FINISH',
        taskErrCode: 0,
      },
    ],
    [
      'a task of 2017',
      events.Snapshots2017,
      {
        eventType: 'CreateSnapshotByTimeOffsetComplete',
        taskId: '1500000001-snapshot-7c8d9e0f',
        fileId: '5285890700000000001',
      },
    ],
    ['a cast', events.MediaCast, { eventType: 'MediaCastStatusChanged', taskStatus: 'Working' }],
    [
      'a state that is a number',
      {
        EventType: 'RestoreMediaComplete',
        RestoreMediaCompleteEvent: { FileId: '1', Status: 0, ErrCode: '0' },
      },
      { eventType: 'RestoreMediaComplete', fileId: '1' },
    ],
    [
      'an unknown type',
      { EventType: 'HologramComplete' },
      { level: 'warn', eventType: 'HologramComplete', reason: expect.stringContaining('known') },
    ],
  ])('describes the ids and states of %s', (_name, body, fields) => {
    expect(describeBody(body)).toEqual({
      eventId: identifyEvent(parseVodEvent(body)),
      ...fields,
    });
  });

  it('leaves out texts of a caller', () => {
    const body = structuredClone(events.NewFileUpload);
    body.FileUploadEvent.MediaBasicInfo.Name = 'canary';
    body.FileUploadEvent.MediaBasicInfo.SourceInfo.SourceContext = encodeContext(
      ENVELOPE,
      'canary',
    );

    const fields = describeBody(body);

    expect(fields).toMatchObject({
      uploadId: ENVELOPE.uploadId,
      owner: 'user-42',
      uploadMethod: 'pull',
    });
    expect(JSON.stringify(fields)).not.toContain('canary');
  });

  it.each([
    { EventType: 'x'.repeat(100_000) },
    { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: 'x'.repeat(100_000) } },
    {
      EventType: 'FileDeleted',
      FileDeleteEvent: { FileIdSet: Array.from({ length: 10_000 }, () => 'x'.repeat(1_000)) },
    },
  ])('limits the length of the log line for any event', (body) => {
    const { eventId: _id, ...fields } = describeBody(body);
    expect(JSON.stringify(fields).length).toBeLessThan(3_000);
  });
});

describe('describeLegacyEvent()', () => {
  it('warns and explains both ways to switch', () => {
    expect(describeLegacyEvent({ eventType: 'NewFileUpload', fileId: '1' })).toEqual({
      level: 'warn',
      eventType: 'NewFileUpload',
      fileId: '1',
      reason: expect.stringMatching(/format 2\.0.+3\.0.+console.+ModifyEventConfig/),
    });
  });
});
