import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUploadsRoute } from '../../functions/uploads.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { deriveUploadId } from '../../lib/model/upload-id.ts';
import { captureLog } from '../support/capture-log.ts';
import { askRoute, EVENT_SHAPES, SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { openTunnel, type Tunnel } from '../support/tunnel.ts';
import { eventOf, useLedger } from '../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
const READ = 'upload:read upload:cancel';
const ADMIN = `${READ} upload:admin`;
const TARGETS = [
  { id: 'orders', events: ['*'] },
  { id: 'audit', events: ['vod.*'] },
];

const database = useLedger({ now: () => time, targets: TARGETS });
const log = captureLog();
let tunnel: Tunnel;
let ledger: Ledger;
let time: number;

beforeEach(async () => {
  time = NOW;
  tunnel = await openTunnel(database.url);
  ledger = database.open({ url: tunnel.url });
});
afterEach(() => tunnel.cut());

/** The id of one of the test's uploads; all are of the form that callers are given. */
const id = (name: string) => deriveUploadId('test', name);

async function issue(name: string, owner = 'ann', method: 'client' | 'pull' = 'client') {
  const saved = await ledger.issueUpload({ uploadId: id(name), method, owner });
  time += 1_000;
  return saved;
}

/** The function with the ledger, or without, as `ann` unless a test says otherwise. */
function load(
  toEvent = EVENT_SHAPES[0]?.toEvent,
  { hasLedger = true, environment = { AUTH_JWT_SECRET: TEST_JWT_SECRET } as object } = {},
) {
  const route = createUploadsRoute({
    settings: NO_SETTINGS,
    config: readUploadsConfig({ ...environment }),
    now: () => time,
    ledger: hasLedger ? lazyLedger(async () => ledger) : undefined,
  });
  const asked = askRoute('uploads', route, toEvent);
  return async (
    method: string,
    path: string,
    {
      owner = 'ann',
      scope = READ,
      ...request
    }: TestRequest & { owner?: string; scope?: string } = {},
  ) => {
    const { authorization } = await bearer(owner, scope, time);
    const headers = { authorization, ...request.headers };
    return asked({ ...request, method, path, headers }, SCF_CONTEXT);
  };
}

describe.each(EVENT_SHAPES)('GET /uploads/{uploadId} behind a $name', ({ toEvent }) => {
  it('shows all that is known, with times as ISO 8601', async () => {
    await ledger.issueUpload({
      uploadId: id('a'),
      method: 'client',
      owner: 'ann',
      fields: {
        classId: 7,
        sourceContext: 'mine',
        limits: { maxBytes: 5 },
        mediaExpireTime: NOW + 86_400_000,
        expiresAt: NOW + 3_600_000,
      },
    });

    const { statusCode, headers, json } = await load(toEvent)('GET', `/uploads/${id('a')}`);

    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'Cache-Control': 'no-store', ETag: expect.any(String) });
    expect(json).toEqual({
      uploadId: id('a'),
      method: 'client',
      state: 'issued',
      owner: 'ann',
      classId: 7,
      sourceContext: 'mine',
      limits: { maxBytes: 5 },
      mediaExpireTime: '2026-11-23T08:00:00Z',
      createdAt: '2026-11-22T08:00:00.000Z',
      updatedAt: '2026-11-22T08:00:00.000Z',
      expiresAt: '2026-11-22T09:00:00Z',
    });
  });

  it.each(['/uploads/', '/', '/release/uploads/', '//uploads//'])(
    'finds it below %s',
    async (root) => {
      await issue('a');

      expect((await load(toEvent)('GET', `${root}${id('a')}`)).statusCode).toBe(200);
      expect((await load(toEvent)('GET', `${root}${id('a')}/`)).statusCode).toBe(200);
    },
  );

  it('answers 304 without a body to anyone who has it, until it changes', async () => {
    await issue('a');
    const ask = load(toEvent);
    const path = `/uploads/${id('a')}`;
    const tag = (await ask('GET', path)).headers['ETag'] ?? '';
    const statusFor = async (condition: string) =>
      (await ask('GET', path, { headers: { 'if-none-match': condition } })).statusCode;

    expect(tag).toMatch(/^"[\w-]+"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, `"other",W/${tag} , "more"`, '*']) {
      expect(await statusFor(known), known).toBe(304);
    }
    for (const other of ['"other"', 'W/"other"', tag.slice(1, -1), '']) {
      expect(await statusFor(other), other).toBe(200);
    }
    const unchanged = await ask('GET', path, { headers: { 'if-none-match': tag } });
    expect(unchanged).toMatchObject({ body: '', headers: { ETag: tag } });
    expect(unchanged.headers).not.toHaveProperty('Content-Type');

    await ledger.transition(id('a'), 'uploadedForProcessing');
    expect(await statusFor(tag)).toBe(200);
  });
});

