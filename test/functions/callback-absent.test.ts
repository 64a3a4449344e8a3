import { describe, expect, it } from 'vitest';
import { deriveFileUploadId } from '../../lib/model/upload-id.ts';
import type { RawEvent } from '../../lib/vod/event.ts';
import { encodeContext, writeV1Context } from '../support/source-contexts.ts';
import { eventOf, useLedger } from '../support/use-ledger.ts';
import { ARRIVAL, MEDIA, messagesOf, UPLOAD_ID, useCallback } from './callback-stage.ts';

const database = useLedger();
const { ledger } = database;
const { vod, consumer, load: loadCallback } = useCallback();

const ENVELOPE = { uploadId: UPLOAD_ID, owner: 'user-42', method: 'client' } as const;
const FILE = MEDIA.FileId;

const load = (environment = {}) => loadCallback({ DATABASE_URL: database.url, ...environment });

/** Returns the arrival as VOD reported it while the file existed. */
function describedArrivalOf(FileId: string, SourceContext: string): RawEvent {
  return {
    EventType: 'NewFileUpload',
    FileUploadEvent: {
      FileId,
      MediaBasicInfo: {
        Name: 'holiday',
        MediaUrl: 'https://media.example.com/holiday.mp4',
        SourceInfo: { SourceType: 'Upload', SourceContext },
      },
      MetaData: { Size: 10, Duration: 1.5 },
    },
  };
}

function deletionOf(...FileIdSet: string[]): RawEvent {
  return {
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet,
      FileDeleteResultInfo: FileIdSet.map((FileId) => ({ FileId, DeleteParts: [] })),
    },
  };
}

/** More files than can be noted. */
const MADE_UP = Array.from({ length: 1_001 }, (_, place) => `52${String(place).padStart(17, '0')}`);

const OURS = describedArrivalOf(FILE, encodeContext(ENVELOPE, 'mine'));
const CONSOLE = describedArrivalOf(FILE, '');

const issue = () =>
  ledger.issueUpload({ ...ENVELOPE, fields: { expiresAt: Date.now() + 3_600_000 } });
const toldOf = () => messagesOf(consumer).map(({ type }) => type);
const listAll = async () => (await ledger.listUploads({ limit: 10 })).items;

describe('the arrival of a file that is deleted before VOD is called', () => {
  it.each([
    ['before its deletion', [OURS, deletionOf(FILE)]],
    ['after its deletion', [deletionOf(FILE), OURS]],
  ])('ends its upload if it is reported %s', async (_when, events) => {
    await issue();
    const notify = await load();

    const statuses: number[] = [];
    for (const event of events) statuses.push((await notify(event)).statusCode);

    expect(statuses).toEqual([200, 200]);
    expect(await listAll()).toMatchObject([
      { ...ENVELOPE, state: 'deleted', fileId: FILE, sourceContext: 'mine' },
    ]);
    expect(toldOf().sort()).toEqual([
      ...['upload.deleted', 'upload.uploaded', 'vod.FileDeleted', 'vod.NewFileUpload'],
    ]);
    expect(await (await ledger.timeline()).listActions(UPLOAD_ID)).toEqual([]);
  });

  it('is sent to consumers with its source alone, and marked as unconfirmed', async () => {
    const notify = await load();
    await notify(OURS);
    await notify(deletionOf(FILE));

    const { data } = messagesOf(consumer).find(({ type }) => type === 'vod.NewFileUpload');
    expect(data).toEqual({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        FileId: FILE,
        MediaBasicInfo: { SourceInfo: { SourceType: 'Upload', SourceContext: 'mine' } },
      },
      confirmed: false,
    });
  });

  it('is recorded if its context proves the upload, and changes nothing before VOD is called again', async () => {
    await issue();
    const notify = await load();

    const { statusCode, log } = await notify(OURS);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'kept', uploadId: UPLOAD_ID, fileId: FILE });
    expect(await listAll()).toMatchObject([{ state: 'issued' }]);
    expect(await ledger.claimConfirmations(10, 60)).toEqual([]);
  });

  it('is recorded without an owner if it came from the console', async () => {
    const notify = await load();

    const arrival = await notify(CONSOLE);
    const deletion = await notify(deletionOf(FILE));

    expect([arrival.statusCode, deletion.statusCode]).toEqual([401, 200]);
    expect(await listAll()).toMatchObject([
      { uploadId: deriveFileUploadId(FILE), method: 'console', state: 'deleted', fileId: FILE },
    ]);
    expect(toldOf().sort()).toEqual([
      ...['upload.deleted', 'upload.uploaded', 'vod.FileDeleted', 'vod.NewFileUpload'],
    ]);
  });

  it('is recorded without an owner if it came from the console and is reported after its deletion', async () => {
    const notify = await load();
    await notify(deletionOf(FILE));

    const { statusCode, log } = await notify(CONSOLE);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'absent', fresh: true, delivered: 4 });
    expect(await listAll()).toMatchObject([{ method: 'console', state: 'deleted' }]);
  });

  it('is sent once for repeated notifications', async () => {
    await issue();
    const notify = await load();
    const all = [OURS, deletionOf(FILE), OURS, deletionOf(FILE), OURS];

    for (const event of all) await notify(event);
    await Promise.all([...all, ...all].map((event) => notify(event)));

    expect(consumer.received).toHaveLength(4);
  });

  it('is recorded with other files of the same deletion', async () => {
    const others = ['5285890700000000043', '5285890700000000044'];
    const notify = await load();
    await notify(OURS);
    await notify(describedArrivalOf(others[0] ?? '', ''));

    await notify(deletionOf(FILE, ...others));

    const uploads = await listAll();
    expect(uploads.map(({ fileId }) => fileId).sort()).toEqual([FILE, others[0]]);
    expect(uploads.map(({ state }) => state)).toEqual(['deleted', 'deleted']);
  });
});

