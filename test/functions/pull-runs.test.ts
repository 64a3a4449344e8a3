import { beforeEach, describe, expect, it } from 'vitest';
import { lazyLedger, type WithLedger } from '../../lib/ledger/lazy-ledger.ts';
import { Problem } from '../../lib/problem.ts';
import { captureLog } from '../support/capture-log.ts';
import type { TestRequest } from '../support/http-events.ts';
import { settingsOf } from '../support/settings.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';
import { NOW, openPull } from './pull-stage.ts';

const SUB_APP_ID = 1_500_000_001;

let time: number;
const database = useLedger({ now: () => time });
const { ledger } = database;
const log = captureLog();

type Asked = TestRequest & { readonly owner?: string; readonly scope?: string };
/** Asks a new instance of the function. */
const ask = async (method: string, path: string, request: Asked = {}, more: object = {}) => {
  const each = database.open();
  const call = openPull({
    environment: {
      AUTH: 'jwt',
      AUTH_JWT_SECRET: TEST_JWT_SECRET,
      VOD_SUB_APP_ID: String(SUB_APP_ID),
    },
    ...{ now: () => time, ledger: lazyLedger(async () => each) },
    ...more,
  });
  const { owner = 'ann', scope = 'upload:pull', ...rest } = request;
  const { authorization } = await bearer(owner, scope, time);
  return call({ ...rest, method, path, headers: { authorization } });
};
const open = async (name = 'library', owner = 'ann') =>
  (await ask('POST', '/pulls/runs', { body: { name }, owner })).json.runId as string;
const media = (id: string) => ({ id, mediaUrl: `https://media.example.com/${id}.mp4?sign=canary` });
const add = (runId: string, items: readonly object[], more: object = {}) =>
  ask('POST', `/pulls/runs/${runId}/items`, { body: { items, ...more } });
const show = async (runId: string) => (await ask('GET', `/pulls/runs/${runId}`)).json;
const step = (runId: string, verb: string) => ask('POST', `/pulls/runs/${runId}/${verb}`);
const uploadOf = async (runId: string, id: string): Promise<string> => {
  const { json } = await ask('GET', `/pulls/runs/${runId}/items`);
  return json.items.find((item: { id: string }) => item.id === id).uploadId;
};

beforeEach(() => {
  time = NOW;
});

