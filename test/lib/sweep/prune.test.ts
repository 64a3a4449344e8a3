import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Retention } from '../../../lib/model/retention.ts';
import { eventOf, useDatabases } from '../../support/use-ledger.ts';
import { type Consumer, createSecret, endpointOf, startConsumer } from '../webhooks/consumer.ts';
import { FOREVER, makeMedia, openSweepStage, type SweepStage } from './sweep-stage.ts';

const DAY = 86_400;
const days = (count: number) => count * DAY * 1_000;

const SHORT: Retention = {
  ...{ events: days(7), deliveries: days(4), keys: days(4), uploads: days(30), dead: days(14) },
};
const NONE = { deliveries: 0, events: 0, keys: 0, uploads: 0, givenUp: 0, failed: 0 };

const databases = useDatabases();
let stage: SweepStage;
let consumer: Consumer;

beforeEach(async () => {
  consumer = await startConsumer((response) => void response.end());
  stage = await openSweepStage(databases, {
    endpoints: [endpointOf(consumer.url, createSecret())],
  });
});
afterEach(async () => {
  await stage.close();
  await consumer.close();
});

const told = () =>
  consumer.received.map(({ body }) => JSON.parse(body)).map(({ type }) => String(type));
const receivedIds = () => consumer.received.map(({ headers }) => headers['webhook-id']);
const pruned = async (retention: Retention = SHORT) =>
  (await stage.sweep({ retention })).steps['prune'];

async function record(...names: string[]) {
  for (const name of names) {
    const event = { eventId: `evt_${name}`, eventType: 'vod.EditMediaComplete' } as const;
    await stage.ledger.recordEvent(eventOf([], event));
  }
}

