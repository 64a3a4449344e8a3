import { beforeEach, describe, expect, it } from 'vitest';
import { lazyLedger, type WithLedger } from '../../lib/ledger/lazy-ledger.ts';
import { writeCursor } from '../../lib/ledger/page.ts';
import type { PruningLedger } from '../../lib/ledger/retention/pruning.ts';
import { Problem } from '../../lib/problem.ts';
import { captureLog } from '../support/capture-log.ts';
import type { TestRequest } from '../support/http-events.ts';
import { pruneAll } from '../support/prune-all.ts';
import { settingsOf } from '../support/settings.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';
import { NOW, openPull } from './pull-stage.ts';

const SUB_APP_ID = 1_500_000_001;

let time: number;
const database = useLedger({ clock: { now: () => time } });
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
    ...{ clock: { now: () => time }, ledger: lazyLedger(async () => each) },
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
const within = (openUploads: number) => ({
  settings: settingsOf({ policy: { profiles: { default: { quotas: { openUploads } } } } }),
});
const WITHIN_QUOTA = within(9);
/** The same with a quota of open uploads. */
const addWithin = (openUploads: number, runId: string, items: readonly object[]) =>
  ask('POST', `/pulls/runs/${runId}/items`, { body: { items } }, within(openUploads));
/** Adds items, while `happen` happens just before they are queued; the call may then be killed. */
const addWhile = (
  happen: () => Promise<unknown>,
  runId: string,
  items: readonly object[],
  { isKilled = false, ...more }: { readonly isKilled?: boolean } = {},
) => {
  const each = database.open();
  const late =
    <Asked extends readonly unknown[], Result>(queue: (...asked: Asked) => Promise<Result>) =>
    async (...asked: Asked) => {
      await happen();
      const queued = await queue(...asked);
      if (isKilled) throw new Error('It was killed.');
      return queued;
    };
  const [enqueuePulls, issueWithin] = [late(each.enqueuePulls), late(each.issueWithin)];
  const slow: WithLedger = (work) => work({ ...each, enqueuePulls, issueWithin });
  return ask('POST', `/pulls/runs/${runId}/items`, { body: { items } }, { ledger: slow, ...more });
};
/** Adds an item as a call does that ends before it queues anything. */
const interrupt = async (runId: string, name: string) => {
  const { id, ...request } = media(name);
  const wanted = [{ id, uploadId: '01M817BHKVC70379HNNTTY6AVN', request }];
  await (await ledger.pullRuns()).addItems(runId, wanted, { retry: false });
};
const requestsOf = async (runId: string) =>
  (await ask('GET', `/pulls/runs/${runId}/items`, { query: { with: 'request' } })).json.items.map(
    ({ request }: { request: object }) => request,
  );
