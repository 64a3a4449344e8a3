import { describe, expect, it } from 'vitest';
import { ADMIN, id, useUploads } from './uploads-stage.ts';

const { ledger, ask, issue } = useUploads();

describe('/uploads/dead-items', () => {
  const fail = (id: string, kind: 'event' | 'upload' = 'upload') =>
    ledger.countItemFailure(
      { kind, id, subAppId: 1500000001, code: '22003', reason: 'Refused.' },
      1,
    );

  it('lists dead items, latest first, page by page, and replays one on request', async () => {
    await issue('a');
    await fail(id('a'));
    await fail('evt_1', 'event');
    await ledger.countItemFailure(
      { kind: 'event', id: 'evt_2', code: 'x', reason: 'Not dead.' },
      3,
    );
    const list = (query = {}) => ask('GET', '/uploads/dead-items', { scope: ADMIN, query });
    const replay = (body: object) =>
      ask('POST', '/uploads/dead-items/replay', { scope: ADMIN, body });

    const first = await list({ limit: '1' });
    const second = await list({ limit: '1', cursor: first.json.cursor });

    expect(second.json).not.toHaveProperty('cursor');
    const items = [...first.json.items, ...second.json.items];
    expect(items.map((item) => item.id).toSorted()).toEqual([id('a'), 'evt_1'].toSorted());
    for (const item of items) {
      expect(item).toEqual({
        ...{ kind: expect.any(String), id: expect.any(String), subAppId: 1500000001 },
        ...{ attempts: 1, code: '22003', reason: 'Refused.' },
        firstFailedAt: expect.stringMatching(/^2026-11-22T08:00:\d\d\.000Z$/),
        diedAt: expect.stringMatching(/^2026-11-22T08:00:\d\d\.000Z$/),
      });
    }
    expect(await replay({ kind: 'upload', id: id('a') })).toMatchObject({
      statusCode: 202,
      json: { replayed: 1 },
    });
    expect(await replay({ kind: 'upload', id: id('a') })).toMatchObject({ json: { replayed: 0 } });
    // Nothing of it was kept that could be tried.
    expect(await replay({ kind: 'event', id: 'evt_1' })).toMatchObject({ json: { replayed: 0 } });
    expect((await list()).json.items).toMatchObject([{ id: 'evt_1' }]);
    expect(await ledger.claimChecks(10, 60)).toMatchObject([{ uploadId: id('a') }]);
  });

  it('names every wrong field of a list and of a replay', async () => {
    const list = await ask('GET', '/uploads/dead-items', { scope: ADMIN, query: { kind: 'x' } });
    const replay = await ask('POST', '/uploads/dead-items/replay', {
      scope: ADMIN,
      body: { kind: 'film', id: '', all: true },
    });

    expect(list.json.errors).toMatchObject([{ path: 'kind' }]);
    expect(replay.json.errors).toMatchObject([{ path: 'kind' }, { path: 'id' }, { path: 'all' }]);
    const wrong = await ask('POST', `/uploads/${id('a')}/dead-items`, { scope: ADMIN });
    expect(wrong.statusCode).toBe(404);
  });
});