describe('who may see what', () => {
  it('hides what is another’s, or nobody’s, as if it were not there', async () => {
    await issue('a', 'bob');
    await ledger.recordEvent(
      eventOf([{ key: { fileId: 'file-1' }, fact: 'uploaded', method: 'console' }]),
    );
    const nobodys = (await ledger.listUploads({ method: 'console', limit: 1 })).items[0]?.uploadId;
    const ask = load();

    const absent = await ask('GET', `/uploads/${id('absent')}`);
    expect(absent).toMatchObject({ statusCode: 404, json: { code: 'not_found' } });
    for (const uploadId of [id('a'), nobodys]) {
      for (const [method, path] of [
        ['GET', `/uploads/${uploadId}`],
        ['GET', `/uploads/${uploadId}/events`],
        ['DELETE', `/uploads/${uploadId}`],
      ] as const) {
        const answer = await ask(method, path);
        expect({ ...answer.json, requestId: '' }, path).toEqual({ ...absent.json, requestId: '' });
      }
    }
    for (const uploadId of [id('a'), nobodys]) {
      const path = `/uploads/${uploadId}`;
      expect((await ask('GET', path, { scope: ADMIN })).statusCode).toBe(200);
    }
    expect((await ledger.findUpload(id('a')))?.state).toBe('issued');
  });

  it.each([
    ['GET', '/uploads', 'upload:cancel', 'upload:read'],
    ['GET', `/uploads/${id('a')}`, 'upload:cancel', 'upload:read'],
    ['GET', `/uploads/${id('a')}/events`, 'upload:cancel', 'upload:read'],
    ['DELETE', `/uploads/${id('a')}`, 'upload:read', 'upload:cancel'],
    ['POST', `/uploads/${id('a')}/replay`, READ, 'upload:admin'],
    ['GET', '/uploads/dead-deliveries', READ, 'upload:admin'],
    ['GET', '/uploads/dead-items', READ, 'upload:admin'],
    ['POST', '/uploads/dead-items/replay', READ, 'upload:admin'],
    ['POST', '/uploads/dead-deliveries/replay', READ, 'upload:admin'],
    ['GET', '/uploads/endpoints', READ, 'upload:admin'],
    ['POST', '/uploads/endpoints/orders/resume', READ, 'upload:admin'],
  ])('refuses %s %s to %s', async (method, path, scope, needed) => {
    await issue('a');

    const { statusCode, headers } = await load()(method, path, { scope });

    expect(statusCode).toBe(403);
    expect(headers['WWW-Authenticate']).toContain(needed);
    expect((await ledger.findUpload(id('a')))?.state).toBe('issued');
  });

  it('lets nobody without a token in, and with AUTH=none everybody, but not as administrator', async () => {
    await issue('a', 'anybody');
    await issue('b', 'ann');
    const closed = load();
    const open = load(undefined, { environment: { AUTH: 'none' } });

    expect((await closed('GET', '/uploads', { headers: { authorization: '' } })).statusCode).toBe(
      401,
    );
    const { json } = await open('GET', '/uploads');
    expect(json.items.map(({ uploadId }: { uploadId: string }) => uploadId)).toEqual([id('a')]);
    expect((await open('DELETE', `/uploads/${id('a')}`)).statusCode).toBe(200);
    expect((await open('GET', `/uploads/${id('b')}`)).statusCode).toBe(404);
    expect((await open('GET', '/uploads/dead-deliveries')).statusCode).toBe(403);
    expect((await open('GET', '/uploads', { query: { owner: 'ann' } })).statusCode).toBe(403);
  });
});

