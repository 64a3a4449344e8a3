import { describe, expect, it } from 'vitest';
import { FAST, SLOW, START, useDeliveries } from './deliveries-stage.ts';

const { ledger, now, pass, record, recordClaimed, fail, claimOne, claimAll } = useDeliveries();

describe('paused endpoints', () => {
  const HOUR = 3_600_000;
  const claimed = async () => (await claimAll()).map(({ eventId }) => eventId);
  const endpoint = async (name = FAST) =>
    (await ledger.listEndpoints()).find((each) => each.endpoint === name);

  async function pause(eventId: string): Promise<void> {
    await record(eventId, FAST);
    expect(await fail(await claimOne(), 'paused')).toBe(true);
  }

  it('receive nothing and lose nothing until they are resumed', async () => {
    await record('e0', FAST);
    await pause('e1');
    pass(HOUR);
    const claims = await recordClaimed('e2', FAST, SLOW);

    expect(claims.map((claim) => claim.endpoint)).toEqual([SLOW]);
    expect(await claimed()).toEqual([]);
    expect((await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 9 })).items).toEqual(
      [],
    );
    expect(await ledger.readBacklog()).toMatchObject({
      ...{ pausedDeliveries: 3, pausedEndpoints: 1, deadDeliveries: 0 },
      ...{ deliveries: { count: 1 }, lagMilliseconds: 0 },
    });
    expect(await ledger.listEndpoints()).toEqual([
      { endpoint: SLOW, waiting: 1, waitingSince: now(), dead: 0 },
      {
        ...{ endpoint: FAST, pausedAt: START, pausedReason: 'no' },
        ...{ waiting: 3, waitingSince: START, dead: 0 },
      },
    ]);

    await ledger.resumeEndpoint(FAST);
    expect(await endpoint()).toEqual({
      ...{ endpoint: FAST, waiting: 3, waitingSince: START, dead: 0 },
    });
    expect(await claimed()).toEqual(['e0', 'e1', 'e2']);
  });

  it('are paused once by several deliveries', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    const [first, second] = await ledger.claimDeliveries(2, 60, 2);
    const held = await Promise.all([fail(first, 'paused'), fail(second, 'paused')]);
    expect(held.toSorted()).toEqual([false, true]);
  });

  it('receive waiting deliveries by age once resumed, also those that were attempted before', async () => {
    for (let i = 1; i <= 4; i += 1) {
      await record(`e${i}`, FAST);
      pass(1_000);
    }
    const claims = await ledger.claimDeliveries(3, 60, 3);
    for (const [i, claim] of claims.entries()) {
      const nextAttemptAt = now() + (9 - i) * HOUR;
      await ledger.failDelivery(claim, { error: 'http_500', nextAttemptAt });
    }
    await fail(await claimOne(), 'paused');
    await ledger.resumeEndpoint(FAST);

    expect(await claimed()).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('keep waiting deliveries for three days, which are dead then and can be replayed', async () => {
    await pause('e1');
    pass(HOUR);
    await record('e2', FAST);
    pass(71 * HOUR - 1);
    expect(await claimed()).toEqual([]);
    expect((await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 9 })).items).toEqual(
      [],
    );
    pass(1);
    expect(await claimed()).toEqual([]);
    expect(
      (await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 9 })).items,
    ).toMatchObject([{ eventId: 'e1', lastError: 'no' }]);
    pass(HOUR);
    await ledger.resumeEndpoint(FAST);

    expect(await claimed()).toEqual([]);
    expect(
      (await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 9 })).items,
    ).toMatchObject([{ eventId: 'e2', lastError: 'paused' }, { eventId: 'e1' }]);
    expect(
      await (await ledger.deadDeliveries()).replayDelivery({ eventId: 'e2', endpoint: FAST }),
    ).toBe(true);
    expect(await claimOne()).toMatchObject({ eventId: 'e2', attempt: 1, enqueuedAt: now() });
  });

  it('are resumed by a replay as well', async () => {
    await record('e1', FAST);
    await fail(await claimOne(), 'dead');
    await pause('e2');

    expect(
      await (await ledger.deadDeliveries()).replayDelivery({ eventId: 'e1', endpoint: FAST }),
    ).toBe(true);

    expect((await claimed()).toSorted()).toEqual(['e1', 'e2']);
    expect(await endpoint()).not.toHaveProperty('pausedAt');
  });

  it('count as successful from the time at which they are resumed', async () => {
    await pause('e1');
    pass(71 * HOUR);
    await ledger.resumeEndpoint(FAST);

    expect(await claimOne()).toMatchObject({ enqueuedAt: START, endpointDeliveredAt: now() });
  });

  it('accept the end of a delivery that was in progress', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    const [first, second] = await ledger.claimDeliveries(2, 60, 2);
    await fail(first, 'paused');
    expect(await ledger.claimDeliveries(9, 60, 9)).toEqual([]);
    expect(second && (await ledger.finishDelivery(second))).toBe(true);
  });
});