const show = async (runId: string) => (await ask('GET', `/pulls/runs/${runId}`)).json;
const step = (runId: string, verb: string) => ask('POST', `/pulls/runs/${runId}/${verb}`);
/** Returns what prunes, except that no upload is removed that was pruned. */
const spareRemoval = (pruning: PruningLedger): PruningLedger => ({
  ...pruning,
  prune: async (name, ...others) => (name === 'prunedUploads' ? 0 : pruning.prune(name, ...others)),
});
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
      ['POST', '/pause'],
      ['POST', '/resume'],
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

  it.each([[['first', 'second']], [['ftp', 'first', 'second']]])(
    'pulls and stores the first valid one of several with one id: %j',
    async (names) => {
      const runId = await open();
      const urlOf = (name: string) =>
        name === 'ftp' ? 'ftp://media.example.com/a' : `https://media.example.com/${name}.mp4`;
      const items = names.map((name) => ({ id: 'a', mediaUrl: urlOf(name) }));

      const sent = await add(runId, items);
      const later = await add(runId, [{ id: 'a', mediaUrl: urlOf('later') }]);

      const [known] = later.json.items;
      expect(sent.json.items.slice(-2)).toEqual([known, known]);
      expect(known).toMatchObject({ id: 'a', state: 'waiting' });
      expect(await ledger.claimPulls(9, 60)).toMatchObject([
        { uploadId: known.uploadId, request: { MediaUrl: urlOf('first') } },
      ]);
      expect(await requestsOf(runId)).toEqual([{ mediaUrl: urlOf('first') }]);
    },
  );

  it('pulls what it stores if an item that was never queued is sent again in another form', async () => {
    const runId = await open();
    await interrupt(runId, 'a');
    const other = { id: 'a', mediaUrl: 'https://media.example.com/other.mp4' };

    await add(runId, [other]);

    expect(await ledger.claimPulls(9, 60)).toMatchObject([
      { request: { MediaUrl: other.mediaUrl } },
    ]);
    expect(await requestsOf(runId)).toEqual([{ mediaUrl: other.mediaUrl }]);
  });

  it('gives a quota as the reason for each of several with one id', async () => {
    const runId = await open();
    const items = ['a', 'b', 'b'].map(media);

    const { json } = await addWithin(1, runId, items);

    expect(json.items).toMatchObject([
      { id: 'a', state: 'waiting' },
      { id: 'b', problem: { code: 'quota_exceeded' } },
      { id: 'b', problem: { code: 'quota_exceeded' } },
    ]);
    expect(await show(runId)).toMatchObject({ total: 2, states: { waiting: 1, refused: 1 } });
  });

  it('gives a quota as the reason of an item that is also sent with a mistake', async () => {
    const runId = await open();
    const wrong = { id: 'b', mediaUrl: 'ftp://media.example.com/b.mp4' };

    await addWithin(1, runId, [media('a'), wrong, media('b')]);

    expect((await show(runId)).reasons).toEqual([
      { state: 'refused', reason: 'quota_exceeded', count: 1 },
    ]);
    expect((await step(runId, 'retry')).json).toEqual({ retried: 1, refused: 0 });
  });

  it('takes an item as refused if a quota has no room when it is sent again', async () => {
    const runId = await open();
    await interrupt(runId, 'a');
    await add(runId, [media('b')]);

    const { json } = await addWithin(1, runId, [media('a')]);
    const refused = await show(runId);
    const retried = await step(runId, 'retry');

    expect(json.items).toMatchObject([{ id: 'a', problem: { code: 'quota_exceeded' } }]);
    expect(refused).toMatchObject({
      states: { waiting: 1, refused: 1 },
      reasons: [{ state: 'refused', reason: 'quota_exceeded', count: 1 }],
    });
    expect(retried.json).toEqual({ retried: 1, refused: 0 });
    expect(await ledger.claimPulls(9, 60)).toHaveLength(2);
  });

  it('pulls an item once that a quota refuses one request for it, and not another one', async () => {
    const runId = await open();
    await interrupt(runId, 'a');
    await add(runId, [media('b')]);

    const refuse = () => addWithin(1, runId, [media('a')]);
    const { json } = await addWhile(refuse, runId, [media('a')]);
    const shown = await show(runId);
    const again = await add(runId, [media('a')]);

    expect(json.items).toMatchObject([{ id: 'a', state: 'waiting' }]);
    expect(shown).toMatchObject({ states: { waiting: 2 }, reasons: [] });
    expect(again.json).toEqual(json);
    expect(await ledger.claimPulls(9, 60)).toHaveLength(2);
  });

  it('pulls each item once, however many simultaneous requests a quota refuses in part', async () => {
    const runId = await open();
    const ids = Array.from({ length: 12 }, (_, i) => `s${i}`);
    const orders = [ids, ids.toReversed(), [...ids.slice(6), ...ids.slice(0, 6)], ids];

    for (const room of [3, 6, 9]) {
      await Promise.all(orders.map((each) => addWithin(room, runId, each.map(media))));
      expect(await show(runId)).toMatchObject({ states: { waiting: room, refused: 12 - room } });
    }
    await Promise.all(orders.map((each) => add(runId, each.map(media))));

    const claims = await ledger.claimPulls(99, 60);
    const { json } = await ask('GET', `/pulls/runs/${runId}/items`);
    expect(claims.map(({ uploadId }) => uploadId).sort()).toEqual(
      json.items.map(({ uploadId }: { uploadId: string }) => uploadId).sort(),
    );
    expect(await show(runId)).toMatchObject({ total: 12, states: { waiting: 12 }, reasons: [] });
  });

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
    await interrupt(runId, 'a');

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