describe('GET /uploads', () => {
  const idsOf = (json: { items: { uploadId: string }[] }) =>
    json.items.map((item) => item.uploadId);

  it('lists the caller’s own, newest first, page by page', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await issue(name);
    await issue('x', 'bob');
    const ask = load();

    const first = await ask('GET', '/uploads', { query: { limit: '2' } });
    const query = { limit: '3', cursor: first.json.cursor };
    await issue('later');
    const second = await ask('GET', '/', { query });

    expect(idsOf(first.json)).toEqual([id('e'), id('d')]);
    expect(idsOf(second.json)).toEqual([id('c'), id('b'), id('a')]);
    expect(second.json).not.toHaveProperty('cursor');
    expect((await ask('GET', '/uploads')).json.items).toHaveLength(6);
  });

  it('has 20 on a page unless asked for more', async () => {
    for (let i = 0; i < 21; i += 1) await issue(`u${i}`);
    const ask = load();

    expect((await ask('GET', '/uploads')).json.items).toHaveLength(20);
    expect((await ask('GET', '/uploads', { query: { limit: '100' } })).json.items).toHaveLength(21);
  });

  it('chooses by state and method', async () => {
    await issue('a');
    await issue('b');
    await issue('c', 'ann', 'pull');
    await ledger.transition(id('b'), 'cancelled');
    const list = async (query: Record<string, string>) =>
      idsOf((await load()('GET', '/uploads', { query })).json);

    expect(await list({ state: 'issued' })).toEqual([id('c'), id('a')]);
    expect(await list({ state: 'issued', method: 'client' })).toEqual([id('a')]);
    expect(await list({ method: 'live' })).toEqual([]);
  });

  it('answers administrators of all owners, or of one; others of none but themselves', async () => {
    await issue('a');
    await issue('b', 'bob');
    const list = (query: Record<string, string>, scope: string) =>
      load()('GET', '/uploads', { query, scope });

    expect(idsOf((await list({}, ADMIN)).json)).toEqual([id('b'), id('a')]);
    expect(idsOf((await list({ owner: 'bob' }, ADMIN)).json)).toEqual([id('b')]);
    expect(idsOf((await list({ owner: 'ann' }, READ)).json)).toEqual([id('a')]);
    expect(await list({ owner: 'bob' }, READ)).toMatchObject({
      statusCode: 403,
      json: { code: 'insufficient_scope' },
    });
  });

  it('answers 304 while the page is the same', async () => {
    await issue('a');
    const ask = load();
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
  ])('names what is wrong with %j', async (query, paths) => {
    const { statusCode, json } = await load()('GET', '/uploads', { query, scope: ADMIN });

    expect(statusCode).toBe(400);
    expect(json.code).toBe('invalid_request');
    expect(json.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
    expect(JSON.stringify(json)).not.toContain('canary');
  });
});

describe('DELETE /uploads/{uploadId}', () => {
  it('cancels an unfinished upload, once', async () => {
    await issue('a');
    const ask = load();

    const first = await ask('DELETE', `/uploads/${id('a')}`);
    time += 60_000;
    const again = await ask('DELETE', `/uploads/${id('a')}`);

    expect(first).toMatchObject({ statusCode: 200, json: { state: 'cancelled' } });
    expect(again).toMatchObject({ statusCode: 200, body: first.body });
  });

  it('takes a queued pull out of the queue', async () => {
    await ledger.enqueuePulls([{ uploadId: id('a'), owner: 'ann', request: {} }]);

    expect((await load()('DELETE', `/uploads/${id('a')}`)).statusCode).toBe(200);
    expect(await ledger.claimPulls(1, 60)).toEqual([]);
  });

  it.each([
    ['ready', 'uploaded'],
    ['failed', 'pullFailed'],
    ['expired', 'expired'],
    ['rejected', 'rejected'],
  ] as const)('leaves one that is %s as it is', async (state, fact) => {
    await issue('a');
    const before = await ledger.transition(id('a'), fact);
    time += 60_000;

    const { statusCode, json } = await load()('DELETE', `/uploads/${id('a')}`);

    expect(statusCode).toBe(409);
    expect(json).toMatchObject({ code: 'upload_finished', detail: expect.stringContaining(state) });
    expect(await ledger.findUpload(id('a'))).toEqual(before);
  });
});

