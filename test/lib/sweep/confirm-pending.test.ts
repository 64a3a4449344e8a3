import { describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import { localAccount } from '../../../tools/local/emulator/account.ts';
import { encodeContext } from '../../support/source-contexts.ts';
import { eventOf } from '../../support/use-ledger.ts';
import { makeMedia, useSweepStage } from './sweep-stage.ts';

const stage = useSweepStage();

const EVENT_ID = 'evt_kept';
const OWN = localAccount().subAppId;

/** Records a pending notification about `fileId` that says more than VOD does. */
function keep(fileId: string, MediaBasicInfo: object = { Name: 'forged', ClassId: 7 }) {
  const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: fileId, MediaBasicInfo } };
  return stage.ledger.storePendingConfirmation({ eventId: EVENT_ID, raw, receivedAt: stage.now() });
}

async function confirmStored(api: VodApi = stage.api) {
  return (await stage.sweep({ api })).steps['unconfirmed'];
}

async function listNames() {
  const { items } = await stage.ledger.listUploads({ limit: 10 });
  return items.map(({ name }) => name);
}

describe('confirmPending()', () => {
  it('records what VOD itself reports about a notification', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    await keep(fileId);

    expect(await confirmStored()).toEqual({
      ...{ confirmed: 1, denied: 0, retried: 0, givenUp: 0, setAside: 0, failed: 0 },
    });

    expect(await listNames()).toEqual(['tone-0']);
    expect(await confirmStored()).toMatchObject({ confirmed: 0 });
    expect((await stage.sweep()).backlog).toMatchObject({ unconfirmed: 0 });
  });

  it('drops and reports a notification that VOD denies', async () => {
    await keep('5285485487985271000');

    expect(await confirmStored()).toMatchObject({ confirmed: 0, denied: 1, failed: 0 });

    expect(await listNames()).toEqual([]);
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ level: 'warn', step: 'unconfirmed', eventId: EVENT_ID }),
    );
    expect(await confirmStored()).toMatchObject({ denied: 0 });
  });

  describe('for a file that is gone', () => {
    const envelope = { uploadId: '01ARYZ6S410000000000000000', owner: 'user-42' } as const;
    const fileId = '5285485487985271000';
    const context = encodeContext({ ...envelope, method: 'client' }, 'mine');

    /** Records its pending arrival, as `callback` does. */
    const storeArrival = (SourceContext: string) =>
      keep(fileId, { SourceInfo: { SourceType: 'Upload', SourceContext } });

    it('ends the upload that the source context proves, once VOD has had time to show the file', async () => {
      await stage.ledger.issueUpload({ ...envelope, method: 'client' });
      await storeArrival(context);
      expect(await confirmStored()).toMatchObject({
        retried: 1,
        confirmed: 0,
        denied: 0,
        failed: 0,
      });
      expect(await stage.ledger.findUpload(envelope.uploadId)).toMatchObject({ state: 'issued' });
      // VOD is asked several times, with growing pauses, for ten minutes.
      for (const pause of [61, 62, 125, 250]) {
        stage.passSeconds(pause);
        expect(await confirmStored()).toMatchObject({ retried: 1, confirmed: 0, denied: 0 });
      }
      expect(await stage.ledger.findUpload(envelope.uploadId)).toMatchObject({ state: 'issued' });
      stage.passSeconds(301);
      expect(await confirmStored()).toMatchObject({ retried: 0, confirmed: 1, denied: 0 });

      expect(await stage.ledger.findUpload(envelope.uploadId)).toMatchObject({
        ...{ ...envelope, state: 'deleted', fileId, sourceContext: 'mine' },
      });
      const told = await (await stage.ledger.timeline()).listEvents(envelope.uploadId);
      expect(told.map(({ eventType, confirmed }) => [eventType, confirmed])).toEqual(
        expect.arrayContaining([
          ['vod.NewFileUpload', false],
          ['vod.FileDeleted', true],
          ['upload.uploaded', true],
          ['upload.deleted', true],
        ]),
      );
      expect((await stage.sweep()).backlog).toMatchObject({ unconfirmed: 0, unfinishedUploads: 0 });
    });

    it('records the file from VOD if VOD shows it late', async () => {
      const [shown = ''] = await makeMedia(stage.vod);
      const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: shown } };
      const receivedAt = stage.now();
      const pending = { eventId: EVENT_ID, raw, receivedAt, dueAt: receivedAt };
      await stage.ledger.storePendingConfirmation(pending);

      expect(await confirmStored()).toMatchObject({ confirmed: 1 });

      const { items } = await stage.ledger.listUploads({ limit: 10 });
      expect(items).toMatchObject([{ state: 'ready', fileId: shown }]);
    });

    it('drops the notification if nothing proves that the file existed', async () => {
      await storeArrival('');
      stage.passSeconds(61);

      expect(await confirmStored()).toMatchObject({ confirmed: 0, denied: 1 });

      expect((await stage.ledger.listUploads({ limit: 10 })).items).toEqual([]);
    });

    it('records an upload without an owner if the deletion was also reported', async () => {
      await stage.ledger.noteAbsentDeletions([fileId], undefined);
      await storeArrival('');

      expect(await confirmStored()).toMatchObject({ confirmed: 1, denied: 0 });

      const { items } = await stage.ledger.listUploads({ limit: 10 });
      expect(items).toMatchObject([{ state: 'deleted', fileId, method: 'console' }]);
    });
  });

  it('retries with growing pauses while VOD is not available', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    await keep(fileId);
    stage.vod.faults.arm('internal-error', 10_000);
    expect(await confirmStored()).toMatchObject({ retried: 1, failed: 1 });
    expect(await confirmStored()).toMatchObject({ retried: 0 });
    stage.passSeconds(60);
    expect(await confirmStored()).toMatchObject({ retried: 1 });
    stage.passSeconds(60);
    expect(await confirmStored()).toMatchObject({ retried: 0 });
    const { backlog } = await stage.sweep();
    expect(backlog?.unconfirmed).toBe(1);
    // The test skips two minutes; the clock also advances by itself.
    expect(backlog?.oldestUnconfirmedSeconds).toBeGreaterThanOrEqual(120);
    expect(backlog?.oldestUnconfirmedSeconds).toBeLessThan(600);

    stage.vod.faults.clear();
    stage.passSeconds(3_600);

    expect(await confirmStored()).toMatchObject({ confirmed: 1 });
    expect(await listNames()).toEqual(['tone-0']);
  });

  it("assigns notifications without an application to the service's own", async () => {
    const [own, tenants] = [localAccount().subAppId, 1_500_000_002];
    const key = { fileId: '5285485487985271000' };
    const changes = [{ key, fact: 'uploaded', fields: { subAppId: tenants } }] as const;
    await stage.ledger.recordEvent(eventOf(changes, { subAppId: tenants }));
    const raw = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: [key.fileId] } };
    await stage.ledger.storePendingConfirmation({
      eventId: EVENT_ID,
      raw,
      receivedAt: stage.now(),
    });

    const { steps } = await stage.sweep({ applications: [own, tenants] });

    expect(steps['unconfirmed']).toMatchObject({ confirmed: 1, failed: 0 });
    const { items } = await stage.ledger.listUploads({ limit: 10 });
    expect(items).toMatchObject([{ state: 'ready', subAppId: tenants }]);
  });

  it('confirms a deletion of many files in parts until all are checked', async () => {
    const fileIds = Array.from({ length: 250 }, (_, i) => `52854854879852${10_000 + i}`);
    const changes = fileIds.map((fileId) => ({ key: { fileId }, fact: 'uploaded' }) as const);
    await stage.ledger.recordEvent(eventOf(changes));
    const FileIdSet = [...fileIds, '5285485487985299999'];
    const raw = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet } };
    await stage.ledger.storePendingConfirmation({
      eventId: EVENT_ID,
      raw,
      receivedAt: stage.now(),
    });
    const asked: (readonly string[])[] = [];
    const api: VodApi = {
      ...stage.api,
      describeMediaInfos: (request, options) => {
        asked.push(request.FileIds);
        return stage.api.describeMediaInfos(request, options);
      },
    };

    expect(await confirmStored(api)).toMatchObject({ confirmed: 3, denied: 0, failed: 0 });

    expect(asked.flat().sort()).toEqual(fileIds);
    const { items } = await stage.ledger.listUploads({ limit: 300, state: 'deleted' });
    expect(items).toHaveLength(250);
    expect((await stage.sweep()).backlog).toMatchObject({ unconfirmed: 0 });
  });

  it('drops deletions of unknown files without calling VOD', async () => {
    const FileDeleteEvent = { FileIdSet: ['5285485487985271000'] };
    const raw = { EventType: 'FileDeleted', FileDeleteEvent };
    await stage.ledger.storePendingConfirmation({
      eventId: EVENT_ID,
      raw,
      receivedAt: stage.now(),
    });
    const describeMediaInfos = () => Promise.reject(new Error('Nothing is to be asked.'));

    const kept = await confirmStored({ ...stage.api, describeMediaInfos });

    expect(kept).toMatchObject({ failed: 0, retried: 0 });
    expect((await stage.sweep()).backlog).toMatchObject({ unconfirmed: 0 });
  });

  it('limits unconfirmable events to their rate, and loses none', async () => {
    for (let count = 0; count < 599; count += 1) await stage.ledger.incrementUnconfirmed(OWN);
    for (const eventId of [EVENT_ID, 'evt_next']) {
      const raw = { EventType: 'Tomorrow', eventId };
      const kept = { eventId, subAppId: OWN, raw, receivedAt: stage.now() };
      await stage.ledger.storePendingConfirmation(kept);
    }

    expect(await confirmStored()).toMatchObject({ confirmed: 1, retried: 1, failed: 0 });
    stage.passSeconds(3_600);
    expect(await confirmStored()).toMatchObject({ confirmed: 1, retried: 0 });
  });

  it('records what is known to be from VOD without asking VOD about it', async () => {
    const FileId = '5285485487985271000';
    const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId } };
    const failed = { eventId: EVENT_ID, raw, receivedAt: stage.now(), proven: true };
    await stage.ledger.storeForRetry(failed);
    stage.passSeconds(3_600);
    const describeMediaInfos = () => Promise.reject(new Error('Nothing is to be asked.'));

    expect(await confirmStored({ ...stage.api, describeMediaInfos })).toMatchObject({
      ...{ confirmed: 1, failed: 0 },
    });

    const { items } = await stage.ledger.listUploads({ limit: 10 });
    expect(items).toMatchObject([{ fileId: FileId }]);
    const told = await (await stage.ledger.timeline()).listEvents(items[0]?.uploadId ?? '');
    expect(told).toContainEqual(
      expect.objectContaining({ eventType: 'vod.NewFileUpload', confirmed: true }),
    );
  });

  it('gives up after three days and reports the event', async () => {
    await keep('5285485487985271000');
    stage.vod.faults.arm('internal-error', 10_000);
    stage.passSeconds(3 * 86_400);

    expect(await confirmStored()).toMatchObject({ retried: 0, givenUp: 1 });

    expect(stage.reports).toContainEqual(
      expect.objectContaining({
        ...{ level: 'warn', step: 'unconfirmed', eventId: EVENT_ID },
        eventType: 'NewFileUpload',
        reason: expect.stringContaining('three days'),
      }),
    );
    expect((await stage.sweep()).backlog).toMatchObject({ unconfirmed: 0 });
  });

  it('continues with other events after one failed', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    await keep(fileId);
    const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: 'breaks' } };
    await stage.ledger.storePendingConfirmation({
      eventId: 'evt_other',
      raw,
      receivedAt: stage.now(),
    });
    const api: VodApi = {
      ...stage.api,
      describeMediaInfos: (request, options) =>
        request.FileIds.includes('breaks')
          ? Promise.reject(new Error('No connection.'))
          : stage.api.describeMediaInfos(request, options),
    };

    expect(await confirmStored(api)).toMatchObject({ confirmed: 1, failed: 1 });

    expect((await stage.sweep()).backlog).toMatchObject({ unconfirmed: 1 });
  });
});