describe('the requests of many items', () => {
  const longUrl = (id: string) => `https://media.example.com/${id}.mp4?${'x'.repeat(7_900)}`;
  const manyOf = (from: number, more: object = {}) =>
    Array.from({ length: 15 }, (_, i) => {
      const id = `s${String(from + i).padStart(4, '0')}`;
      return { id, mediaUrl: longUrl(id), coverUrl: longUrl(id), ...more };
    });

  it('are listed in pages that the platform accepts', async () => {
    const runId = await open();
    for (let from = 0; from < 450; from += 15) await add(runId, manyOf(from));
    const found: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: '1000', with: 'request', ...(cursor === undefined ? {} : { cursor }) };
      const { json, body } = await ask('GET', `/pulls/runs/${runId}/items`, { query });
      found.push(...json.items.map(({ id }: { id: string }) => id));
      sizes.push(Buffer.byteLength(body));
      cursor = json.cursor;
    } while (cursor !== undefined);

    expect(found).toHaveLength(450);
    expect(found).toEqual([...new Set(found)].toSorted());
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024);
  });

  it.each([
    ['deeply nested', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['nested in few bytes', '['.repeat(3_900) + ']'.repeat(3_900)],
    ['nested in an object', `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`],
    ['a number that is none', '1e999'],
  ])('are kept if a value is %s', async (_, value) => {
    const runId = await open();
    const wrong = `{"id":"a","mediaUrl":${value}},{"id":"b","limits":{"maxBytes":${value}}}`;
    const body = `{"items":[${wrong},${JSON.stringify(media('c'))}]}`;

    const answer = await ask('POST', `/pulls/runs/${runId}/items`, { body });

    expect(answer.json.items).toMatchObject([
      { problem: { code: 'invalid_request' } },
      { problem: { code: 'invalid_request' } },
      { state: 'waiting' },
    ]);
    expect(await show(runId)).toMatchObject({ states: { refused: 2, waiting: 1 } });
    expect((await step(runId, 'retry')).json).toEqual({ retried: 0, refused: 2 });
  });

  it('are kept without what no pull can have, and stay refused', async () => {
    const runId = await open();
    const fine = media('a').mediaUrl;
    await add(runId, [
      { id: 'long', mediaUrl: fine, mediaName: 'n'.repeat(50_000) },
      { id: 'unknown', mediaUrl: fine, title: 'secret', [`t${'t'.repeat(200)}`]: 'secret' },
    ]);

    const kept = await requestsOf(runId);
    const retried = await step(runId, 'retry');

    expect(kept).toEqual([
      { mediaUrl: fine, mediaName: false },
      { mediaUrl: fine, title: false },
    ]);
    expect(retried.json).toEqual({ retried: 0, refused: 2 });
    expect(await show(runId)).toMatchObject({ total: 2, states: { refused: 2 } });
  });
});

