import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Ledger, openLedger } from '../../../lib/ledger/ledger.ts';
import { eventOf, useDatabases } from '../../support/use-ledger.ts';
import { type Consumer, createSecret, endpointOf, startConsumer } from '../webhooks/consumer.ts';
import { makeMedia, openSweepStage, type SweepStage } from './sweep-stage.ts';

const databases = useDatabases();
let stage: SweepStage;
const consumers: Consumer[] = [];

afterEach(async () => {
  await stage.close();
  for (const consumer of consumers.splice(0)) await consumer.close();
});

async function openConsumer(
  answer = (response: ServerResponse) => void response.end(),
): Promise<Consumer> {
  const consumer = await startConsumer(answer);
  consumers.push(consumer);
  return consumer;
}

async function openStage(...told: readonly Consumer[]): Promise<void> {
  const endpoints = told.map(({ url }) => endpointOf(url, createSecret()));
  stage = await openSweepStage(databases, { endpoints });
}

async function issueUploads(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const uploadId = `01JSWEEP00000000000000${String(index).padStart(4, '0')}`;
    await stage.ledger.issueUpload({ uploadId, owner: 'alice', method: 'client' });
  }
}

const idsOf = ({ received }: Consumer) => received.map(({ headers }) => headers['webhook-id']);

