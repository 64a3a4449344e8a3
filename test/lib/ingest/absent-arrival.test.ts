import { describe, expect, it } from 'vitest';
import { recordAbsence } from '../../../lib/ingest/absent-arrival.ts';
import { recordDeletion } from '../../../lib/ingest/durable.ts';
import type { Reception } from '../../../lib/ingest/plan-event.ts';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import { deriveFileUploadId } from '../../../lib/model/upload-id.ts';
import { parseVodEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { encodeContext, NOWHERE, writeV1Context } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const RECEIVED_AT = Date.UTC(2026, 0, 1);
const OWNED = {
  uploadId: '01ARYZ6S410000000000000000',
  owner: 'bob',
  method: 'client',
} as const;
const [OWN, OTHER] = [1_500_000_001, 1_500_000_002];
const PROVEN = encodeContext(OWNED, 'mine', { subAppId: OWN });
const MINUTE = 60_000;
const SHOWN = RECEIVED_AT + 10 * MINUTE;

let time = RECEIVED_AT;
const { ledger } = useLedger({ clock: { now: () => time } });

const RECEPTION: Reception = {
  ...{ ...NOWHERE, subAppId: OWN, own: OWN, receivedAt: RECEIVED_AT, confirmed: true },
  settings: NO_SETTINGS,
};

/** Records the absence at `now`, after VOD was asked twice before if it must show the file then. */
async function record(SourceContext: string, now = SHOWN, FileId = '1', reception = RECEPTION) {
  if (now === SHOWN) {
    for (const at of [RECEIVED_AT, RECEIVED_AT + MINUTE]) {
      await look(SourceContext, at, FileId, reception);
    }
  }
  return look(SourceContext, now, FileId, reception);
}

function look(
  SourceContext: string,
  now: number,
  FileId = '1',
  reception = RECEPTION,
  recording: Ledger = ledger,
) {
  time = now;
  const MediaBasicInfo = { SourceInfo: { SourceType: 'Upload', SourceContext } };
  const FileUploadEvent = { FileId, MediaBasicInfo };
  const event = parseVodEvent({ EventType: 'NewFileUpload', FileUploadEvent });
  if (event.eventType !== 'NewFileUpload') throw new Error('This is no arrival.');
  return recordAbsence(event, reception, recording, now);
}

/** Records an upload of `subAppId` that has the file. */
async function hold(fileId: string, subAppId: number) {
  const change = { key: { fileId }, fact: 'uploaded', fields: { subAppId } } as const;
  const event = { eventId: `evt_${fileId}`, eventType: 'vod.NewFileUpload', payload: {} } as const;
  await ledger.recordEvent({ ...event, confirmed: true, changes: [change] });
}

const told = (recorded: Awaited<ReturnType<typeof record>>) =>
  recorded.kind === 'done' && recorded.events.map(({ received }) => received.event.eventType);
const DENIED = { kind: 'failed', error: 'denied', isSurplus: false };

describe('recordAbsence()', () => {
  it('retries if the source context proves the upload, until VOD shows every file', async () => {
    const waits: number[] = [];
    for (let now = RECEIVED_AT; now < SHOWN; ) {
      const early = await look(PROVEN, now);
      expect(early).toMatchObject({ kind: 'retry', error: 'absent' });
      const at = early.kind === 'retry' ? early.at : now;
      waits.push((at - now) / MINUTE);
      now = at;
    }
    expect(waits).toEqual([1, 1, 2, 4, 5]);
    expect(await ledger.findUpload(OWNED.uploadId)).toBeUndefined();

    expect(told(await look(PROVEN, SHOWN + 3 * MINUTE))).toEqual(['NewFileUpload', 'FileDeleted']);
    expect(await ledger.findUpload(OWNED.uploadId)).toMatchObject({
      ...{ state: 'deleted', fileId: '1', sourceContext: 'mine', subAppId: OWN },
    });
    expect(await ledger.claimActions(9, 60)).toEqual([]);
  });

  it('does not count the time in which VOD was not asked', async () => {
    for (const minutes of [60, 61]) {
      expect(await look(PROVEN, RECEIVED_AT + minutes * MINUTE)).toMatchObject({ kind: 'retry' });
    }
    expect(await look(PROVEN, RECEIVED_AT + 70 * MINUTE - 1)).toMatchObject({ kind: 'retry' });
    expect(await look(PROVEN, RECEIVED_AT + 70 * MINUTE)).toMatchObject({ kind: 'done' });
  });

  it('does not wait if the deletion is known', async () => {
    await ledger.noteAbsentDeletions(['1'], OWN);

    expect(told(await record('', RECEIVED_AT))).toEqual(['NewFileUpload', 'FileDeleted']);
  });

  it('records no deletion for an upload that has another file', async () => {
    await record(PROVEN);

    expect(told(await record(PROVEN, SHOWN, '2'))).toEqual(['NewFileUpload']);
  });

  it.each([
    ['of a proven context', PROVEN, OWNED.uploadId],
    ['of an unproven one', '', deriveFileUploadId('1')],
  ])(
    'records the deletion when asked again after it was interrupted before that, %s',
    async (_whose, context, uploadId) => {
      await ledger.noteAbsentDeletions(['1'], OWN);
      let isArrivalRecorded = false;
      const interrupted: Ledger = {
        ...ledger,
        recordEvents: (...given) => {
          if (isArrivalRecorded) return Promise.reject(new Error('The process ended.'));
          isArrivalRecorded = true;
          return ledger.recordEvents(...given);
        },
      };
      await expect(look(context, RECEIVED_AT, '1', RECEPTION, interrupted)).rejects.toThrow(
        'ended',
      );
      expect(await ledger.findUpload(uploadId)).toMatchObject({ state: 'uploaded' });

      expect(told(await look(context, RECEIVED_AT))).toContain('FileDeleted');

      expect(await ledger.findUpload(uploadId)).toMatchObject({ state: 'deleted', fileId: '1' });
    },
  );

  it.each([
    ['nothing proves the upload', '', '1'],
    ['the context has no MAC', writeV1Context(OWNED), '1'],
    ['the file id is invalid', PROVEN, 'no id\u0000'],
  ])('records nothing if %s', async (_why, context, fileId) => {
    const contexts = { ...NOWHERE.contexts, acceptsV1: true };

    expect(await record(context, SHOWN, fileId, { ...RECEPTION, contexts })).toEqual(DENIED);
    expect(await ledger.findAbsentArrivals(['1'], OWN)).toHaveLength(fileId === '1' ? 1 : 0);
  });

  it.each([
    ['another application', OTHER, PROVEN, DENIED],
    ['another application', OTHER, '', DENIED],
    ['its own, without proof', OWN, '', DENIED],
    ['its own', OWN, PROVEN, { kind: 'retry' }],
  ])('respects that the file belongs to an upload of %s', async (_whose, subAppId, context, to) => {
    await hold('1', subAppId);

    expect(await record(context, RECEIVED_AT)).toMatchObject(to);
    const notes = await ledger.findAbsentArrivals(['1'], OWN);
    expect(notes).toHaveLength(to === DENIED ? 0 : 1);
  });

  it('lets the proof outweigh both notifications of the file in another application', async () => {
    const elsewhere = { ...RECEPTION, subAppId: OTHER };
    await ledger.noteAbsentDeletions(['1'], OTHER);
    await record(PROVEN, RECEIVED_AT, '1', elsewhere);
    expect(await ledger.findFiles(['1'], OTHER, OWN)).toEqual(['1']);

    expect(await record('', SHOWN)).toEqual(DENIED);
    expect(told(await record(PROVEN))).toEqual(['NewFileUpload', 'FileDeleted']);

    expect(await ledger.findUpload(OWNED.uploadId)).toMatchObject({
      state: 'deleted',
      fileId: '1',
    });
    expect(await ledger.findFiles(['1'], OTHER, OWN)).toEqual([]);
    expect(await record('', SHOWN, '1', elsewhere)).toEqual(DENIED);
  });

  it('reports that there is no room for a note', async () => {
    const others = Array.from({ length: 1_000 }, (_, place) => `other-${place}`);
    await ledger.noteAbsentDeletions(others, OWN);

    expect(await record('')).toEqual({ ...DENIED, isSurplus: true });
    expect(await record(PROVEN, RECEIVED_AT)).toMatchObject({ kind: 'retry' });
  });
});

describe('recordDeletion()', () => {
  async function recordDeletionOf(...FileIdSet: string[]) {
    const event = parseVodEvent({ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } });
    if (event.eventType !== 'FileDeleted') throw new Error('This is no deletion.');
    const recorded = await recordDeletion(event, RECEPTION, ledger);
    return recorded.map(({ received: { event } }) => 'task' in event && event.task);
  }

  it('records unconfirmed arrivals before a deletion, and ignores files of no upload', async () => {
    await record('', RECEIVED_AT, '3');
    await hold('4', OWN);

    expect(await recordDeletionOf('4', '5')).toEqual([{ FileIdSet: ['4', '5'] }]);
    expect(await recordDeletionOf('3', '4', '6')).toMatchObject([
      { FileId: '3', MediaBasicInfo: { SourceInfo: { SourceType: 'Upload' } } },
      { FileIdSet: ['3', '4'] },
    ]);
  });

  it('records no deletion of files that arrived for uploads with other files', async () => {
    await record(PROVEN);
    await record(PROVEN, RECEIVED_AT, '2');

    expect(await recordDeletionOf('2')).toMatchObject([{ FileId: '2' }]);
  });
});
