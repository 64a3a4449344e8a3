import { describe, expect, it } from 'vitest';
import { ADMIN, id, READ, useUploads } from './uploads-stage.ts';

const { ledger, ask, issue } = useUploads();

describe('GET /uploads', () => {
  const idsOf = (json: { items: { uploadId: string }[] }) =>
    json.items.map((item) => item.uploadId);

  it('lists the uploads of the caller, newest first, page by page', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await issue(name);
    await issue('x', 'bob');

    const first = await ask('GET', '/uploads', { query: { limit: '2' } });
    const query = { limit: '3', cursor: first.json.cursor };
    await issue('later');
    const second = await ask('GET', '/', { query });

    expect(idsOf(first.json)).toEqual([id('e'), id('d')]);
    expect(idsOf(second.json)).toEqual([id('c'), id('b'), id('a')]);
    expect(second.json).not.toHaveProperty('cursor');
    expect((await ask('GET', '/uploads')).json.items).toHaveLength(6);
  });

  it('has 20 uploads on a page by default, and up to 100 on request', async () => {
    for (let i = 0; i < 21; i += 1) await issue(`u${i}`);

    expect((await ask('GET', '/uploads')).json.items).toHaveLength(20);
    expect((await ask('GET', '/uploads', { query: { limit: '100' } })).json.items).toHaveLength(21);
  });

  it('filters by state and method', async () => {
    await issue('a');
    await issue('b');
    await issue('c', 'ann', 'pull');
    await ledger.transition(id('b'), 'cancelled');
    const list = async (query: Record<string, string>) =>
      idsOf((await ask('GET', '/uploads', { query })).json);

    expect(await list({ state: 'issued' })).toEqual([id('c'), id('a')]);
    expect(await list({ state: 'issued', method: 'client' })).toEqual([id('a')]);
    expect(await list({ method: 'live' })).toEqual([]);
  });

  it('lists all owners or a chosen one to administrators, and only their own uploads to others', async () => {
    await issue('a');
    await issue('b', 'bob');
    const list = (query: Record<string, string>, scope: string) =>
      ask('GET', '/uploads', { query, scope });

    expect(idsOf((await list({}, ADMIN)).json)).toEqual([id('b'), id('a')]);
    expect(idsOf((await list({ owner: 'bob' }, ADMIN)).json)).toEqual([id('b')]);
    expect(idsOf((await list({ owner: 'ann' }, READ)).json)).toEqual([id('a')]);
    expect(await list({ owner: 'bob' }, READ)).toMatchObject({
      statusCode: 403,
      json: { code: 'insufficient_scope' },
    });
  });

  it('answers 304 while the page is unchanged', async () => {
    await issue('a');
    const headers = { 'if-none-match': (await ask('GET', '/uploads')).headers['ETag'] ?? '' };

    expect((await ask('GET', '/uploads', { headers })).statusCode).toBe(304);
    await issue('b');
    expect((await ask('GET', '/uploads', { headers })).statusCode).toBe(200);
  });

  it.each([
    [{ limit: '0' }, ['limit']],
    [{ limit: '101' }, ['limit']],
    [{ limit: '1e1' }, ['limit']],
    [{ limit: '' }, ['limit']],
    [{ state: 'done', method: 'fax' }, ['state', 'method']],
    [{ owner: 'a\0' }, ['owner']],
    [{ cursor: 'canary' }, ['cursor']],
    [{ uploadId: 'x', page: '2' }, ['uploadId', 'page']],
  ])('refuses the query %j and names every wrong parameter', async (query, paths) => {
    const { statusCode, json } = await ask('GET', '/uploads', { query, scope: ADMIN });

    expect(statusCode).toBe(400);
    expect(json.code).toBe('invalid_request');
    expect(json.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
    expect(JSON.stringify(json)).not.toContain('canary');
  });
});

describe('a forged cursor', () => {
  const lists = ['/uploads', '/uploads/dead-deliveries', '/uploads/dead-items'];
  const cursors = [
    [8.64e15, 'x'],
    [8.64e15, 'x', 'y'],
    [-1, 'x', 'y'],
    [253402300800000, 'x'],
    [1, 'x\0', 'y'],
    ['1', 'x', 'y'],
    [1, 2, 3],
    [null, null, null],
  ];

  it.each(lists)('is refused with 400 by GET %s', async (path) => {
    await issue('a');
    for (const parts of cursors) {
      const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
      const { statusCode, json } = await ask('GET', path, { scope: ADMIN, query: { cursor } });
      expect({ statusCode, errors: json.errors }).toEqual({
        statusCode: 400,
        errors: [{ path: 'cursor', message: expect.any(String) }],
      });
    }
  });
});