describe('what became of it', () => {
  const announced = (name: string, state: string) => `evt_${id(name)}_${state}`;

  async function kill(name: string, endpoint: string) {
    const claims = await ledger.claimDeliveries(100, 60, 100);
    for (const claim of claims) {
      if (claim.eventId === announced(name, 'issued') && claim.endpoint === endpoint) {
        await ledger.failDelivery(claim, { error: 'status 410', dead: true });
      } else {
        await ledger.failDelivery(claim, { error: 'status 500', nextAttemptAt: time });
      }
    }
  }

  it('tells events, oldest first, with who was told and how often that was tried', async () => {
    await issue('a');
    await kill('a', 'orders');
    await ledger.transition(id('a'), 'cancelled', { fileId: 'file-1' });

    const { statusCode, headers, json } = await load()('GET', `/uploads/${id('a')}/events`);

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

  it('lists what was given up, and delivers it again on request', async () => {
    await issue('a');
    await issue('b');
    await kill('a', 'orders');
    await kill('b', 'orders');
    const ask = load();
    const list = (query = {}) => ask('GET', '/uploads/dead-deliveries', { scope: ADMIN, query });
    const replay = (name: string, body?: object) =>
      ask('POST', `/uploads/${id(name)}/replay`, { scope: ADMIN, ...(body && { body }) });

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

  it('delivers many again, some at each call', async () => {
    for (const name of ['a', 'b', 'c']) {
      await issue(name);
      await kill(name, 'orders');
      await ledger.transition(id(name), 'cancelled');
    }
    const ask = load();
    const replay = (body?: object) =>
      ask('POST', '/uploads/dead-deliveries/replay', { scope: ADMIN, ...(body && { body }) });

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

  it('tells who is paused, and resumes it on request', async () => {
    await issue('a');
    const [claim] = await ledger.claimDeliveries(1, 60, 1);
    if (claim === undefined) throw new Error('There is a delivery.');
    await ledger.pauseEndpoint(claim, { error: 'http_410', dead: false });
    await issue('b');
    const ask = load();
    const list = async () =>
      (await ask('GET', '/uploads/endpoints', { scope: ADMIN })).json.items.find(
        ({ endpoint }: { endpoint: string }) => endpoint === claim.endpoint,
      );
    const resume = (name: string, body?: object) =>
      ask('POST', `/uploads/endpoints/${name}/resume`, { scope: ADMIN, ...(body && { body }) });

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
    time += 1;
    const claims = await ledger.claimDeliveries(9, 60, 9);
    expect(claims.filter(({ endpoint }) => endpoint === claim.endpoint)).toHaveLength(2);
  });

  it('names what is wrong with a request for many', async () => {
    const ask = load();
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

  it('names what is wrong with a request for either', async () => {
    await issue('a');
    const ask = load();

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

describe('/uploads/dead-items', () => {
  const fail = (id: string, kind: 'event' | 'upload' = 'upload') =>
    ledger.countItemFailure(
      { kind, id, subAppId: 1500000001, code: '22003', reason: 'Refused.' },
      1,
    );

  it('lists what was set aside, latest first, page by page, and has one tried again', async () => {
    await issue('a');
    await fail(id('a'));
    await fail('evt_1', 'event');
    await ledger.countItemFailure(
      { kind: 'event', id: 'evt_2', code: 'x', reason: 'Not dead.' },
      3,
    );
    const ask = load();
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

  it('names what is wrong with a request for either', async () => {
    const ask = load();
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

describe('a cursor that no page has given', () => {
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

  it.each(lists)('is a 400 of GET %s', async (path) => {
    await issue('a');
    const ask = load();
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

describe.each(EVENT_SHAPES)('HEAD behind a $name', ({ toEvent }) => {
  it.each(['/uploads', `/uploads/${id('a')}`, `/uploads/${id('a')}/events`])(
    'has the status and the headers of GET %s, and no body',
    async (path) => {
      await issue('a');
      const ask = load(toEvent);
      const [head, get] = [await ask('HEAD', path), await ask('GET', path)];

      expect([head.statusCode, head.body]).toEqual([200, '']);
      expect(head.headers).toEqual(get.headers);
      const known = { headers: { 'if-none-match': String(get.headers['ETag']) } };
      expect((await ask('HEAD', path, known)).statusCode).toBe(304);
    },
  );

  it('has no body either where there is no such upload', async () => {
    const { statusCode, body } = await load(toEvent)('HEAD', `/uploads/${id('b')}`);
    expect([statusCode, body]).toEqual([404, '']);
  });
});

describe('an id that is none', () => {
  it.each([
    'not-an-id',
    'constructor',
    'undefined',
    '{uploadId}',
    '5285890674567950183',
    id('a').toLowerCase(),
    'x'.repeat(5_000),
  ])('is told from one that there is not: %s', async (text) => {
    await issue('a');
    const { statusCode, json } = await load()('GET', `/uploads/${text}`);

    expect([statusCode, json.code]).toEqual([404, 'not_found']);
    expect(json.detail).toContain('an uploadId has 26 digits and capital letters');
  });
});

describe('what cannot be answered', () => {
  it.each([
    ['POST', '/uploads', 'GET, HEAD, OPTIONS'],
    ['POST', `/uploads/${id('a')}`, 'GET, HEAD, DELETE, OPTIONS'],
    ['DELETE', '/uploads/dead-deliveries', 'GET, HEAD, OPTIONS'],
    ['GET', '/uploads/dead-deliveries/replay', 'POST, OPTIONS'],
    ['POST', '/uploads/endpoints', 'GET, HEAD, OPTIONS'],
    ['GET', '/uploads/endpoints/orders/resume', 'POST, OPTIONS'],
    ['DELETE', `/uploads/${id('a')}/events`, 'GET, HEAD, OPTIONS'],
    ['GET', `/uploads/${id('a')}/replay`, 'POST, OPTIONS'],
    ['HEAD', `/uploads/${id('a')}/replay`, 'POST, OPTIONS'],
  ])('refuses %s %s, and says what is allowed', async (method, path, allow) => {
    const { statusCode, headers } = await load()(method, path, { scope: ADMIN });

    expect(statusCode).toBe(405);
    expect(headers['Allow']).toBe(allow);
  });

  it.each([
    `/uploads/${id('a')}/parts`,
    `/uploads/${id('a')}/events/1`,
    '/uploads/dead-deliveries/events',
    '/uploads/dead-deliveries/replay/1',
    '/uploads/endpoints/orders',
    '/uploads/endpoints/orders/pause',
    '/uploads/endpoints/orders/resume/1',
  ])('knows nothing at %s', async (path) => {
    expect(await load()('GET', path)).toMatchObject({
      ...{ statusCode: 404, json: { code: 'not_found' } },
    });
  });

  it('says what to configure where there is no database', async () => {
    const ask = load(undefined, { hasLedger: false });

    expect(await ask('GET', '/uploads')).toMatchObject({
      statusCode: 501,
      json: { code: 'ledger_required', detail: expect.stringContaining('DATABASE_URL') },
    });
    expect((await ask('GET', '/uploads', { scope: '' })).statusCode).toBe(403);
  });

  it('says that the database is away, and nothing of where it is', async () => {
    await issue('a');
    await tunnel.cut();

    const { statusCode, headers, body } = await load()('GET', `/uploads/${id('a')}`);

    expect(statusCode).toBe(503);
    expect(headers['Retry-After']).toMatch(/^\d+$/);
    expect(JSON.parse(body).code).toBe('ledger_unavailable');
    expect(log.line).toMatchObject({
      level: 'warn',
      code: 'ledger_unavailable',
      databaseCode: expect.stringMatching(/^[A-Z_]+$/),
      uploadId: id('a'),
    });
    expect(body + log.text).not.toContain(new URL(tunnel.url).host);
  });
});
