import { describe, expect, it } from 'vitest';
import { planEvent } from '../../../lib/ingest/plan-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import { encodeContext, NOWHERE } from '../../support/source-contexts.ts';
import {
  arrival,
  changesOf,
  context,
  ENVELOPE,
  pull,
  RECEPTION,
  record,
  UPLOAD_ID,
} from './plan-stage.ts';

function deletionOf(...FileIdSet: string[]): RawEvent {
  return { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } };
}

describe('planEvent()', () => {
  it.each([
    ['that of the service', 1, 1, { fields: { subAppId: 1 } }],
    ['that of a tenant', 2, 1, { ofTenant: true, fields: { subAppId: 2 } }],
    ['none where the event names none', undefined, undefined, {}],
  ])('adds the application of a change: %s', (_whose, subAppId, own, expected) => {
    const reception = { ...RECEPTION, subAppId, own };
    const received = receiveEvent(parseVodEvent(events.FileDeleted), NOWHERE);

    const [change] = planEvent(received, { ...reception, confirmed: true }).changes;

    const { key, fact, ...others } = change ?? {};
    expect(others).toStrictEqual(expected);
  });

  it.each([
    ['the file and the task of a pull', pull({}), { fileId: '1', taskId: 'p-1' }],
    ['the file of a deletion of one', deletionOf('1'), { fileId: '1' }],
    ['no file of a deletion of several', deletionOf('1', '2'), {}],
    ['no file of an unknown type', { EventType: 'Tomorrow', FileId: '1' }, {}],
    [
      'no malformed ids',
      {
        EventType: 'EditMediaComplete',
        EditMediaCompleteEvent: { TaskId: 't'.repeat(3_000), FileId: 'a b', Status: 'FINISH' },
      },
      {},
    ],
  ])('records %s', (_what, body, { fileId, taskId }: { fileId?: string; taskId?: string }) => {
    const recorded = record(body);

    expect([recorded.fileId, recorded.taskId]).toEqual([fileId, taskId]);
  });

  it('plans nothing for an unconfirmed event, except by the context of a file that does not exist', () => {
    const body = arrival(context(encodeContext(ENVELOPE)));
    const received = receiveEvent(parseVodEvent(body), NOWHERE);
    const reception = { ...RECEPTION, confirmed: false };

    expect(record(body, false)).toMatchObject({ uploadId: undefined, changes: [], actions: [] });
    expect(planEvent(received, { ...reception, isAbsent: true })).toMatchObject({
      ...{ uploadId: UPLOAD_ID, confirmed: false, actions: [] },
      changes: [{ key: { uploadId: UPLOAD_ID }, fact: 'uploadedForProcessing' }],
    });
  });

  it('records the payload that VOD has confirmed, under its event id', () => {
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
    ['an unknown type', { EventType: 'HologramComplete', Any: 1 }, 'vod.HologramComplete'],
    ['a type that no filter can match', { EventType: 'a.b c' }, 'vod.unknown'],
    ['no type', {}, 'vod.unknown'],
  ])('records an event of %s in full, and plans no changes', (_name, body, eventType) => {
    expect(record(body)).toMatchObject({ eventType, payload: body, changes: [] });
  });

  it.each([
    events.NewFileUpload,
    events.PullComplete,
    events.ProcedureStateChanged,
    events.FileDeleted,
  ])('plans no changes for an unconfirmed $EventType', (body) => {
    expect(record(body, false)).toMatchObject({ confirmed: false, changes: [] });
  });
});

describe('FileDeleted', () => {
  it('deletes the upload of each file', () => {
    expect(changesOf(events.FileDeleted)).toEqual([
      { key: { fileId: '5285890700000000001' }, fact: 'deleted' },
      { key: { fileId: '5285890700000000002' }, fact: 'deleted' },
    ]);
  });

  it('plans no changes for a deletion of parts', () => {
    expect(changesOf(events.PartsDeleted)).toEqual([]);
  });

  it('deletes the uploads of deleted files, but not of files of which parts were deleted', () => {
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
  'plans no changes of uploads for $EventType',
  (body) => {
    expect(changesOf(body)).toEqual([]);
  },
);