describe('an unproven notification', () => {
  it.each([
    ['arrival', [CONSOLE, CONSOLE]],
    ['deletion', [deletionOf(FILE), deletionOf(FILE)]],
  ])('creates no upload from the %s of a made-up file alone', async (_kind, events) => {
    const notify = await load();

    for (const event of events) await notify(event);

    expect(await listAll()).toEqual([]);
    expect(consumer.received).toEqual([]);
  });

  it.each([
    ['has no MAC', writeV1Context(ENVELOPE)],
    ['has the MAC of another key', encodeContext(ENVELOPE, '', { keys: ['x'.repeat(64)] })],
    ['is of another application', encodeContext(ENVELOPE, '', { subAppId: 1_500_000_009 })],
  ])('ends no upload if its context %s', async (_how, context) => {
    await issue();
    const notify = await load({
      SOURCE_CONTEXT_V1_UNTIL: new Date(Date.now() + 86_400_000).toISOString(),
    });

    await notify(describedArrivalOf(FILE, context));
    await notify(deletionOf(FILE));

    expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({ state: 'issued' });
  });

  it('does not change an upload with another file, and creates none', async () => {
    vod.media.set(FILE, MEDIA);
    const notify = await load();
    await notify(ARRIVAL);
    const second = '5285890700000000043';

    await notify(describedArrivalOf(second, encodeContext(ENVELOPE)));
    await notify(deletionOf(second));

    expect(await listAll()).toMatchObject([{ uploadId: UPLOAD_ID, state: 'ready', fileId: FILE }]);
  });

  it('is denied if the file belongs to an upload of any application', async () => {
    const change = { key: { fileId: FILE }, fact: 'uploaded', fields: { subAppId: 7 } } as const;
    await ledger.recordEvent(eventOf([change]));
    const notify = await load({ VOD_SUB_APP_ID: '8' });
    const source = { SourceType: 'Upload' };
    await ledger.noteAbsentArrival({ fileId: FILE, source }, 8);
    await notify(deletionOf(FILE));

    expect((await notify(CONSOLE)).statusCode).toBe(401);
    expect(consumer.received).toEqual([]);

    expect(await listAll()).toMatchObject([{ state: 'ready', subAppId: 7 }]);
  });

  it('is noted for at most a thousand files a day, and the log counts the rest', async () => {
    const notify = await load();
    await ledger.noteAbsentDeletions(MADE_UP, undefined);

    const { statusCode, log } = await notify(CONSOLE);
    await notify(deletionOf(FILE));

    expect(statusCode).toBe(401);
    expect(log).toMatchObject({ confirmation: 'denied', surplus: 1 });
    expect(await listAll()).toEqual([]);
  });

  it('leaves room for proven files', async () => {
    await issue();
    const notify = await load();
    await ledger.noteAbsentDeletions(MADE_UP, undefined);

    expect((await notify(OURS)).log).toMatchObject({ confirmation: 'kept', fresh: true });
  });
});
