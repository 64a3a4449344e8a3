import { describe, expect, it } from 'vitest';
import { eventOf } from '../../../support/use-ledger.ts';
import { FAST, SLOW, START, useDeliveries } from './deliveries-stage.ts';

const { ledger, openLedger, now, pass, open, record, fail, claimOne, claimAll } = useDeliveries();

describe('listDeadDeliveries() and replayDelivery()', () => {
  it('list dead deliveries, latest first, in pages, and make one due again', async () => {
    for (let i = 0; i < 5; i += 1) {
      await record(`e${i}`, FAST);
      await ledger.failDelivery(await claimOne(), { error: `no ${i}\0`, dead: true });
      pass(1);
    }
    const first = await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 3 });
    const second = await (await ledger.deadDeliveries()).listDeadDeliveries({
      limit: 3,
      cursor: first.cursor,
    });

    expect([...first.items, ...second.items].map(({ eventId }) => eventId)).toEqual([
      ...['e4', 'e3', 'e2', 'e1', 'e0'],
    ]);
    expect(second.cursor).toBeUndefined();
    expect(first.items[0]).toEqual({
      eventId: 'e4',
      endpoint: FAST,
      eventType: 'vod.NewFileUpload',
      attempts: 1,
      lastError: 'no 4\ufffd',
      diedAt: START + 4,
    });
    expect(
      await (await ledger.deadDeliveries()).replayDelivery({ eventId: 'e2', endpoint: FAST }),
    ).toBe(true);
    expect(
      await (await ledger.deadDeliveries()).replayDelivery({ eventId: 'e2', endpoint: FAST }),
    ).toBe(false);
    expect(await claimOne()).toMatchObject({ eventId: 'e2', attempt: 1, enqueuedAt: now() });
  });
});

describe('replayMany()', () => {
  const state = (eventId: string, uploadId: string) =>
    eventOf([{ key: { uploadId }, fact: 'uploaded', owner: 'ann' }], { eventId });
  const claimed = async () =>
    (await claimAll()).map(({ eventId, endpoint }) => [eventId, endpoint]);

  /** Has the deliveries of `count` events die, one each second. */
  async function bury(count: number, ...endpoints: string[]): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      await record(`e${i}`, ...endpoints);
      for (const claim of await ledger.claimDeliveries(9, 60, 9)) await fail(claim, 'dead');
      pass(1_000);
    }
  }

  it('makes all due in the order in which they died, a page at each call', async () => {
    await bury(7, SLOW);
    const first = await (await ledger.deadDeliveries()).replayMany({ limit: 3 });
    pass(1);
    const second = await (await ledger.deadDeliveries()).replayMany({
      limit: 3,
      cursor: first.cursor,
    });
    pass(1);
    const again = await (await ledger.deadDeliveries()).replayMany({
      limit: 3,
      cursor: first.cursor,
    });
    const third = await (await ledger.deadDeliveries()).replayMany({
      limit: 3,
      cursor: second.cursor,
    });

    expect([first, second, again, third].map(({ replayed }) => replayed)).toEqual([3, 3, 1, 0]);
    expect(third).not.toHaveProperty('cursor');
    expect(await claimed()).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => [`e${i}`, SLOW]));
    expect(await (await ledger.deadDeliveries()).replayMany({ limit: 9 })).toEqual({ replayed: 0 });
  });

  it('filters by endpoint, time and state', async () => {
    await bury(4, SLOW, FAST);
    const between = { from: START + 1_000, to: START + 3_000 };
    expect(
      await (await ledger.deadDeliveries()).replayMany({ endpoint: FAST, ...between, limit: 9 }),
    ).toEqual({
      replayed: 2,
    });
    expect((await claimed()).toSorted()).toEqual([
      ['e1', FAST],
      ['e2', FAST],
    ]);

    const targets = [{ id: FAST, events: ['*'] }];
    const told = openLedger({ targets });
    await told.recordEvents([state('e8', 'u8'), state('e9', 'u9')]);
    await told.close();
    for (const claim of await ledger.claimDeliveries(9, 60, 9)) await fail(claim, 'dead');
    pass(1_000);
    expect(
      await (await ledger.deadDeliveries()).replayMany({ state: 'failed', limit: 2 }),
    ).toMatchObject({
      ...{ replayed: 0, cursor: expect.any(String) },
    });
    expect(await (await ledger.deadDeliveries()).replayMany({ state: 'ready', limit: 99 })).toEqual(
      { replayed: 2 },
    );
    expect((await claimed()).toSorted()).toEqual([
      ['evt_u8_ready', FAST],
      ['evt_u9_ready', FAST],
    ]);
  });

  it('replays each delivery once for several concurrent callers', async () => {
    await bury(9, FAST);
    const asked = await Promise.all(
      [1, 2, 3].map(async (i) =>
        (await open(`https://${i}.example`).deadDeliveries()).replayMany({ limit: 9 }),
      ),
    );

    expect(asked.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(9);
    expect(await ledger.readBacklog()).toMatchObject({
      deliveries: { count: 9 },
      deadDeliveries: 0,
    });
  });
});

describe('replayUpload()', () => {
  it('makes all dead deliveries of the upload and its file due again', async () => {
    const told = (eventId: string, uploadId: string, fileId: string) =>
      eventOf([{ key: { uploadId }, fact: 'uploaded', owner: 'ann', fields: { fileId } }], {
        ...{ eventId, uploadId, fileId },
      });
    await open(FAST).recordEvents([told('e1', 'u1', 'f1'), told('e2', 'u2', 'f2')]);
    await record('e3', FAST);
    for (let i = 0; i < 3; i += 1) await fail(await claimOne(), i === 2 ? 'paused' : 'dead');

    expect(await (await ledger.deadDeliveries()).replayUpload('u1')).toBe(1);
    expect(await (await ledger.deadDeliveries()).replayUpload('u1')).toBe(0);
    const claims = await ledger.claimDeliveries(9, 60, 9);
    expect(claims.map(({ eventId, attempt }) => [eventId, attempt])).toEqual([
      ['e1', 1],
      ['e3', 2],
    ]);
  });
});
