import { describe, expect, it } from 'vitest';
import { FAST, SLOW, START, useDeliveries } from './deliveries-stage.ts';

const { ledger, pass, record, claimOne } = useDeliveries();

describe('claimDeliveries()', () => {
  it('returns the due deliveries with their events', async () => {
    await record('e1', FAST);
    expect(await ledger.claimDeliveries(5, 60, 5)).toEqual([
      {
        eventId: 'e1',
        endpoint: FAST,
        attempt: 1,
        enqueuedAt: START,
        size: expect.any(Number),
        lease: expect.any(Object),
        event: {
          kind: 'vod',
          eventId: 'e1',
          eventType: 'vod.NewFileUpload',
          payload: { eventId: 'e1' },
          receivedAt: START,
        },
      },
    ]);
  });

  it('shares the claims among endpoints, also where one has many deliveries', async () => {
    for (let i = 0; i < 40; i += 1) await record(`s${i}`, SLOW);
    pass(1_000);
    for (let i = 0; i < 3; i += 1) await record(`f${i}`, FAST, `https://c${i}.example`);

    const all = await ledger.claimDeliveries(100, 60, 5);
    expect(all.filter(({ endpoint }) => endpoint === SLOW)).toHaveLength(5);
    expect(all.filter(({ endpoint }) => endpoint === FAST)).toHaveLength(3);
    pass(60_000);
    const few = await ledger.claimDeliveries(5, 60, 5);
    expect(new Set(few.map(({ endpoint }) => endpoint)).size).toBe(5);
  });

  it('leaves out the endpoints that are excluded', async () => {
    await record('e1', SLOW, FAST);

    const claimed = await ledger.claimDeliveries(5, 60, 5, [SLOW, 'https://unknown.example']);

    expect(claimed.map(({ endpoint }) => endpoint)).toEqual([FAST]);
    expect(await ledger.claimDeliveries(5, 60, 5)).toMatchObject([{ endpoint: SLOW, attempt: 1 }]);
  });
});

describe('failDelivery()', () => {
  it('retries at the time that is given', async () => {
    await record('e1', FAST);
    const claim = await claimOne();
    await ledger.failDelivery(claim, { error: '503', nextAttemptAt: START + 90_000 });

    pass(89_999);
    expect(await ledger.claimDeliveries(1, 60, 1)).toEqual([]);
    pass(1);
    expect(await claimOne()).toMatchObject({ attempt: 2, enqueuedAt: START });
  });
});

describe('finishDelivery()', () => {
  it('adds the time of the last success of the endpoint to later claims', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    const first = await claimOne();
    expect(first).not.toHaveProperty('endpointDeliveredAt');
    pass(5_000);
    await ledger.finishDelivery(first);
    expect(await claimOne()).toMatchObject({ endpointDeliveredAt: START + 5_000 });
  });
});
