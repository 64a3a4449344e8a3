import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { sendQueuedPull } from '../../lib/pulls/send-queued-pull.ts';
import { clock } from '../../lib/system.ts';
import { defined } from '../../lib/validation/json-object.ts';
import { captureLog } from '../support/capture-log.ts';
import { connectVod } from '../support/connect-vod.ts';
import { SCF_CONTEXT } from '../support/http-events.ts';
import { decodeContext } from '../support/source-contexts.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { openTunnel, type Tunnel } from '../support/tunnel.ts';
import { useLedger } from '../support/use-ledger.ts';
import {
  type AnswerVodCall,
  refuse,
  startVodServer,
  succeed,
  type VodServer,
} from '../support/vod-server.ts';
import { NOW, openPull } from './pull-stage.ts';

const SUB_APP_ID = 1_500_000_001;
const DAY = 86_400_000;
const MEDIA = 'https://media.example.com/film.mp4?token=canary';
const PER_SECOND = 5;

const database = useLedger();
const log = captureLog();
let vod: VodServer;
let answer: AnswerVodCall;
/** Session ids that VOD has accepted. */
let taken: Set<unknown>;
let tunnel: Tunnel;
let ledger: Ledger;
let time: number;
/** Distinguishes the calls of one test from all others. */
let run: string;

/** Accepts one pull per session, as VOD does. */
const accept: AnswerVodCall = (response, { parameters }) => {
  const { SessionId } = parameters;
  if (taken.has(SessionId)) return refuse(response, 'InvalidParameterValue.SessionId');
  taken.add(SessionId);
  return succeed(response, { TaskId: `task-${SessionId}` });
};

beforeAll(async () => {
  vod = await startVodServer((response, call) =>
    call.action === 'PullUpload'
      ? answer(response, call)
      : succeed(response, { StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'opened' }] }),
  );
});
afterAll(() => vod.close());
beforeEach(async () => {
  time = NOW;
  run = randomUUID();
  taken = new Set();
  answer = accept;
  tunnel = await openTunnel(database.url);
  ledger = open();
});
afterEach(async () => {
  await tunnel.cut();
});

const open = () => database.open({ url: tunnel.url, clock: { now: () => time } });

const api = () =>
  connectVod(vod.endpoint, {
    ...{ subAppId: SUB_APP_ID, pullsPerSecond: PER_SECOND, sleep: clock.sleep },
  });

/** A new instance of the function with its own ledger. */
function load() {
  const each = open();
  const ask = openPull({
    environment: {
      ...{ AUTH: 'jwt', AUTH_JWT_SECRET: TEST_JWT_SECRET, VOD_SUB_APP_ID: String(SUB_APP_ID) },
      VOD_PULLS_PER_SECOND: String(PER_SECOND),
    },
    ...{ api: api(), clock: { now: () => time }, ledger: lazyLedger(async () => each) },
  });
  return async (body: object, key?: string, owner = 'ann') => {
    const { authorization } = await bearer(owner, 'upload:pull', time);
    const headers = { authorization, ...defined({ 'idempotency-key': key }) };
    return ask({ headers, body }, { ...SCF_CONTEXT, getRemainingTimeInMillis: () => 30_000 });
  };
}

function sent() {
  const calls = vod.calls.filter(({ action }) => action === 'PullUpload');
  return calls.filter(({ parameters }) => String(parameters['MediaUrl']).includes(run));
}
const media = (name = 'a') => ({ mediaUrl: `https://media.example.com/${run}/${name}.mp4` });
const many = (count: number) => ({ items: Array.from({ length: count }, (_, i) => media(`${i}`)) });

