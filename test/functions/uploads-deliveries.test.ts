import { describe, expect, it } from 'vitest';
import { ADMIN, id, useUploads } from './uploads-stage.ts';

const { ledger, ask, issue, now, pass } = useUploads();

describe('events and their deliveries', () => {
  const announced = (name: string, state: string) => `evt_${id(name)}_${state}`;

  async function kill(name: string, endpoint: string) {
    const claims = await ledger.claimDeliveries(100, 60, 100);
    for (const claim of claims) {
      if (claim.eventId === announced(name, 'issued') && claim.endpoint === endpoint) {
        await ledger.failDelivery(claim, { error: 'status 410', dead: true });
      } else {
        await ledger.failDelivery(claim, { error: 'status 500', nextAttemptAt: now() });
      }
    }
  }

  it('lists the events of an upload, oldest first, with the endpoints and attempts of each', async () => {
    await issue('a');
    await kill('a', 'orders');
    await ledger.transition(id('a'), 'cancelled', { fileId: 'file-1' });

    const { statusCode, headers, json } = await ask('GET', `/uploads/${id('a')}/events`);

    expect(statusCode).toBe(200);
    expect(headers).toHaveProperty('ETag');
    expect(json).toMatchObject({
      uploadId: id('a'),
      events: [
        {
          eventId: announced('a', 'issued'),
          eventType: 'upload.issued',
          receivedAt: '2026-11-22T08:00:00.000Z',
          deliveries: [
            {
              endpoint: 'orders',
              state: 'dead',
              attempts: 1,
              lastError: 'status 410',
              updatedAt: '2026-11-22T08:00:01.000Z',
            },
          ],
        },
        {
          eventType: 'upload.cancelled',
          deliveries: [
            {
              endpoint: 'orders',
              state: 'pending',
              attempts: 0,
              nextAttemptAt: '2026-11-22T08:00:01.000Z',
            },
          ],
        },
      ],
      actions: [{ fileId: 'file-1', kind: 'delete', state: 'pending', attempts: 0 }],
    });
  });

  it('lists dead deliveries, and replays those of one upload on request', async () => {
    await issue('a');
    await issue('b');
    await kill('a', 'orders');
    await kill('b', 'orders');
    const list = (query = {}) => ask('GET', '/uploads/dead-deliveries', { scope: ADMIN, query });
    const replay = (name: string, body?: object) =>
      ask('POST', `/uploads/${id(name)}/replay`, { scope: ADMIN, body });

    const first = await list({ limit: '1' });
    const second = await list({ limit: '1', cursor: first.json.cursor });
    expect([...first.json.items, ...second.json.items]).toHaveLength(2);
    expect(second.json.items[0]).toMatchObject({
      endpoint: 'orders',
      eventType: 'upload.issued',
      attempts: expect.any(Number),
      lastError: 'status 410',
      diedAt: expect.stringMatching(/^2026-11-22T08:00:0\d\.000Z$/),
    });
    expect(second.json).not.toHaveProperty('cursor');

    expect(await replay('a', { endpoint: 'audit' })).toMatchObject({ json: { replayed: 0 } });
    expect(await replay('a', { eventId: announced('b', 'issued') })).toMatchObject({
      json: { replayed: 0 },
    });
    expect(await replay('a', { eventId: announced('a', 'issued') })).toMatchObject({
      statusCode: 202,
      json: { replayed: 1 },
    });
    expect(await replay('b')).toMatchObject({ statusCode: 202, json: { replayed: 1 } });
    expect(await replay('b')).toMatchObject({ statusCode: 202, json: { replayed: 0 } });
    expect((await list()).json.items).toEqual([]);
  });

  it('replays dead deliveries of many uploads, a page at each call', async () => {
    for (const name of ['a', 'b', 'c']) {
      await issue(name);
      await kill(name, 'orders');
      await ledger.transition(id(name), 'cancelled');
    }
    const replay = (body?: object) =>
      ask('POST', '/uploads/dead-deliveries/replay', { scope: ADMIN, body });

    expect(await replay({ endpoint: 'audit' })).toMatchObject({
      ...{ statusCode: 202, json: { replayed: 0 } },
    });
    expect((await replay({ to: '2026-11-22T08:00:00Z' })).json).toEqual({ replayed: 0 });
    expect((await replay({ state: 'cancelled' })).json).toEqual({ replayed: 0 });
    const first = await replay({ endpoint: 'orders', state: 'issued', limit: 2 });
    expect(first.json).toEqual({ replayed: 2, cursor: expect.any(String) });
    expect((await replay({ cursor: first.json.cursor })).json).toEqual({ replayed: 1 });
    expect((await replay()).json).toEqual({ replayed: 0 });
  });

  it('lists paused endpoints, and resumes one on request', async () => {
    await issue('a');
    const [claim] = await ledger.claimDeliveries(1, 60, 1);
    if (claim === undefined) throw new Error('There is a delivery.');
    await ledger.pauseEndpoint(claim, { error: 'http_410', dead: false });
    await issue('b');
    const list = async () =>
      (await ask('GET', '/uploads/endpoints', { scope: ADMIN })).json.items.find(
        ({ endpoint }: { endpoint: string }) => endpoint === claim.endpoint,
      );
    const resume = (name: string, body?: object) =>
      ask('POST', `/uploads/endpoints/${name}/resume`, { scope: ADMIN, body });

    expect(await list()).toEqual({
      ...{ endpoint: claim.endpoint, state: 'paused', reason: 'http_410', waiting: 2, dead: 0 },
      pausedAt: expect.stringMatching(/^2026-11-22T08:00:0\d\.000Z$/),
      waitingSince: '2026-11-22T08:00:00.000Z',
    });
    expect((await resume('nobody')).statusCode).toBe(404);
    expect((await resume(claim.endpoint, { now: true })).json.errors).toMatchObject([
      { path: 'now' },
    ]);
    expect(await list()).toMatchObject({ state: 'paused' });
    for (const _time of [1, 2]) {
      expect(await resume(claim.endpoint)).toMatchObject({
        ...{ statusCode: 200, json: { endpoint: claim.endpoint, state: 'active', waiting: 2 } },
      });
    }
    pass(1);
    const claims = await ledger.claimDeliveries(9, 60, 9);
    expect(claims.filter(({ endpoint }) => endpoint === claim.endpoint)).toHaveLength(2);
  });

  it('names every wrong field of a replay of many uploads', async () => {
    const replay = async (body: object) =>
      (await ask('POST', '/uploads/dead-deliveries/replay', { scope: ADMIN, body })).json.errors;

    expect(
      await replay({
        endpoint: '',
        state: 'dead',
        from: '2026-01-01',
        to: 5,
        limit: 1_001,
        all: 1,
      }),
    ).toMatchObject(['endpoint', 'state', 'from', 'to', 'limit', 'all'].map((path) => ({ path })));
    expect(await replay({ from: '1969-12-31T23:59:59Z', cursor: 'x', limit: 0.5 })).toMatchObject([
      { path: 'from', message: 'must be a time that exists, of a year from 1970 to 9999' },
      { path: 'limit' },
    ]);
    expect(await replay({ cursor: 'x' })).toMatchObject([{ path: 'cursor' }]);
  });

  it('names every wrong field of a list of dead deliveries and of a replay of one upload', async () => {
    await issue('a');

    const dead = await ask('GET', '/uploads/dead-deliveries', {
      scope: ADMIN,
      query: { state: 'dead', cursor: 'x' },
    });
    const replay = await ask('POST', `/uploads/${id('a')}/replay`, {
      scope: ADMIN,
      body: { endpoint: '', all: true },
    });

    expect(dead.json.errors).toMatchObject([{ path: 'state' }]);
    expect(replay.json.errors).toMatchObject([{ path: 'endpoint' }, { path: 'all' }]);
  });
});