describe('POST /pulls/runs', () => {
  it('opens a run, and finds it again by its name', async () => {
    const first = await ask('POST', '/pulls/runs', { body: { name: '영상 1' } });
    time += 1_000;
    const again = await ask('POST', '/pulls/runs', { body: { name: '영상 1' } });

    expect(first).toMatchObject({
      statusCode: 201,
      json: { name: '영상 1', state: 'open', createdAt: '2026-11-22T08:00:00.000Z' },
    });
    expect(again).toMatchObject({ statusCode: 200, json: first.json });
  });

  it.each([
    ['no name', {}, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a long name', { name: 'a'.repeat(201) }, 'name'],
    ['another field', { name: 'a', states: 1 }, 'states'],
  ])('refuses %s', async (_what, body, path) => {
    const { statusCode, json } = await ask('POST', '/pulls/runs', { body });

    expect(statusCode).toBe(400);
    expect(json.errors).toMatchObject([{ path }]);
  });
});

describe('/pulls/runs', () => {
  it('needs the scope of pulls, and a ledger', async () => {
    const other = await ask('GET', '/pulls/runs', { scope: 'upload:read' });
    const without = await ask('GET', '/pulls/runs', {}, { ledger: undefined });

    expect(other).toMatchObject({ statusCode: 403, json: { code: 'insufficient_scope' } });
    expect(without).toMatchObject({ statusCode: 501, json: { code: 'ledger_required' } });
  });

  it('shows a run to its owner alone', async () => {
    const runId = await open();
    const requests = [
      ['GET', ''],
      ['GET', '/items'],
      ['POST', '/items'],
      ['POST', '/retry'],
      ['POST', '/cancel'],
      ['POST', '/undo'],
    ] as const;
    for (const [method, part] of requests) {
      const { statusCode } = await ask(method, `/pulls/runs/${runId}${part}`, {
        owner: 'bob',
        scope: 'upload:pull upload:admin',
        body: method === 'POST' ? { items: [media('a')] } : undefined,
      });
      expect(statusCode, part).toBe(404);
    }
    expect((await ask('GET', '/pulls/runs', { owner: 'bob' })).json).toEqual({ items: [] });
    expect((await ask('GET', '/pulls/runs')).json.items).toMatchObject([{ runId, state: 'open' }]);
  });

  it('answers at the path of the function too, and nowhere else', async () => {
    const runId = await open();
    const get = async (path: string, method = 'GET') => (await ask(method, path)).statusCode;

    expect(await get(`/pull/runs/${runId}`)).toBe(200);
    expect(await get(`/runs/${runId}`)).toBe(200);
    expect(await get(`/pulls/runs/${runId}/other`)).toBe(404);
    expect(await get(`/pulls/runs/${runId}/items/other`)).toBe(404);
    expect(await get('/pulls/runs/no-id')).toBe(404);
    expect(await get(`/pulls/runs/${runId}/undo`)).toBe(405);
    expect(await get('/pull')).toBe(405);
  });
});

describe('POST /pulls/runs/{runId}/items', () => {
  it('queues one pull for each source, however often it is sent', async () => {
    const runId = await open();
    const first = await add(runId, ['a', 'b', 'a'].map(media));
    const grown = await add(runId, ['b', 'c'].map(media));

    expect(first.statusCode).toBe(202);
    const ids = first.json.items.map(({ uploadId }: { uploadId: string }) => uploadId);
    expect(ids[2]).toBe(ids[0]);
    expect(grown.json.items[0]).toEqual({ id: 'b', uploadId: ids[1], state: 'waiting' });
    const claims = await ledger.claimPulls(9, 60);
    expect(claims.map(({ uploadId }) => uploadId)).toEqual([
      ids[0],
      ids[1],
      grown.json.items[1].uploadId,
    ]);
    expect(claims[0]?.request).toMatchObject({ MediaUrl: media('a').mediaUrl, SessionId: ids[0] });
    expect(await show(runId)).toMatchObject({ total: 3, states: { waiting: 3 }, reasons: [] });
    expect(log.text).not.toContain('canary');
  });

  it('keeps why an item is refused, and takes it once it is right', async () => {
    const runId = await open();
    const wrong = { id: 'b', mediaUrl: 'http://localhost/b.mp4' };
    const { json } = await add(runId, [
      media('a'),
      wrong,
      { mediaUrl: 'https://media.example.com/c.mp4' },
      { ...media('d'), idempotencyKey: 'x' },
    ]);

    expect(json.items).toMatchObject([
      { id: 'a', state: 'waiting' },
      { id: 'b', problem: { code: 'invalid_request', errors: [{ path: 'items.1.mediaUrl' }] } },
      { problem: { errors: [{ path: 'items.2.id', message: 'must be given' }] } },
      { id: 'd', problem: { errors: [{ path: 'items.3.idempotencyKey' }] } },
    ]);
    expect(await show(runId)).toMatchObject({
      ...{ total: 3, states: { waiting: 1, refused: 2 } },
      reasons: [{ state: 'refused', reason: 'invalid_request', count: 2 }],
    });

    await add(runId, [media('b')]);
    expect(await show(runId)).toMatchObject({ total: 3, states: { waiting: 2, refused: 1 } });
  });

  it.each([0, 1])(
    'keeps the upload of an item that is sent twice, the wrong one at %i',
    async (at) => {
      const runId = await open();
      const items = [media('a'), media('a')];
      items[at] = { id: 'a', mediaUrl: 'ftp://media.example.com/a.mp4' };

      await add(runId, items);

      expect(await show(runId)).toMatchObject({ total: 1, states: { waiting: 1 } });
      expect(await ledger.claimPulls(9, 60)).toMatchObject([
        { uploadId: await uploadOf(runId, 'a') },
      ]);
    },
  );

  it('keeps within the quotas of the owner', async () => {
    const settings = settingsOf({
      policy: { profiles: { default: { quotas: { openUploads: 2 } } } },
    });
    const runId = await open();
    const items = ['a', 'b', 'c'].map(media);
    const limited = await ask(
      'POST',
      `/pulls/runs/${runId}/items`,
      { body: { items } },
      { settings },
    );

    expect(limited.json.items[2]).toMatchObject({ id: 'c', problem: { code: 'quota_exceeded' } });
    expect(await show(runId)).toMatchObject({ states: { waiting: 2, refused: 1 } });
    await add(runId, items);
    expect(await show(runId)).toMatchObject({ states: { waiting: 3 } });
    expect(await ledger.claimPulls(9, 60)).toHaveLength(3);
  });

  it('queues what an interrupted call has added, but not queued', async () => {
    const runId = await open();
    const runs = await ledger.pullRuns();
    const { id, ...request } = media('a');
    await runs.addItems(runId, [{ id, uploadId: '01M817BHKVC70379HNNTTY6AVN', request }], {
      retry: false,
    });

    await add(runId, [media('a')]);

    expect(await ledger.claimPulls(9, 60)).toMatchObject([
      {
        uploadId: '01M817BHKVC70379HNNTTY6AVN',
        subAppId: SUB_APP_ID,
        request: { SessionId: '01M817BHKVC70379HNNTTY6AVN' },
      },
    ]);
  });

  it('makes one upload of each source in simultaneous requests to several instances', async () => {
    const runId = await open();
    const ids = Array.from({ length: 40 }, (_, i) => `s${i}`);
    await Promise.all([ids, ids.toReversed(), ids].map((each) => add(runId, each.map(media))));

    expect(await show(runId)).toMatchObject({ total: 40, states: { waiting: 40 } });
    expect(await ledger.claimPulls(100, 60)).toHaveLength(40);
  });
});

describe('GET /pulls/runs/{runId}/items', () => {
  it.each([
    ['a state that there is not', 'state', 'ready,gone'],
    ['a character that no text has', 'cursor', '\0'],
  ])('names the parameter with %s', async (_, name, value) => {
    const runId = await open();

    const answer = await ask('GET', `/pulls/runs/${runId}/items`, { query: { [name]: value } });

    expect(answer).toMatchObject({ statusCode: 400, json: { errors: [{ path: name }] } });
  });

  it('lists items by state, in pages, and their requests only if they are asked for', async () => {
    const runId = await open();
    await add(runId, ['a', 'b', 'c'].map(media));
    await ledger.transition(await uploadOf(runId, 'b'), 'pullFailed', {
      problem: { code: 'pull_failed', vodErrCode: 60000 },
    });
    const list = async (query: Record<string, string>) =>
      (await ask('GET', `/pulls/runs/${runId}/items`, { query })).json;

    const first = await list({ limit: '2' });
    const rest = await list({ limit: '2', cursor: first.cursor });
    const failed = await list({ state: 'failed,refused', with: 'request' });

    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(rest.cursor).toBeUndefined();
    expect(JSON.stringify(first)).not.toContain('canary');
    expect(failed.items).toMatchObject([
      {
        id: 'b',
        state: 'failed',
        attempts: 1,
        problem: { code: 'pull_failed' },
        request: { mediaUrl: media('b').mediaUrl },
      },
    ]);
    expect(
      (await ask('GET', `/pulls/runs/${runId}/items`, { query: { state: 'lost' } })).statusCode,
    ).toBe(400);
  });
});

describe('the progress of items', () => {
  it("is VOD's, which is asked about each at most every five seconds", async () => {
    const runId = await open();
    await add(runId, ['a', 'b'].map(media));
    const uploadId = await uploadOf(runId, 'a');
    await ledger.transition(uploadId, 'issued', { taskId: 'task-a' });
    const asked: unknown[] = [];
    const describeTaskDetail = async ({ TaskId }: { TaskId: string }) => {
      asked.push(TaskId);
      return { PullUploadTask: { Progress: 40 + asked.length } };
    };
    const list = async () =>
      (
        await ask(
          'GET',
          `/pulls/runs/${runId}/items`,
          { query: { with: 'progress' } },
          { api: { describeTaskDetail } },
        )
      ).json.items;

    expect(await list()).toMatchObject([{ id: 'a', state: 'fetching', progress: 41 }, { id: 'b' }]);
    time += 4_000;
    expect(await list()).toMatchObject([{ progress: 41 }, { id: 'b' }]);
    time += 2_000;
    expect(
      (await Promise.all([list(), list(), list()])).map(([first]) => first.progress).toSorted(),
    ).toContain(42);
    expect(asked).toEqual(['task-a', 'task-a']);
    time += 6_000;
    const failing = await ask(
      'GET',
      `/pulls/runs/${runId}/items`,
      { query: { with: 'progress' } },
      {
        api: {
          describeTaskDetail: async () => {
            throw new Problem('VOD is busy.', { code: 'upstream_busy' });
          },
        },
      },
    );
    expect(failing.json.items).toMatchObject([{ progress: 42 }, { id: 'b' }]);
  });
});

describe('POST /pulls/runs/{runId}/retry', () => {
  it('makes another attempt of what failed without a file', async () => {
    const runId = await open();
    await add(runId, ['file', 'lost', 'fine'].map(media));
    await ledger.transition(await uploadOf(runId, 'lost'), 'pullFailed', {
      problem: { code: 'pull_failed' },
    });
    await ledger.transition(await uploadOf(runId, 'file'), 'processingFailed', { fileId: 'f' });

    const { statusCode, json } = await step(runId, 'retry');

    expect([statusCode, json]).toEqual([202, { retried: 1, refused: 0 }]);
    expect(await show(runId)).toMatchObject({ total: 3, states: { waiting: 2, failed: 1 } });
    expect((await step(runId, 'retry')).json).toEqual({ retried: 0, refused: 0 });
  });
});

describe('POST /pulls/runs/{runId}/cancel and /undo', () => {
  it('cancel ends what is under way, and the run', async () => {
    const runId = await open();
    await add(runId, ['a', 'b'].map(media));
    await ledger.transition(await uploadOf(runId, 'b'), 'uploaded', { fileId: 'f' });

    const { json } = await step(runId, 'cancel');

    expect(json).toEqual({ cancelled: 1 });
    expect(await show(runId)).toMatchObject({
      state: 'cancelled',
      states: { cancelled: 1, ready: 1 },
    });
    expect(await ledger.claimPulls(9, 60)).toEqual([]);
    expect(await add(runId, [media('c')])).toMatchObject({
      statusCode: 409,
      json: { code: 'upload_finished' },
    });
    expect(await step(runId, 'retry')).toMatchObject({ statusCode: 409 });
  });

  it('cancel ends what a request adds at the same time', async () => {
    const runId = await open();
    const each = database.open();
    const late: WithLedger = (work) =>
      work({
        ...each,
        async enqueuePulls(pulls) {
          await step(runId, 'cancel');
          return each.enqueuePulls(pulls);
        },
      });

    const answer = await ask(
      'POST',
      `/pulls/runs/${runId}/items`,
      { body: { items: [media('a')] } },
      { ledger: late },
    );

    expect(answer).toMatchObject({ statusCode: 409, json: { code: 'upload_finished' } });
    expect(await ledger.claimPulls(9, 60)).toEqual([]);
  });

  it('cancel leaves a file that has arrived and is still processed', async () => {
    const runId = await open();
    await add(runId, ['a', 'b'].map(media));
    const uploadId = await uploadOf(runId, 'b');
    await ledger.transition(uploadId, 'uploadedForProcessing', { fileId: 'f' });
    const before = await ledger.findUpload(uploadId);

    expect((await step(runId, 'cancel')).json).toEqual({ cancelled: 1 });

    expect(await ledger.findUpload(uploadId)).toEqual(before);
    expect(await ledger.listActions(uploadId)).toEqual([]);
  });

  it.each(['cancel', 'undo'])('%s does not end a run if the request is wrong', async (part) => {
    const runId = await open();

    const answer = await ask('POST', `/pulls/runs/${runId}/${part}`, { body: { cursor: 7 } });

    expect(answer).toMatchObject({ statusCode: 400, json: { errors: [{ path: 'cursor' }] } });
    expect(await show(runId)).toMatchObject({ state: 'open' });
  });

  it('undo deletes what the run brought, and nothing else', async () => {
    const single = await ask('POST', '/pull', { body: { mediaUrl: media('a').mediaUrl } });
    await ledger.transition(single.json.uploadId, 'uploaded', { fileId: 'before' });
    const runId = await open();
    await add(runId, ['a', 'b', 'c'].map(media));
    await ledger.transition(await uploadOf(runId, 'a'), 'uploaded', { fileId: 'brought' });
    await ledger.transition(await uploadOf(runId, 'c'), 'processingFailed', { fileId: 'failed' });

    const { json } = await step(runId, 'undo');

    expect(json).toEqual({ cancelled: 1, deleted: 2 });
    expect(
      (await ledger.claimActions(9, 60)).map(({ fileId, kind }) => [fileId, kind]).sort(),
    ).toEqual([
      ['brought', 'delete'],
      ['failed', 'delete'],
    ]);
    expect(await show(runId)).toMatchObject({ state: 'undone' });
    expect((await ledger.findUpload(single.json.uploadId))?.state).toBe('ready');
  });

  it('cancel an item whose call was interrupted before it was queued', async () => {
    const runId = await open();
    const runs = await ledger.pullRuns();
    await runs.addItems(runId, [{ id: 'a', uploadId: 'u1', request: {} }], { retry: false });

    expect((await step(runId, 'cancel')).json).toEqual({ cancelled: 1 });
    expect(await show(runId)).toMatchObject({ states: { refused: 1 } });
  });
});
