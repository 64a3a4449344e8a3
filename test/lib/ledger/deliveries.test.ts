import { describe, expect, it } from 'vitest';
import { FAST, SLOW, START, useDeliveries } from './deliveries-stage.ts';

const { ledger, pass, open, record, fail, claimOne } = useDeliveries();

describe('claimDeliveries()', () => {
  it('returns the due deliveries with their events', async () => {
    await record('e1', FAST);
    expect(await ledger.claimDeliveries(5, 60, 5)).toEqual([
      {
        eventId: 'e1',
        endpoint: FAST,
        attempt: 1,
        enqueuedAt: START,
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

describe('claimFresh()', () => {
  const fresh = async (...eventIds: string[]) =>
    (await ledger.claimFresh(eventIds, 60)).map(({ eventId, endpoint }) => [eventId, endpoint]);

  it('returns the deliveries of these events alone that were never attempted', async () => {
    for (const eventId of ['e1', 'e2', 'e3']) await record(eventId, SLOW, FAST);
    const claims = await ledger.claimFresh(['e2', 'e1'], 60);

    expect(claims.map(({ eventId, endpoint, attempt }) => [eventId, endpoint, attempt])).toEqual([
      ...[
        ['e1', SLOW, 1],
        ['e1', FAST, 1],
        ['e2', SLOW, 1],
        ['e2', FAST, 1],
      ],
    ]);
    expect(await fresh('e1', 'e2')).toEqual([]);
    expect(await ledger.claimFresh([], 60)).toEqual([]);
  });

  it('skips an endpoint with a failed delivery until that one succeeds', async () => {
    await record('e1', SLOW);
    await fail((await ledger.claimFresh(['e1'], 60))[0], 'again');
    await record('e2', SLOW, FAST);
    expect(await fresh('e2')).toEqual([['e2', FAST]]);

    const [again] = await ledger.claimDeliveries(1, 60, 1);
    if (again !== undefined) await ledger.finishDelivery(again);
    expect(await fresh('e2')).toEqual([['e2', SLOW]]);
  });

  it('does not skip an endpoint for a delivery in progress', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    expect(await fresh('e1')).toHaveLength(1);
    expect(await fresh('e2')).toHaveLength(1);
  });

  it('gives each delivery to one of several concurrent callers', async () => {
    await record('e1', SLOW, FAST);
    const claimed = await Promise.all(
      Array.from({ length: 6 }, (_, i) => open(`https://${i}.example`).claimFresh(['e1'], 60)),
    );
    expect(claimed.flat()).toHaveLength(2);
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