describe('the progress of items', () => {
  it("is VOD's, which is asked about each at most every five seconds", async () => {
    const runId = await open();
    await add(runId, ['a', 'b'].map(media));
    const uploadId = await uploadOf(runId, 'a');
    await ledger.updateFields(uploadId, { taskId: 'task-a' });
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

  it('queues what an interrupted call has added, but not queued', async () => {
    const runId = await open();
    await interrupt(runId, 'a');
    await add(runId, [media('b')]);

    expect((await step(runId, 'retry')).json).toEqual({ retried: 1, refused: 0 });
    expect((await step(runId, 'retry')).json).toEqual({ retried: 0, refused: 0 });
    expect(await ledger.claimPulls(9, 60)).toHaveLength(2);
  });
});

describe('POST /pulls/runs/{runId}/pause and /resume', () => {
  it('keep what waits from being sent, and what is added, until the run is resumed', async () => {
    const runId = await open();
    await add(runId, ['a', 'b'].map(media));
    const other = await open('other');
    await add(other, [media('a')]);
    await ledger.updateFields(await uploadOf(runId, 'b'), { taskId: 't' });

    const paused = await step(runId, 'pause');
    await add(runId, ['a', 'c'].map(media));
    await addWithin(9, runId, [media('d')]);
    await interrupt(runId, 'e');
    await step(runId, 'retry');
    const sent = await ledger.claimPulls(9, 60);
    const shown = await show(runId);
    const resumed = await step(runId, 'resume');

    expect([paused.statusCode, paused.json]).toEqual([202, { paused: 2 }]);
    expect(sent.map(({ uploadId }) => uploadId)).toEqual([await uploadOf(other, 'a')]);
    expect(shown).toMatchObject({ state: 'paused', states: { waiting: 4, fetching: 1 } });
    expect([resumed.statusCode, resumed.json]).toEqual([202, { resumed: 5 }]);
    expect(await show(runId)).toMatchObject({ state: 'open' });
    expect(await ledger.claimPulls(9, 60)).toHaveLength(5);
  });

  it.each([
    ['pause', 'open', 'paused', 0],
    ['resume', 'paused', 'open', 1],
  ] as const)('%s also what a request adds at the same time', async (verb, _, state, due) => {
    const runId = await open();
    if (verb === 'resume') await step(runId, 'pause');

    const answer = await addWhile(() => step(runId, verb), runId, [media('a')]);

    expect(answer.json.items).toMatchObject([{ id: 'a', state: 'waiting' }]);
    expect(await show(runId)).toMatchObject({ state });
    expect(await ledger.claimPulls(9, 60)).toHaveLength(due);
  });

  it.each([
    ['pause', {}, 0],
    ['pause', WITHIN_QUOTA, 0],
    ['resume', {}, 1],
    ['resume', WITHIN_QUOTA, 1],
    ['cancel', {}, 0],
    ['cancel', WITHIN_QUOTA, 0],
  ] as const)(
    '%s also what a request adds at the same time that ends once it has queued: %j',
    async (verb, settings, due) => {
      const runId = await open();
      if (verb === 'resume') await step(runId, 'pause');
      const isKilled = { ...settings, isKilled: true };

      const answer = await addWhile(() => step(runId, verb), runId, [media('a')], isKilled);

      expect(answer.statusCode).toBe(500);
      expect(await ledger.claimPulls(9, 60)).toHaveLength(due);
    },
  );

  it('follow the last decision in their later steps', async () => {
    const runId = await open();
    await add(runId, [media('a')]);
    await step(runId, 'pause');
    const cursor = writeCursor([0, '']);

    const later = await ask('POST', `/pulls/runs/${runId}/resume`, { body: { cursor } });

    expect([later.statusCode, later.json]).toEqual([202, { resumed: 0 }]);
    expect(await show(runId)).toMatchObject({ state: 'paused' });
    expect(await ledger.claimPulls(9, 60)).toEqual([]);
  });

  it('may be repeated, and count only what they change', async () => {
    const runId = await open();
    await add(runId, [media('a')]);

    const verbs = ['resume', 'pause', 'pause', 'resume', 'resume'];
    const answers: unknown[] = [];
    for (const verb of verbs) answers.push((await step(runId, verb)).json);

    expect(answers).toEqual([
      ...[{ resumed: 0 }, { paused: 1 }, { paused: 0 }],
      ...[{ resumed: 1 }, { resumed: 0 }],
    ]);
  });

  it('end with the run, whose pulls are then cancelled', async () => {
    const runId = await open();
    await add(runId, [media('a')]);
    await step(runId, 'pause');

    expect((await step(runId, 'cancel')).json).toEqual({ cancelled: 1 });

    expect(await show(runId)).toMatchObject({ state: 'cancelled', states: { cancelled: 1 } });
    for (const verb of ['pause', 'resume'])
      expect(await step(runId, verb)).toMatchObject({
        statusCode: 409,
        json: { code: 'upload_finished' },
      });
  });

  it('change nothing if the request is wrong', async () => {
    const runId = await open();
    const body = { cursor: 7 };

    const answer = await ask('POST', `/pulls/runs/${runId}/pause`, { body });

    expect(answer).toMatchObject({ statusCode: 400, json: { errors: [{ path: 'cursor' }] } });
    expect(await show(runId)).toMatchObject({ state: 'open' });
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

  it.each([{}, WITHIN_QUOTA])(
    'cancel ends what a request adds at the same time: %j',
    async (settings) => {
      const runId = await open();

      const answer = await addWhile(() => step(runId, 'cancel'), runId, [media('a')], settings);

      expect(answer).toMatchObject({ statusCode: 409, json: { code: 'upload_finished' } });
      expect(await ledger.claimPulls(9, 60)).toEqual([]);
      expect(await show(runId)).toMatchObject({ states: { refused: 1 } });
    },
  );

  it('cancel leaves a file that has arrived and is still processed', async () => {
    const runId = await open();
    await add(runId, ['a', 'b'].map(media));
    const uploadId = await uploadOf(runId, 'b');
    await ledger.transition(uploadId, 'uploadedForProcessing', { fileId: 'f' });
    const before = await ledger.findUpload(uploadId);

    expect((await step(runId, 'cancel')).json).toEqual({ cancelled: 1 });

    expect(await ledger.findUpload(uploadId)).toEqual(before);
    expect(await (await ledger.timeline()).listActions(uploadId)).toEqual([]);
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

  it('undo deletes a file whose upload a clock that is behind dates before the run', async () => {
    const runId = await open();
    time -= 2_000;
    await add(runId, [media('a')]);
    await ledger.transition(await uploadOf(runId, 'a'), 'uploaded', { fileId: 'brought' });

    expect((await step(runId, 'undo')).json).toEqual({ cancelled: 0, deleted: 1 });
  });

  it.each([
    ['removed', true],
    ['about to be removed', false],
  ])('undo deletes files whose uploads were pruned and are %s', async (_, isRemoved) => {
    const runId = await open();
    await add(runId, ['a', 'b', 'c'].map(media));
    await ledger.transition(await uploadOf(runId, 'a'), 'uploaded', { fileId: 'brought' });
    await ledger.transition(await uploadOf(runId, 'b'), 'deleted', { fileId: 'gone' });
    await ledger.transition(await uploadOf(runId, 'c'), 'pullFailed', { problem: {} });
    time += 100 * 24 * 60 * 60 * 1_000;
    // Its items are kept as long as the run gets others.
    await add(runId, [media('d')]);
    await database.sql`update events set fanned_out = true`;
    const pruning = await ledger.pruning();
    await pruneAll({ pruning: async () => (isRemoved ? pruning : spareRemoval(pruning)) }, time);
    const { states } = await show(runId);
    expect(states).toMatchObject(isRemoved ? { pruned: 3 } : { ready: 1, deleted: 1, failed: 1 });

    const { json } = await step(runId, 'undo');
    await pruneAll(ledger, time);

    expect(json).toEqual({ cancelled: 1, deleted: 1 });
    expect(await ledger.claimActions(9, 60)).toMatchObject([{ fileId: 'brought', kind: 'delete' }]);
  });

  it('cancel an item whose call was interrupted before it was queued', async () => {
    const runId = await open();
    const runs = await ledger.pullRuns();
    await runs.addItems(runId, [{ id: 'a', uploadId: 'u1', request: {} }], { retry: false });

    expect((await step(runId, 'cancel')).json).toEqual({ cancelled: 1 });
    expect(await show(runId)).toMatchObject({ states: { refused: 1 } });
  });
});
