import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { happens, seen } from '../../support/activities.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { useStack } from '../../support/stack-stage.ts';

/** A name without an owner; the emulator redirects it to this test's own server. */
const SOURCE = 'http://library.example.com';
const FILM = Buffer.alloc(3 * 1024 * 1024, 'film');

let source: Listening;
let token: string;

// The source starts before the stack, which needs its address.
beforeEach(async () => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/film')) {
      response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': FILM.length });
      response.end(FILM);
    } else if (request.url === '/stalls.mp4') {
      response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': FILM.length });
      response.write(FILM.subarray(0, 1_000));
    } else if (request.url === '/page.mp4') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>No film</title>');
    } else if (request.url === '/private.mp4') {
      response.writeHead(302, { Location: 'http://127.0.0.1:22/film.mp4' }).end();
    } else response.writeHead(404).end();
  });
  source = await listen(server);
});
const stage = useStack(() => ({
  emulator: {
    attemptWaits: [0, 20, 20],
    procedureMilliseconds: 20,
    pull: {
      resolve: { 'library.example.com': source.origin },
      idleMilliseconds: 2_000,
    },
  },
}));

beforeEach(async () => {
  token = (await post('/__local/token', { scope: 'upload:pull', sub: 'user-7' })).json['token'];
});

afterEach(() => source.close());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, json: JSON.parse(await response.text()) };
}

function pull(body: unknown, headers: Record<string, string> = {}) {
  return post('/pull', body, { authorization: `Bearer ${token}`, ...headers });
}

function ends(taskId: string) {
  return happens(stage.stack, 'pull', (task) => task.taskId === taskId && task.status === 'FINISH');
}

function callsOf(action: string) {
  return seen(stage.stack, 'api').filter((call) => call.action === action);
}

describe('a pull through the built function', () => {
  it('becomes media with the same bytes, and its event is delivered to the callback function', async () => {
    const { status, json } = await pull({
      mediaUrl: `${SOURCE}/film.mp4?signature=canary`,
      sourceContext: 'job-7',
      storageRegion: 'ap-seoul',
      procedure: 'LongVideoPreset',
    });

    expect(status).toBe(202);
    const { errCode, fileId } = await ends(json.taskId);
    expect(errCode).toBe(0);
    const { log } = await happens(stage.stack, 'function', (call) =>
      call.log.some((line) => line['eventType'] === 'PullComplete'),
    );
    expect(log[0]).toMatchObject({
      status: 200,
      taskId: json.taskId,
      taskErrCode: 0,
      fileId,
      uploadId: json.uploadId,
      owner: 'user-7',
      uploadMethod: 'pull',
    });
    const [media] = seen(stage.stack, 'media');
    expect(media?.fileId).toBe(fileId);
    expect(await fetchSha256(media?.mediaUrl ?? '')).toBe(sha256(FILM));
    const everything = JSON.stringify(stage.stack.activity.since(0));
    expect(everything).not.toContain('canary');
  });

  it.each([
    ['a missing source', '/missing.mp4', 60_000],
    ['a page instead of a film', '/page.mp4', 60_000],
    ['a source that stalls', '/stalls.mp4', 60_000],
    ['a redirect to a private address', '/private.mp4', 60_000],
  ])('ends as failed, with the reason, for %s', async (_name, path, errCode) => {
    const { json } = await pull({ mediaUrl: `${SOURCE}${path}` });

    const end = await ends(json.taskId);

    expect(end).toMatchObject({ errCode, message: expect.stringMatching(/\w/) });
    const { log } = await happens(stage.stack, 'function', (call) => call.function === 'callback');
    expect(log[0]).toMatchObject({ taskId: json.taskId, taskErrCode: errCode });
    expect(seen(stage.stack, 'media')).toEqual([]);
  });

  it('is made once by 100 parallel requests with one key, in all running instances', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        pull({ mediaUrl: `${SOURCE}/film.mp4` }, { 'Idempotency-Key': 'job-7' }),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 202));
    expect(new Set(answers.map(({ json }) => json.uploadId)).size).toBe(1);
    const taken = callsOf('PullUpload').filter(({ code }) => code === undefined);
    expect(taken).toHaveLength(1);
    await ends(answers.map(({ json }) => json.taskId).find((id) => id !== undefined));
    expect(seen(stage.stack, 'media')).toHaveLength(1);
  });

  it('is another upload for another caller’s equal key', async () => {
    const other = await post('/__local/token', { scope: 'upload:pull', sub: 'user-8' });
    const body = { mediaUrl: `${SOURCE}/film.mp4`, idempotencyKey: 'job-7' };

    const mine = await pull(body);
    const theirs = await pull(body, { authorization: `Bearer ${other.json.token}` });

    expect(theirs.json.uploadId).not.toBe(mine.json.uploadId);
    expect(theirs.json.taskId).not.toBe(mine.json.taskId);
  });

  it("counts as done if VOD's answer was lost", async () => {
    stage.stack.faults.arm('lost-api-answer', 1);

    const { status, json } = await pull({ mediaUrl: `${SOURCE}/film.mp4` });

    expect(status).toBe(202);
    expect(json).toEqual({ uploadId: expect.any(String), state: 'issued' });
    expect(callsOf('PullUpload').map(({ code }) => code)).toEqual([
      undefined,
      'InvalidParameterValue.SessionId',
    ]);
    const { log } = await happens(stage.stack, 'function', (call) => call.function === 'callback');
    expect(log[0]).toMatchObject({ uploadId: json.uploadId, taskErrCode: 0 });
  });

  it.each(['request-limit-exceeded', 'internal-error'] as const)(
    'succeeds despite %s',
    async (fault) => {
      stage.stack.faults.arm(fault, 1);

      const { status } = await pull({ mediaUrl: `${SOURCE}/film.mp4` });

      expect(status).toBe(202);
      expect(callsOf('PullUpload')).toHaveLength(2);
    },
  );

  it('is refused in a region that the account has not opened, with a list of those that it has', async () => {
    const { status, json } = await pull({
      mediaUrl: `${SOURCE}/film.mp4`,
      storageRegion: 'eu-moscow',
    });

    expect(status).toBe(400);
    expect(json.errors).toEqual([
      { path: 'storageRegion', message: expect.stringContaining('ap-seoul') },
    ]);
    expect(callsOf('PullUpload')).toEqual([]);
  });

  it('requires its own scope', async () => {
    const { json } = await post('/__local/token', { scope: 'upload:sign' });

    const { status } = await pull({}, { authorization: `Bearer ${json.token}` });

    expect(status).toBe(403);
  });
});

describe('a batch of pulls', () => {
  it('is sent no faster than configured: the calls of one second immediately, and the rest by the sweep', async () => {
    const items = Array.from({ length: 60 }, (_, i) => ({
      mediaUrl: i % 20 === 7 ? 'http://10.0.0.1/film.mp4' : `${SOURCE}/film-${i}.mp4`,
    }));

    const { status, json } = await pull({ items });

    expect(status).toBe(202);
    expect(json.items.filter((item: object) => 'problem' in item)).toHaveLength(3);
    expect(callsOf('PullUpload')).toHaveLength(20);

    const { json: summary } = await post('/__local/sweep', {});

    expect(summary).toMatchObject({ steps: { pulls: { sent: 37, failed: 0 } } });
    const times = callsOf('PullUpload').map(({ at }) => Date.parse(at));
    expect(times).toHaveLength(57);
    // 20 a second by default, so the last of them waits for two full seconds; a difference of one is enough to show it.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(1_000);
  });
});
