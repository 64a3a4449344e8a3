import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedDelivery } from '../../../lib/ledger/deliveries.ts';
import { type Ledger, openLedger } from '../../../lib/ledger/ledger.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';

const START = Date.UTC(2026, 0, 1);
const SLOW = 'https://a-slow.example';
const FAST = 'https://b-fast.example';
let server: TestPostgres;
let url: string;
let time: number;
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server.close());
beforeEach(async () => {
  url = await server.createDatabase();
  time = START;
  ledger = openLedger(url, { now: () => time, randomKey: randomUUID });
});
afterEach(() => ledger.close());

function record(eventId: string, ...endpoints: string[]) {
  const eventType = 'NewFileUpload';
  const payload = { eventId };
  const event = { eventId, eventType, payload, confirmed: true, changes: [], endpoints };
  return ledger.recordEvent(event);
}

async function claimOne(): Promise<ClaimedDelivery> {
  const [claim] = await ledger.claimDeliveries(1, 60, 1);
  if (claim === undefined) throw new Error('There is a delivery.');
  return claim;
}

describe('claimDeliveries()', () => {
  it('answers what is to be delivered, and where', async () => {
    await record('e1', FAST);
    expect(await ledger.claimDeliveries(5, 60, 5)).toEqual([
      {
        eventId: 'e1',
        endpoint: FAST,
        attempt: 1,
        enqueuedAt: START,
        eventType: 'NewFileUpload',
        payload: { eventId: 'e1' },
        receivedAt: START,
      },
    ]);
  });

  it('lets no endpoint with much to do starve another', async () => {
    for (let i = 0; i < 40; i += 1) await record(`s${i}`, SLOW);
    time += 1_000;
    for (let i = 0; i < 3; i += 1) await record(`f${i}`, FAST, `https://c${i}.example`);

    const all = await ledger.claimDeliveries(100, 60, 5);
    expect(all.filter(({ endpoint }) => endpoint === SLOW)).toHaveLength(5);
    expect(all.filter(({ endpoint }) => endpoint === FAST)).toHaveLength(3);
    time += 60_000;
    const few = await ledger.claimDeliveries(5, 60, 5);
    expect(new Set(few.map(({ endpoint }) => endpoint)).size).toBe(5);
  });

  it('gives each delivery to one of several sweeps', async () => {
    for (let i = 0; i < 60; i += 1) await record(`e${i}`, SLOW, FAST);
    const sweeps = [1, 2, 3].map(() => openLedger(url, { now: () => time, randomKey: randomUUID }));
    const drain = async (each: Ledger) => {
      const claimed: string[] = [];
      for (;;) {
        const some = await each.claimDeliveries(7, 60, 5);
        if (some.length === 0) return claimed;
        for (const { eventId, endpoint } of some) claimed.push(`${eventId} ${endpoint}`);
      }
    };

    const claimed = (await Promise.all(sweeps.map(drain))).flat();
    await Promise.all(sweeps.map((each) => each.close()));

    expect(new Set(claimed).size).toBe(120);
    expect(claimed).toHaveLength(120);
  });

  it('gives a delivery again when its lease has run out', async () => {
    await record('e1', FAST);
    const first = await claimOne();
    time += 60_000;
    const second = await claimOne();

    expect(second.attempt).toBe(2);
    expect(await ledger.deliveryDone(first)).toBe(false);
    expect(await ledger.deliveryDone(second)).toBe(true);
    expect(await ledger.deliveryDone(second)).toBe(false);
  });
});

describe('deliveryFailed()', () => {
  it('tries again at its time', async () => {
    await record('e1', FAST);
    const claim = await claimOne();
    await ledger.deliveryFailed(claim, { error: '503', nextAttemptAt: START + 90_000 });

    time += 89_999;
    expect(await ledger.claimDeliveries(1, 60, 1)).toEqual([]);
    time += 1;
    expect(await claimOne()).toMatchObject({ attempt: 2, enqueuedAt: START });
  });
});

describe('listDead() and replay()', () => {
  it('lists what was given up, latest first, in pages, and makes it due anew', async () => {
    for (let i = 0; i < 5; i += 1) {
      await record(`e${i}`, FAST);
      await ledger.deliveryFailed(await claimOne(), { error: `no ${i}\0`, dead: true });
      time += 1;
    }
    const first = await ledger.listDead({ limit: 3 });
    const second = await ledger.listDead({ limit: 3, cursor: first.cursor });

    expect([...first.items, ...second.items].map(({ eventId }) => eventId)).toEqual([
      ...['e4', 'e3', 'e2', 'e1', 'e0'],
    ]);
    expect(second.cursor).toBeUndefined();
    expect(first.items[0]).toEqual({
      eventId: 'e4',
      endpoint: FAST,
      eventType: 'NewFileUpload',
      attempts: 1,
      lastError: 'no 4\ufffd',
      diedAt: START + 4,
    });
    expect(await ledger.replay({ eventId: 'e2', endpoint: FAST })).toBe(true);
    expect(await ledger.replay({ eventId: 'e2', endpoint: FAST })).toBe(false);
    expect(await claimOne()).toMatchObject({ eventId: 'e2', attempt: 1, enqueuedAt: time });
    await expect(ledger.listDead({ limit: 1, cursor: 'none' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});

describe('readBacklog()', () => {
  it('counts what waits and tells the lag', async () => {
    expect(await ledger.readBacklog()).toEqual({
      uploads: { count: 0 },
      pulls: { count: 0 },
      deliveries: { count: 0 },
      deadDeliveries: 0,
      lagMilliseconds: 0,
    });
    await ledger.saveIssued({ uploadId: 'u1', method: 'client', owner: 'ann' });
    await record('e1', FAST);
    await record('e2', FAST);
    await ledger.deliveryFailed(await claimOne(), { error: 'no', dead: true });
    time += 7_000;

    expect(await ledger.readBacklog()).toEqual({
      uploads: { count: 1, oldestAt: START },
      pulls: { count: 0 },
      deliveries: { count: 1, oldestAt: START },
      deadDeliveries: 1,
      lagMilliseconds: 7_000,
    });
  });
});
