import { describe, expect, it } from 'vitest';
import { createSecret } from '../lib/webhooks/consumer.ts';
import { ARRIVAL, CAST, MEDIA, messagesOf, useCallback, useConsumer } from './callback-stage.ts';

const { vod, consumer: willing, load: loadCallback } = useCallback(MEDIA);
const moody = useConsumer();

function load(consumers: readonly { readonly url: string; readonly events?: readonly string[] }[]) {
  return loadCallback({
    WEBHOOK_ENDPOINTS: JSON.stringify(
      consumers.map(({ url, events }) => ({ url, events, secret: createSecret() })),
    ),
  });
}

describe('POST /callback without a ledger', () => {
  it('answers after all consumers have accepted the event', async () => {
    const notify = await load([willing, moody]);

    const { statusCode, json, log } = await notify(ARRIVAL);

    expect([statusCode, json]).toEqual([200, { code: 0 }]);
    expect(log).toMatchObject({ confirmation: 'confirmed', delivered: 2 });
    expect(log).not.toHaveProperty('fresh');
    for (const consumer of [willing, moody]) {
      expect(messagesOf(consumer)).toMatchObject([
        {
          type: 'vod.NewFileUpload',
          data: {
            FileUploadEvent: {
              FileId: MEDIA.FileId,
              MediaBasicInfo: { Name: 'holiday', SourceInfo: { SourceContext: 'mine' } },
            },
          },
        },
      ]);
      expect(messagesOf(consumer)[0].data).not.toHaveProperty('confirmed');
    }
  });

  it('delivers an event to the matching endpoints', async () => {
    const notify = await load([
      { url: willing.url, events: ['vod.PullComplete'] },
      { url: moody.url, events: ['vod.NewFile*'] },
    ]);

    const { log } = await notify(ARRIVAL);

    expect(log['delivered']).toBe(1);
    expect(willing.received).toEqual([]);
  });

  it('has VOD send an event again that a consumer refused, with the same message id', async () => {
    const notify = await load([willing, moody]);
    moody.status = 500;

    const failed = await notify(ARRIVAL);
    moody.status = 204;
    const again = await notify(ARRIVAL);

    expect(failed.statusCode).toBe(503);
    expect(failed.json).toMatchObject({
      code: 'delivery_failed',
      detail: '1 of 2 consumers did not accept the event (http_500): send it again.',
    });
    expect(again.statusCode).toBe(200);
    const ids = [...messagesOf(willing), ...messagesOf(moody)].map(({ id }) => id);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(1);
  });

  it('delivers an unconfirmable event', async () => {
    const notify = await load([willing]);

    const { statusCode, log } = await notify(CAST);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'unconfirmable', delivered: 1 });
    expect(messagesOf(willing)).toMatchObject([{ data: { ...CAST, confirmed: false } }]);
  });

  it('delivers nothing that VOD denies', async () => {
    const notify = await load([willing]);
    vod.media.clear();

    const { statusCode } = await notify(ARRIVAL);

    expect(statusCode).toBe(401);
    expect(willing.received).toEqual([]);
  });

  it('answers 503 while VOD is not available, so that VOD sends the event again', async () => {
    const notify = await load([willing]);
    vod.refuseAll('AuthFailure.SignatureFailure');

    const { statusCode, json, log } = await notify(ARRIVAL);

    expect(statusCode).toBe(503);
    expect(json).toMatchObject({
      code: 'confirmation_unavailable',
      vod: { code: 'AuthFailure.SignatureFailure' },
    });
    expect(log['vodCode']).toBe('AuthFailure.SignatureFailure');
    expect(willing.received).toEqual([]);
  });

  it('confirms and logs an event without consumers', async () => {
    const notify = await load([]);

    const { statusCode, log } = await notify(ARRIVAL);

    expect(statusCode).toBe(200);
    expect(log).toMatchObject({ confirmation: 'confirmed', delivered: 0 });
  });
});