describe('POST /pull of one file, with a ledger', () => {
  it('records the upload with its task, and neither URL', async () => {
    const { statusCode, json } = await load()({
      mediaUrl: MEDIA,
      coverUrl: 'https://media.example.com/cover.png?token=canary',
      mediaName: 'film',
      classId: 7,
      procedure: 'LongVideoPreset',
      storageRegion: 'ap-seoul',
      sourceContext: 'mine',
      sessionContext: 'theirs',
      limits: { maxSeconds: 60 },
      expireTime: '2027-01-01T00:00:00Z',
    });

    expect(statusCode).toBe(202);
    expect(json).toEqual({
      uploadId: expect.stringMatching(/^[0-7][0-9A-Z]{25}$/),
      taskId: `task-${json.uploadId}`,
      state: 'issued',
    });
    expect(await ledger.findUpload(json.uploadId)).toEqual({
      uploadId: json.uploadId,
      method: 'pull',
      subAppId: 1_500_000_001,
      state: 'issued',
      owner: 'ann',
      taskId: json.taskId,
      name: 'film',
      classId: 7,
      procedure: 'LongVideoPreset',
      storageRegion: 'ap-seoul',
      sourceContext: 'mine',
      sessionContext: 'theirs',
      limits: { maxSeconds: 60 },
      mediaExpireTime: Date.UTC(2027, 0, 1),
      createdAt: NOW,
      updatedAt: NOW,
    });
    const [call] = vod.calls.filter(({ parameters }) => parameters['SessionId'] === json.uploadId);
    expect(
      decodeContext(String(call?.parameters['SourceContext']), { subAppId: 1_500_000_001 }),
    ).toMatchObject({
      sourceContext: 'mine',
      envelope: { uploadId: json.uploadId, owner: 'ann', method: 'pull' },
    });
    expect(log.text).not.toContain('canary');
  });

  it('returns the same upload months later, in its current state, in every instance', async () => {
    const first = await load()(media(), 'job-7');
    const { uploadId, taskId } = first.json;
    await ledger.transition(uploadId, 'uploaded');
    time += 100 * DAY;

    const again = await load()(media(), 'job-7');

    expect(again).toMatchObject({ statusCode: 202, json: { uploadId, taskId, state: 'ready' } });
    expect(sent()).toHaveLength(1);
  });

  it('refuses another request with the same key in every instance, but not from another owner', async () => {
    await load()(media(), 'job-7');

    const other = await load()({ ...media(), classId: 1 }, 'job-7');
    const bobs = await load()(media(), 'job-7', 'bob');

    expect(other).toMatchObject({ statusCode: 409, json: { code: 'idempotency_conflict' } });
    expect(bobs.statusCode).toBe(202);
    expect(sent()).toHaveLength(2);
  });

  it('pulls once for many simultaneous requests to two instances', async () => {
    const instances = [load(), load()];

    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => instances[i % 2]?.(media(), 'job-7')),
    );
    const drained = await drain();

    expect(new Set(answers.map((each) => each?.json.uploadId)).size).toBe(1);
    expect(answers.every((each) => each?.statusCode === 202)).toBe(true);
    expect(taken.size).toBe(1);
    expect(sent().length).toBe(1 + drained);
    const [upload] = (await ledger.listUploads({ limit: 2 })).items;
    expect(upload).toMatchObject({ taskId: `task-${upload?.uploadId}`, state: 'issued' });
    expect((await ledger.listUploads({ limit: 2 })).items).toHaveLength(1);
  });

  it('fails an upload that VOD refuses, and accepts its key again', async () => {
    answer = (response) => refuse(response, 'InvalidParameterValue.MediaUrl', MEDIA);
    const ask = load();
    const refused = await ask(media(), 'job-7');
    const [failed] = (await ledger.listUploads({ limit: 1 })).items;
    answer = accept;

    const other = await ask({ ...media(), classId: 1 }, 'job-7');

    expect(refused).toMatchObject({ statusCode: 422, json: { code: 'upstream_rejected' } });
    expect(failed).toMatchObject({
      state: 'failed',
      problem: {
        code: 'upstream_rejected',
        status: 422,
        vod: { code: 'InvalidParameterValue.MediaUrl' },
      },
    });
    expect(failed?.problem).not.toHaveProperty('requestId');
    expect(other).toMatchObject({ statusCode: 202, json: { taskId: expect.any(String) } });
    expect(other.json.uploadId).not.toBe(failed?.uploadId);
  });

  it('queues a pull while VOD is over its limit', async () => {
    answer = (response) => refuse(response, 'LimitExceeded');
    const ask = load();

    const waiting = await ask(media(), 'job-7');
    answer = accept;
    expect(await drain()).toBe(1);
    const again = await ask(media(), 'job-7');

    const { uploadId } = waiting.json;
    expect(waiting).toMatchObject({ statusCode: 202, json: { uploadId, state: 'issued' } });
    expect(waiting.json).not.toHaveProperty('taskId');
    expect(again.json).toEqual({ uploadId, taskId: `task-${uploadId}`, state: 'issued' });
  });

  it('sends a pull again whose instance ended before it recorded the task, and VOD pulls once', async () => {
    const ask = load();
    const { uploadId } = (await ask(media(), 'job-7')).json;
    // The state that an instance leaves that ends after VOD accepted the pull and before it recorded the task.
    await forgetTask(uploadId);

    const again = await ask(media(), 'job-7');
    const drained = await drain();

    expect(again).toMatchObject({ statusCode: 202, json: { uploadId, state: 'issued' } });
    expect(drained).toBe(1);
    expect(sent().map(({ parameters }) => parameters['SessionId'])).toEqual([uploadId, uploadId]);
    expect(taken.size).toBe(1);
  });

  it('does not send a pull again whose session VOD may have forgotten', async () => {
    const ask = load();
    const { uploadId } = (await ask(media(), 'job-7')).json;
    await forgetTask(uploadId);
    time += 3 * DAY;

    const again = await ask(media(), 'job-7');

    expect(again.json).toEqual({ uploadId, state: 'issued' });
    expect(await drain()).toBe(0);
  });

  it('queues a pull whose key was recorded but whose upload was not', async () => {
    const request = { ...media(), mediaType: 'mp4' };
    await load()(request, 'job-7');
    const [upload] = (await ledger.listUploads({ limit: 1 })).items;
    await change((sql) => sql`delete from uploads`);
    taken.clear();

    const again = await load()(request, 'job-7');

    expect(again.json).toEqual({ uploadId: upload?.uploadId, state: 'issued' });
    expect((await ledger.listUploads({ limit: 1 })).items).toMatchObject([
      { uploadId: upload?.uploadId, subAppId: 1_500_000_001 },
    ]);
    expect(await drain()).toBe(1);
    expect(taken.size).toBe(1);
  });

  it('sends nothing while the ledger is not available', async () => {
    await load()(media('before'));
    await tunnel.cut();

    const { statusCode, headers, json } = await load()(media(), 'job-7');

    expect(statusCode).toBe(503);
    expect(json.code).toBe('ledger_unavailable');
    expect(headers['Retry-After']).toMatch(/^\d+$/);
    expect(sent()).toHaveLength(1);
  });

  it('returns the task even if the ledger becomes unavailable meanwhile', async () => {
    answer = (response, call) => {
      void tunnel.cut().then(() => accept(response, call));
    };

    const { statusCode, json } = await load()(media());

    expect(statusCode).toBe(202);
    expect(json).toEqual({
      uploadId: json.uploadId,
      taskId: `task-${json.uploadId}`,
      state: 'issued',
    });
  });

  it("returns VOD's refusal even if the ledger becomes unavailable meanwhile", async () => {
    answer = (response) => {
      void tunnel.cut().then(() => refuse(response, 'InvalidParameterValue.MediaUrl'));
    };

    expect(await load()(media())).toMatchObject({
      statusCode: 422,
      json: { code: 'upstream_rejected' },
    });
  });
});