describe('deliverWaiting()', () => {
  it('makes each due delivery once', async () => {
    const consumer = await openConsumer();
    await openStage(consumer);
    await issueUploads(70);

    const { steps, backlog } = await stage.sweep();

    expect(steps['deliveries']).toEqual({
      ...{ delivered: 70, retried: 0, dead: 0, paused: 0, unsent: 0, failed: 0 },
    });
    expect(new Set(idsOf(consumer)).size).toBe(70);
    expect(backlog).toMatchObject({ deliveries: 0, lagSeconds: 0 });
  });

  it('does not let a slow endpoint delay another', async () => {
    const held: ServerResponse[] = [];
    const slow = await openConsumer((response) => void held.push(response));
    let allTaken = () => {};
    const taken = new Promise<void>((resolve) => {
      allTaken = resolve;
    });
    const fast: Consumer = await openConsumer((response) => {
      response.end();
      if (fast.received.length === 60) allTaken();
    });
    await openStage(slow, fast);
    await issueUploads(60);

    let left = 600_000;
    const swept = stage.sweep({ deadline: { left: () => left } });
    await taken;
    const begun = slow.received.length;
    left = 0;
    for (const response of held) response.end();
    const { steps } = await swept;

    expect(begun).toBe(4);
    expect(new Set(idsOf(fast)).size).toBe(60);
    expect(steps['deliveries']).toMatchObject({ delivered: 64, unsent: 12 });
  });

  it('delivers what other steps of the same sweep have found', async () => {
    const consumer = await openConsumer();
    await openStage(consumer);
    await makeMedia(stage.vod);
    stage.passSeconds(120);

    const { steps } = await stage.sweep();

    expect(steps).toMatchObject({ media: { fresh: 1 }, deliveries: { delivered: 2 } });
    const types = consumer.received.map(({ body }) => JSON.parse(body).type);
    expect(types.sort()).toEqual(['upload.ready', 'vod.NewFileUpload']);
  });

  it('delivers events that were recorded by functions without targets', async () => {
    const consumer = await openConsumer();
    await openStage(consumer);
    const options = { clock: stage, random: { key: randomUUID } };
    const untold = openLedger(stage.databaseUrl, options);
    const uploadId = '01JSWEEP000000000000000000';
    await untold.issueUpload({ uploadId, owner: 'alice', method: 'client' });
    await untold.close();

    const { steps, backlog } = await stage.sweep();

    expect(steps).toMatchObject({ fanOut: { events: 1 }, deliveries: { delivered: 1 } });
    expect(backlog).toMatchObject({ notFannedOut: 0 });
  });

  it('reports the number and age of waiting deliveries', async () => {
    const consumer = await openConsumer((response) => {
      response.statusCode = 500;
      response.end();
    });
    await openStage(consumer);
    const begun = performance.now();
    await issueUploads(2);
    stage.passSeconds(100);
    await stage.sweep();
    stage.passSeconds(60);

    const { backlog, steps } = await stage.sweep({ deadline: { left: () => 0 } });
    // The clock also advances by itself.
    const passed = Math.ceil((performance.now() - begun) / 1_000);
    const upTo = (least: number) =>
      expect.toSatisfy((seconds: number) => seconds >= least && seconds <= least + passed);

    expect(steps['deliveries']).toMatchObject({ retried: 0 });
    expect(backlog).toMatchObject({
      deliveries: 2,
      oldestDeliverySeconds: upTo(160),
      lagSeconds: upTo(57),
      unfinishedUploads: 2,
    });
  });

  it('pauses an endpoint that answers 410, reports it once and loses nothing', async () => {
    let status = 410;
    const consumer = await openConsumer((response) => {
      response.statusCode = status;
      response.end();
    });
    const other = await openConsumer();
    await openStage(consumer, other);
    await issueUploads(40);
    const endpoint = stage.targets[0]?.id ?? '';

    const first = await stage.sweep();
    const refused = consumer.received.length;
    stage.passSeconds(86_400);
    const second = await stage.sweep();

    expect(refused).toBeLessThanOrEqual(4);
    expect(consumer.received).toHaveLength(refused);
    expect(other.received).toHaveLength(40);
    expect(first.steps['deliveries']).toMatchObject({ delivered: 40, dead: 0, paused: refused });
    expect(second.steps['deliveries']).toMatchObject({ delivered: 0, dead: 0, paused: 0 });
    expect(second.backlog).toMatchObject({
      ...{ deliveries: 0, lagSeconds: 0, pausedEndpoints: 1, pausedDeliveries: 40 },
      deadDeliveries: 0,
    });
    expect(stage.reports).toEqual([
      {
        ...{ level: 'error', step: 'deliveries', endpoint },
        reason: expect.stringMatching(/ is paused: it answered 410\. .*\/resume /),
      },
    ]);

    status = 200;
    await stage.ledger.resumeEndpoint(endpoint);
    const third = await stage.sweep();

    expect(third.steps['deliveries']).toMatchObject({ delivered: 40 });
    const taken = consumer.received.slice(refused);
    const uploads = taken.map(({ body }) => JSON.parse(body).data.uploadId);
    // Four are sent at the same time.
    const places = uploads.map((uploadId) => Number(uploadId.slice(-4)));
    expect(places.every((place, index) => Math.abs(place - index) < 16)).toBe(true);
    expect(new Set(uploads).size).toBe(40);
  });

  it('counts no attempt for which a sweep had no time', async () => {
    let left = 3_500;
    const slow = await openConsumer((response) => {
      left = 2_999;
      response.end();
    });
    await openStage(slow);
    await issueUploads(40);
    const deadline = {
      left: () => {
        if (left < 3_500) left -= 1;
        return left;
      },
    };

    const { steps } = await stage.sweep({ deadline });

    const { delivered = 0, unsent } = { ...steps['deliveries'] } as Record<string, number>;
    expect(delivered).toBeGreaterThan(0);
    const claims = await stage.ledger.claimDeliveries(99, 60, 99);
    expect(claims).toHaveLength(40 - delivered);
    expect(claims.map(({ attempt }) => attempt)).toEqual(claims.map(() => 1));
    expect(unsent).toBe(16 - delivered);
  });

  it('holds only that many large events in memory at a time', async () => {
    const endpoints = Array.from({ length: 8 }, (_, i) => `hook-${i}`);
    await openStage();
    const known = openLedger(stage.databaseUrl, {
      ...{ clock: stage, random: { key: randomUUID } },
      targets: endpoints.map((id) => ({ id, events: ['*'] })),
    });
    for (let index = 0; index < 3; index += 1) {
      const payload = { text: randomBytes(700_000).toString('base64') };
      await known.recordEvent(eventOf([], { payload }));
    }
    await known.close();
    let held = 0;
    let most = 0;
    const { claimDeliveries, finishDelivery } = stage.ledger;
    const ledger: Ledger = {
      ...stage.ledger,
      claimDeliveries: async (...call) => {
        const claims = await claimDeliveries(...call);
        held += claims.length;
        most = Math.max(most, held);
        return claims;
      },
      finishDelivery: (claim) => {
        held -= 1;
        return finishDelivery(claim);
      },
    };
    const targets = endpoints.map((id) => ({
      ...{ id, events: ['*'] },
      send: async () => {
        await setTimeout(20);
        return { ok: true, gone: false };
      },
    }));

    const { steps } = await stage.sweep({ ledger, targets });

    expect(steps['deliveries']).toMatchObject({ delivered: 24, failed: 0 });
    expect(most).toBeLessThanOrEqual(5);
  });

  it('postpones deliveries to an endpoint that is not configured', async () => {
    const consumer = await openConsumer();
    await openStage(consumer);
    await issueUploads(1);

    const { steps } = await stage.sweep({ targets: [] });

    expect(steps['deliveries']).toMatchObject({ delivered: 0, retried: 1 });
    stage.passSeconds(60);
    expect((await stage.sweep()).steps['deliveries']).toMatchObject({ delivered: 1 });
  });
});
