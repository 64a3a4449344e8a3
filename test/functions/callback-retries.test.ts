import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useLedger } from '../support/use-ledger.ts';
import { ARRIVAL, CAST, MEDIA, messagesOf, UPLOAD_ID, useCallback } from './callback-stage.ts';

const database = useLedger();
const { ledger } = database;
const { consumer, load: loadCallback } = useCallback(MEDIA);

const load = () => loadCallback({ DATABASE_URL: database.url });

/** Longer than the pause after a first attempt, which is five seconds at most. */
const passPause = () => vi.setSystemTime(Date.now() + 6_000);

const statesOf = async () =>
  (await (await ledger.timeline()).listEvents(UPLOAD_ID)).flatMap(({ deliveries }) =>
    deliveries.map(({ state, attempts }) => `${state} ${attempts}`),
  );

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describe('POST /callback after a delivery that failed', () => {
  it('makes its retry when that is due, and delivers what waits behind it', async () => {
    const notify = await load();
    consumer.status = 500;
    await notify(ARRIVAL);
    consumer.status = 200;
    passPause();

    const { statusCode } = await notify(CAST);

    expect(statusCode).toBe(200);
    expect(await statesOf()).toEqual(['delivered 2', 'delivered 2']);
    expect(
      messagesOf(consumer)
        .slice(2)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['upload.ready', 'vod.MediaCastStatusChanged', 'vod.NewFileUpload']);
  });

  it('does not retry before that', async () => {
    const notify = await load();
    consumer.status = 500;
    await notify(ARRIVAL);

    await notify(CAST);

    expect(await statesOf()).toEqual(['pending 1', 'pending 1']);
  });

  it('waits for the next pause after a retry that failed', async () => {
    const notify = await load();
    consumer.status = 500;
    await notify(ARRIVAL);
    passPause();
    await notify(CAST);
    consumer.status = 200;

    await notify(CAST);

    expect(await statesOf()).toEqual(['pending 2', 'pending 2']);
  });

  it('leaves retries of other instances to the sweep', async () => {
    const first = await load();
    consumer.status = 500;
    await first(ARRIVAL);
    consumer.status = 200;
    passPause();

    await (await load())(CAST);

    expect(await statesOf()).toEqual(['pending 1', 'pending 1']);
  });
});