describe('POST /pull of several files, with a ledger', () => {
  it('sends as many pulls as one second allows, and queues the rest', async () => {
    const { statusCode, json } = await load()(many(1_000));

    expect(statusCode).toBe(202);
    expect(json.items).toHaveLength(1_000);
    const tasks = json.items.map((item: { taskId?: string }) => item.taskId !== undefined);
    expect(tasks.slice(0, PER_SECOND)).toEqual(Array(PER_SECOND).fill(true));
    expect(tasks.slice(PER_SECOND)).not.toContain(true);
    expect(sent()).toHaveLength(PER_SECOND);
    expect((await ledger.readBacklog()).pulls.count).toBe(1_000 - PER_SECOND);
    expect(log.line).toMatchObject({ items: 1_000, accepted: 1_000, refused: 0 });

    const [claim] = await ledger.claimPulls(1, 60);
    expect(claim).toMatchObject({
      uploadId: json.items[PER_SECOND].uploadId,
      owner: 'ann',
      request: { MediaUrl: media(`${PER_SECOND}`).mediaUrl, SessionId: claim?.uploadId },
    });
  });

  it('returns the same result for the same keys, and queues nothing twice', async () => {
    const first = await load()(many(50), 'batch-1');
    const again = await load()(many(50), 'batch-1');

    expect(again.json).toEqual(first.json);
    expect(sent()).toHaveLength(PER_SECOND);
    expect((await ledger.readBacklog()).pulls.count).toBe(50 - PER_SECOND);
    expect((await ledger.listUploads({ limit: 100 })).items).toHaveLength(50);
  });

  it('starts a pull again that was refused while it was queued', async () => {
    const first = await load()(many(PER_SECOND + 1), 'batch-1');
    answer = (response) => refuse(response, 'InvalidParameterValue.MediaUrl');
    expect(await drain()).toBe(1);
    answer = accept;

    const again = await load()(many(PER_SECOND + 1), 'batch-1');

    expect(again.json.items.slice(0, -1)).toEqual(first.json.items.slice(0, -1));
    expect(again.json.items.at(-1)).toEqual({
      uploadId: expect.any(String),
      taskId: expect.any(String),
      state: 'issued',
    });
    expect(again.json.items.at(-1).uploadId).not.toBe(first.json.items.at(-1).uploadId);
  });

  it('sends nothing while the ledger is not available', async () => {
    await load()(media('before'));
    await tunnel.cut();

    const { statusCode, json } = await load()(many(3));

    expect(statusCode).toBe(503);
    expect(json.code).toBe('ledger_unavailable');
    expect(sent()).toHaveLength(1);
  });
});

/** Sends all queued pulls, as a sweep does, and returns their number. */
async function drain(): Promise<number> {
  const claims = await ledger.claimPulls(1_000, 60);
  for (const claim of claims) {
    const outcome = await sendQueuedPull(claim, { api: api(), clock: { now: () => time } }, {});
    if (outcome.kind === 'done') await ledger.finishPull(claim, outcome.taskId);
    if (outcome.kind === 'failed') await ledger.failPull(claim, outcome.problem);
    if (outcome.kind === 'retry') await ledger.retryPull(claim, outcome.at);
  }
  return claims.length;
}

function forgetTask(uploadId: string): Promise<void> {
  return change((sql) => sql`update uploads set task_id = null where upload_id = ${uploadId}`);
}

async function change(make: (sql: Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(tunnel.url, { max: 1, fetch_types: false });
  await make(sql);
  await sql.end();
}