describe('prune()', () => {
  it('removes what is older than its retention, kind by kind', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    stage.passSeconds(120);
    await stage.sweep({ retention: SHORT });
    const { ledger } = stage;
    await ledger.rememberRequest({ owner: 'ann', key: 'k', fingerprint: 'f', uploadId: 'u' });
    const [upload] = (await ledger.listUploads({ limit: 5 })).items;
    expect(upload).toMatchObject({ fileId, state: 'ready' });
    expect(told().sort()).toEqual(['upload.ready', 'vod.NewFileUpload']);
    expect(await pruned()).toEqual(NONE);

    stage.passSeconds(5 * DAY);
    expect(await pruned(FOREVER)).toEqual(NONE);
    expect(await pruned()).toEqual({ ...NONE, deliveries: 2, keys: 1 });
    stage.passSeconds(3 * DAY);
    expect(await pruned()).toEqual({ ...NONE, events: 2 });
    stage.passSeconds(25 * DAY);
    expect(await pruned()).toEqual({ ...NONE, uploads: 1 });
    expect(await ledger.findUpload(upload?.uploadId ?? '')).toBeDefined();
    stage.passSeconds(61);
    expect(await pruned()).toEqual(NONE);

    expect((await ledger.listUploads({ limit: 5 })).items).toEqual([]);
    expect(await ledger.findPrunedUpload(upload?.uploadId ?? '')).toMatchObject({ fileId });
  });

  it('doubles nothing over years, whatever scans and checks report again', async () => {
    const began = stage.now();
    await makeMedia(stage.vod, 2);
    stage.passSeconds(120);
    await stage.sweep({ retention: SHORT });
    expect(told()).toHaveLength(4);

    // Events, then uploads become too old; each time all media are scanned again, and what is due is checked.
    for (const years of [0.02, 0.03, 0.5, 1, 2, 3]) {
      stage.passSeconds(years * 365 * DAY);
      for (let turn = 0; turn < 2; turn += 1) {
        await stage.ledger.resetWatermark('media-scan', began);
        const { steps } = await stage.sweep({ retention: SHORT });
        expect(steps['media']).toMatchObject({ scanned: 2, fresh: 0 });
        expect(steps['checks']).toMatchObject({ fresh: 0 });
      }
    }

    expect((await stage.ledger.listUploads({ limit: 5 })).items).toEqual([]);
    expect(told()).toHaveLength(4);
    expect(new Set(receivedIds()).size).toBe(4);
  });

  it('comes last, and only with time that is left', async () => {
    await record('old');
    await stage.sweep();
    stage.passSeconds(10 * DAY);
    const left = { left: () => 1_999 };
    expect((await stage.sweep({ retention: SHORT, deadline: left })).steps['prune']).toEqual(NONE);

    // The time of one page is more than the step may take.
    let time = 600_000;
    const pruning = await stage.ledger.pruning();
    const slow: Ledger = {
      ...stage.ledger,
      pruning: async () => ({
        ...pruning,
        findPrunable(...call) {
          time -= 10_000;
          return pruning.findPrunable(...call);
        },
      }),
    };
    const change = { retention: SHORT, ledger: slow, deadline: { left: () => time } };
    expect((await stage.sweep(change)).steps['prune']).toEqual({ ...NONE, deliveries: 1 });
    expect(time).toBe(590_000);
    expect(await pruned()).toEqual({ ...NONE, events: 1 });
  });

  it('is done by one sweep at a time, once', async () => {
    await record(...Array.from({ length: 700 }, (_, i) => String(i)));
    await stage.sweep();
    stage.passSeconds(10 * DAY);
    const sweeps = await Promise.all(
      Array.from({ length: 3 }, () => stage.sweep({ retention: SHORT, ledger: stage.openOther() })),
    );
    const events = sweeps.map(({ steps }) => steps['prune'] as unknown as typeof NONE);
    expect(events.reduce((sum, each) => sum + each.events, 0)).toBe(700);
    expect(sweeps.flatMap(({ broken }) => broken)).toEqual([]);
    expect(await pruned()).toEqual(NONE);
  });

  it('leaves what waits, and looks at it again within a day', async () => {
    await record('a', 'b', 'c');
    await stage.sweep();
    const item = { kind: 'event', id: 'evt_b' } as const;
    await stage.ledger.countItemFailure({ ...item, code: 'x', reason: 'It failed.' }, 1);
    stage.passSeconds(8 * DAY);
    expect(await pruned()).toEqual({ ...NONE, deliveries: 3, events: 2 });
    expect(await pruned()).toEqual(NONE);
    await stage.ledger.dropDeadItem(item);
    expect(await pruned()).toEqual(NONE);
    stage.passSeconds(DAY);
    // The first run ends the round, and the next one begins again.
    expect(await pruned()).toEqual(NONE);
    expect(await pruned()).toEqual({ ...NONE, events: 1 });
  });

  it('stores rows before it removes them, and stops if it cannot', async () => {
    await record('a', 'b');
    await stage.sweep();
    stage.passSeconds(10 * DAY);
    const failing = { code: 'export_failed' };
    const exportRows = async () => {
      throw Object.assign(new Error('COS cannot be reached.'), failing);
    };
    const stopped = await stage.sweep({ retention: SHORT, exportRows });
    expect(stopped.steps['prune']).toEqual({ ...NONE, failed: 1 });
    expect(stopped).toMatchObject({ broken: ['prune'], errors: { export_failed: 1 } });
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ step: 'prune', level: 'error' }),
    );

    const stored: (readonly [string, readonly object[]])[] = [];
    const storing = async (name: string, rows: readonly object[]) => void stored.push([name, rows]);
    const { steps } = await stage.sweep({ retention: SHORT, exportRows: storing });
    expect(steps['prune']).toEqual({ ...NONE, deliveries: 2, events: 2 });
    expect(stored).toMatchObject([
      ['deliveries', [{ event_id: 'evt_a', state: 'delivered' }, { event_id: 'evt_b' }]],
      [
        'events',
        [
          { event_id: 'evt_a', payload: {} },
          { event_id: 'evt_b', pruned: false },
        ],
      ],
    ]);
  });
});
