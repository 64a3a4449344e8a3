import { describe, expect, it } from 'vitest';
import { useLedger } from '../support/use-ledger.ts';
import { startVodServer } from '../support/vod-server.ts';
import { ARRIVAL, CAST, MEDIA, messagesOf, UPLOAD_ID, useCallback } from './callback-stage.ts';

const database = useLedger();
const { ledger } = database;
const { vod, consumer, load: loadCallback } = useCallback(MEDIA);

const load = (environment = {}) => loadCallback({ DATABASE_URL: database.url, ...environment });
const toldOf = () =>
  messagesOf(consumer)
    .map(({ type }) => type)
    .sort();

describe('POST /callback with a ledger', () => {
  it('records an event and delivers it with the new state of its upload', async () => {
    const notify = await load();

    const { statusCode, json, log } = await notify(ARRIVAL);

    expect([statusCode, json]).toEqual([200, { code: 0 }]);
    expect(log).toMatchObject({
      confirmation: 'confirmed',
      fresh: true,
      delivered: 2,
      uploadId: UPLOAD_ID,
      owner: 'user-42',
    });
    expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({
      state: 'ready',
      method: 'client',
      owner: 'user-42',
      fileId: MEDIA.FileId,
      name: 'holiday',
      size: 10,
      sourceContext: 'mine',
    });
    expect(toldOf()).toEqual(['upload.ready', 'vod.NewFileUpload']);
    expect(
      (await (await ledger.timeline()).listEvents(UPLOAD_ID)).map(({ deliveries }) => deliveries),
    ).toMatchObject([[{ state: 'delivered' }], [{ state: 'delivered' }]]);
  });

  it('acknowledges a known event and delivers nothing again', async () => {
    const notify = await load();
    await notify(ARRIVAL);

    const { statusCode, log } = await notify(ARRIVAL);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'confirmed', fresh: false, delivered: 0 });
    expect(consumer.received).toHaveLength(2);
  });

  it('records nothing that VOD denies', async () => {
    const notify = await load();
    vod.media.clear();

    const { statusCode, log } = await notify(ARRIVAL);

    expect(statusCode).toBe(401);
    expect(log['confirmation']).toBe('denied');
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
    expect(consumer.received).toEqual([]);
  });

  it('records an event for later while VOD is not available, once, and changes no upload', async () => {
    const notify = await load();
    vod.refuseAll('InternalError');

    const first = await notify(ARRIVAL);
    const again = await notify(ARRIVAL);

    expect([first.statusCode, first.json]).toEqual([200, { code: 0 }]);
    expect(first.log).toMatchObject({
      level: 'warn',
      confirmation: 'kept',
      fresh: true,
      vodCode: 'InternalError',
      fileId: MEDIA.FileId,
    });
    expect(again.log).toMatchObject({ confirmation: 'kept', fresh: false });
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
    expect(consumer.received).toEqual([]);
    expect(await ledger.claimConfirmations(10, 60)).toMatchObject([{ raw: ARRIVAL, attempt: 1 }]);
  });

  it('records an event in time if VOD does not answer', async () => {
    const silent = await startVodServer(() => {});
    const notify = await load({ VOD_API_ENDPOINT: silent.endpoint });

    const { statusCode, log } = await notify(ARRIVAL);

    await silent.close();
    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'kept', fresh: true, code: 'upstream_timeout' });
  });

  it('records an event when a pending notification is repeated', async () => {
    const notify = await load();
    vod.refuseAll('InternalError');
    await notify(ARRIVAL);
    vod.refuseAll('');

    const { log } = await notify(ARRIVAL);

    expect(log).toMatchObject({ confirmation: 'confirmed', fresh: true, delivered: 2 });
  });

  it('delivers an unconfirmable event without changing an upload', async () => {
    const notify = await load();

    const { statusCode, log } = await notify(CAST);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'unconfirmable', fresh: true, delivered: 1 });
    expect(toldOf()).toEqual(['vod.MediaCastStatusChanged']);
    expect(messagesOf(consumer)[0].data).toEqual({
      ...CAST,
      confirmed: false,
    });
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
  });

  it('ignores a field "confirmed" of the event', async () => {
    const notify = await load();

    await notify({ EventType: 'Tomorrow', confirmed: true });

    expect(messagesOf(consumer)[0].data).toEqual({
      EventType: 'Tomorrow',
      confirmed: false,
    });
  });

  it.each(['\u0000', 'a\ud800b', '__proto__'])('records an event with a field %j', async (name) => {
    const notify = await load();

    const { statusCode } = await notify({ EventType: 'Tomorrow', [name]: { [name]: name } });

    expect(statusCode).toBe(200);
    expect(toldOf()).toEqual(['vod.Tomorrow']);
  });

  it('leaves an event that consumers refuse to the sweep', async () => {
    const notify = await load();
    consumer.status = 500;

    const { statusCode, log } = await notify(ARRIVAL);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ fresh: true, delivered: 0 });
    const [event] = await (await ledger.timeline()).listEvents(UPLOAD_ID);
    expect(event?.deliveries).toMatchObject([
      { state: 'pending', attempts: 1, lastError: 'http_500' },
    ]);
  });

  it('logs an error if it pauses an endpoint', async () => {
    const notify = await load();
    consumer.status = 410;

    const { statusCode, log } = await notify(ARRIVAL);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({
      ...{ level: 'error', fresh: true, delivered: 0 },
      endpoint: expect.stringMatching(/^webhook_[0-9a-f]{16}$/),
      reason: expect.stringContaining('is paused: it answered 410.'),
    });
    expect((await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 9 })).items).toEqual(
      [],
    );
    expect((await notify(CAST)).log).not.toHaveProperty('endpoint');
    expect(await ledger.readBacklog()).toMatchObject({ pausedEndpoints: 1, pausedDeliveries: 3 });
  });

  it('answers 503 if it cannot record an event', async () => {
    const notify = await load({ DATABASE_URL: 'postgres://nobody:canary@127.0.0.1:1/none' });

    const confirmed = await notify(ARRIVAL);
    vod.refuseAll('InternalError');
    const unconfirmed = await notify(ARRIVAL);

    for (const { statusCode, json, log } of [confirmed, unconfirmed]) {
      expect(statusCode).toBe(503);
      expect(json).toMatchObject({ code: 'ledger_unavailable' });
      expect(JSON.stringify([json, log])).not.toContain('canary');
    }
  });
});
