import { describe, expect, it } from 'vitest';
import { describeSummary } from '../../../lib/sweep/summary.ts';
import { perTest } from '../../support/per-test.ts';
import { createSecret, endpointOf, startConsumer } from '../webhooks/consumer.ts';
import { createApi, makeMedia, TONE, useSweepStage } from './sweep-stage.ts';

const consumer = perTest(() => startConsumer((response) => void response.end()));

const stage = useSweepStage(() => ({ endpoints: [endpointOf(consumer.url, createSecret())] }));

const nameUpload = (index: number) => `01JSWEEP00000000000000${String(index).padStart(4, '0')}`;

/** Creates work for every step. */
async function makeWork(): Promise<void> {
  await stage.vod.client.ModifyEventConfig({ Mode: 'PULL' });
  const fileIds = await makeMedia(stage.vod, 20);
  await stage.ledger.enqueuePulls(
    Array.from({ length: 40 }, (_, index) => {
      const uploadId = nameUpload(index);
      return { uploadId, owner: 'alice', request: { MediaUrl: TONE, SessionId: uploadId } };
    }),
  );
  for (let index = 0; index < 20; index += 1) {
    const uploadId = nameUpload(100 + index);
    await stage.ledger.issueUpload({ uploadId, owner: 'alice', method: 'client' });
    await stage.ledger.transition(uploadId, 'uploaded', { fileId: fileIds[index] });
    if (index < 10) await stage.ledger.transition(uploadId, 'rejected');
  }
  stage.passSeconds(86_400);
}

function sumOf(step: string, name: string, ...sweeps: readonly { steps: object }[]): number {
  return sweeps.reduce((sum, { steps }) => sum + Number(Object(steps)[step][name]), 0);
}

describe('sweep()', () => {
  it('finds nothing to do in a new ledger', async () => {
    const summary = await stage.sweep({ pullsEvents: true });

    const counts = Object.values(summary.steps).flatMap((step) => Object.values(step));
    expect(counts.every((count) => count === 0)).toBe(true);
    expect(summary).toMatchObject({ errors: {}, outOfTime: false, broken: [] });
    expect(summary.backlog).toEqual({
      ...{ lagSeconds: 0, deliveries: 0, oldestDeliverySeconds: 0, deadDeliveries: 0 },
      ...{ pausedDeliveries: 0, pausedEndpoints: 0 },
      ...{ notFannedOut: 0, unconfirmed: 0, oldestUnconfirmedSeconds: 0 },
      ...{ actions: 0, oldestActionSeconds: 0, deadActions: 0, deadItems: 0 },
      ...{ pulls: 0, unfinishedUploads: 0 },
    });
    expect(describeSummary(summary)).toMatchObject({ level: 'info' });
  });

  it('does all work once in two concurrent sweeps', async () => {
    await makeWork();
    const others = { ledger: stage.openOther(), api: createApi(stage.vod) };

    const sweeps = await Promise.all([
      stage.sweep({ pullsEvents: true }),
      stage.sweep({ ...others, pullsEvents: true }),
    ]);
    const last = await stage.sweep({ pullsEvents: true });
    const all = [...sweeps, last];

    expect(all.flatMap(({ broken }) => broken)).toEqual([]);
    expect(sumOf('pulls', 'sent', ...all)).toBe(40);
    expect(sumOf('actions', 'done', ...all)).toBe(10);
    expect(sumOf('queue', 'fresh', ...all)).toBeGreaterThanOrEqual(20);
    const ids = consumer.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(sumOf('deliveries', 'delivered', ...all)).toBe(ids.length);
    expect(last.backlog).toMatchObject({ deliveries: 0, pulls: 0, actions: 0 });
  });

  it('runs all other steps after one fails', async () => {
    await makeWork();
    const broken = () => Promise.reject(new Error('No connection.'));
    const api = {
      ...stage.api,
      ...{ pullEvents: broken, searchMedia: broken, describeMediaInfos: broken },
    };

    const summary = await stage.sweep({ api, pullsEvents: true });

    expect([...summary.broken].sort()).toEqual(['media', 'queue']);
    expect(summary.steps).toMatchObject({
      queue: { failed: 1 },
      media: { failed: 1 },
      checks: { checked: 0 },
      pulls: { sent: 40, failed: 0 },
      actions: { done: 10, failed: 0 },
      deliveries: { failed: 0 },
    });
    expect(sumOf('deliveries', 'delivered', summary)).toBeGreaterThan(0);
    expect(describeSummary(summary)).toMatchObject({
      level: 'error',
      reason: expect.stringContaining('media'),
    });
  });

  it('returns a summary of the failures if the database is not available', async () => {
    const gone = stage.openOther();
    const failed = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
    const ledger = Object.fromEntries(Object.keys(gone).map((name) => [name, failed]));

    const summary = await stage.sweep({ ledger: { ...gone, ...ledger } });

    expect(summary.backlog).toBeUndefined();
    expect(summary.errors).toEqual({ ECONNREFUSED: 10 });
    expect([...summary.broken].sort()).toEqual([
      ...['actions', 'backlog', 'checks', 'deliveries', 'fanOut', 'media', 'prune', 'pulls'],
      ...['runs', 'unconfirmed'],
    ]);
  });

  it('starts nothing without time left, and loses nothing', async () => {
    await makeWork();

    const none = await stage.sweep({ pullsEvents: true, deadline: { left: () => 1_999 } });

    const counts = Object.values(none.steps).flatMap((step) => Object.values(step));
    expect(counts.every((count) => count === 0)).toBe(true);
    expect(none).toMatchObject({ outOfTime: true, broken: [] });
    expect(none.backlog).toMatchObject({ pulls: 40, actions: 10 });
    expect(consumer.received).toEqual([]);

    const next = await stage.sweep({ pullsEvents: true });
    expect(next.backlog).toMatchObject({ pulls: 0, actions: 0, deliveries: 0 });
  });

  it('ends in time regardless of the amount of work', async () => {
    await makeWork();
    let looks = 0;
    // Time passes at each read of the clock.
    const left = () => {
      looks += 1;
      return 60_000 - looks * 400;
    };

    const summaries = [await stage.sweep({ pullsEvents: true, deadline: { left } })];
    expect(summaries[0]?.outOfTime).toBe(true);
    expect(summaries[0]?.broken).toEqual([]);
    // What was claimed and not started is available again after its lease.
    for (let runs = 0; runs < 5; runs += 1) {
      stage.passSeconds(301);
      summaries.push(await stage.sweep({ pullsEvents: true }));
    }

    expect(summaries.at(-1)?.backlog).toMatchObject({ pulls: 0, actions: 0, deliveries: 0 });
    const ids = consumer.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
