import { afterEach, describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import { addNulls, omitNulls } from '../../support/null-members.ts';
import { useDatabases } from '../../support/use-ledger.ts';
import { makeMedia, openSweepStage, type StageOptions, type SweepStage } from './sweep-stage.ts';

type Rewrite = <T extends object>(event: T) => T;

const databases = useDatabases();
let stage: SweepStage;

afterEach(() => stage.close());

async function open(options: StageOptions = {}): Promise<void> {
  stage = await openSweepStage(databases, options);
  await stage.vod.client.ModifyEventConfig({ Mode: 'PULL' });
}

async function takeQueue(api?: VodApi) {
  const { steps } = await stage.sweep({ pullsEvents: true, ...(api === undefined ? {} : { api }) });
  return steps['queue'];
}

async function listFiles(): Promise<readonly (string | undefined)[]> {
  const { items } = await stage.ledger.listUploads({ limit: 100 });
  return items.map(({ fileId }) => fileId).reverse();
}

describe('drainEventQueue()', () => {
  it('empties the queue in batches and confirms events only after recording them', async () => {
    await open();
    const made = await makeMedia(stage.vod, 18);
    const order: string[] = [];
    const { api } = stage;
    const watched: VodApi = {
      ...api,
      pullEvents: async (options) => {
        const events = await api.pullEvents(options);
        order.push(`pulled ${events.length}`);
        return events;
      },
      confirmEvents: async (request, options) => {
        order.push(`${(await listFiles()).length} known`);
        return api.confirmEvents(request, options);
      },
    };

    expect(await takeQueue(watched)).toEqual({
      pulled: 18,
      fresh: 18,
      confirmed: 18,
      late: 0,
      setAside: 0,
      failed: 0,
    });

    expect(order).toEqual(['pulled 16', '16 known', 'pulled 2', '18 known', 'pulled 0']);
    expect(await listFiles()).toEqual(expect.arrayContaining([...made]));
    stage.passSeconds(31);
    expect(await takeQueue()).toMatchObject({ pulled: 0 });
  });

  it('recognizes events that repeat after a lost confirmation', async () => {
    await open();
    await makeMedia(stage.vod, 3);
    const silent: VodApi = {
      ...stage.api,
      confirmEvents: () => Promise.reject(new Error('No connection.')),
    };

    expect(await takeQueue(silent)).toMatchObject({ pulled: 3, fresh: 3, confirmed: 0, failed: 1 });
    stage.passSeconds(31);

    expect(await takeQueue()).toMatchObject({ pulled: 3, fresh: 0, confirmed: 3, failed: 0 });
    expect(await listFiles()).toHaveLength(3);
  });

  it.each<[string, Rewrite, Rewrite]>([
    ['with null members, and then without', addNulls, omitNulls],
    ['without null members, and then with them', omitNulls, addNulls],
  ])('recognizes an event that is sent %s', async (_name, first, second) => {
    await open();
    const fileIds = await makeMedia(stage.vod);
    const pullAs = (rewrite: Rewrite): VodApi => ({
      ...stage.api,
      pullEvents: async (options) =>
        (await stage.api.pullEvents(options)).map((event) => rewrite(event)),
    });
    const unconfirmed = { confirmEvents: () => Promise.reject(new Error('No connection.')) };

    expect(await takeQueue({ ...pullAs(first), ...unconfirmed })).toMatchObject({ fresh: 1 });
    stage.passSeconds(31);

    expect(await takeQueue(pullAs(second))).toMatchObject({ pulled: 1, fresh: 0, confirmed: 1 });
    expect(await listFiles()).toEqual(fileIds);
  });

  it('does not count a late confirmation as a failure', async () => {
    await open();
    await makeMedia(stage.vod);
    const late: VodApi = {
      ...stage.api,
      confirmEvents: (request, options) => {
        stage.passSeconds(31);
        return stage.api.confirmEvents(request, options);
      },
    };

    // The event repeats immediately, and is late again until the time is over.
    const counts = await takeOnce(late);

    expect(counts).toMatchObject({ late: 1, confirmed: 0, failed: 0 });
  });

  it.each(['null', 'ResourceNotFound'] as const)(
    'reads %s as an empty queue',
    async (emptyQueue) => {
      await open({ emulator: { emptyQueue } });
      await makeMedia(stage.vod);

      expect(await takeQueue()).toMatchObject({ pulled: 1, confirmed: 1, failed: 0 });
    },
  );

  it('reports that VOD refuses to return events', async () => {
    await open();
    stage.vod.faults.arm('internal-error', 100);

    const summary = await stage.sweep({ pullsEvents: true });

    expect(summary.steps['queue']).toMatchObject({ failed: 1 });
    expect(summary.broken).toContain('queue');
    expect(summary.errors).toMatchObject({ InternalError: expect.any(Number) });
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ level: 'error', step: 'queue', vodCode: 'InternalError' }),
    );
  });

  it('finds media by a scan after the queue has dropped their events', async () => {
    await open();
    const [fileId] = await makeMedia(stage.vod);
    stage.passSeconds(4 * 86_400 + 1);
    const day = 86_400_000;
    await stage.ledger.advanceWatermark('media-scan', stage.now() - 5 * day);

    const { steps } = await stage.sweep({ pullsEvents: true });

    expect(steps).toMatchObject({ queue: { pulled: 0 }, media: { fresh: 1 } });
    expect(await listFiles()).toEqual([fileId]);
  });
});

/** Lets the sweep pull once and then find the queue empty. */
async function takeOnce(api: VodApi) {
  let pulls = 0;
  return takeQueue({
    ...api,
    pullEvents: async (options) => {
      pulls += 1;
      return pulls === 1 ? api.pullEvents(options) : [];
    },
  });
}
