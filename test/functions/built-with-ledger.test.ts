import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BuiltFolder, buildFolder } from '../support/built-folder.ts';
import { captureLog } from '../support/capture-log.ts';
import { askHandler, type TestRequest } from '../support/http-events.ts';
import { listen } from '../support/listen.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { useDatabases } from '../support/use-ledger.ts';

const databases = useDatabases();
const log = captureLog();
let folder: BuiltFolder;

beforeAll(async () => {
  folder = await buildFolder();
});
afterAll(() => folder.remove());
beforeEach(() => {
  vi.stubEnv('AUTH_JWT_SECRET', TEST_JWT_SECRET);
  vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
  vi.stubEnv('VOD_SECRET_KEY', 'secret-key-example');
});
afterEach(() => vi.unstubAllEnvs());

/** Loads a built function in a new instance. */
function load(name: 'signature' | 'pull' | 'uploads') {
  const ask = askHandler(folder.load(name));
  return async (method: string, request: TestRequest = {}) => {
    const headers = await bearer('ann', 'upload:sign upload:pull upload:read', Date.now());
    return ask({ method, headers, ...request });
  };
}

const PULL: TestRequest = { body: { mediaUrl: 'https://media.example.com/a.mp4' } };

/** Starts a VOD that accepts every pull. */
function startVod() {
  const answer = { Response: { TaskId: '1500000001-pull-1', RequestId: 'request-1' } };
  return listen(createServer((_, response) => void response.end(JSON.stringify(answer))));
}

/** Returns the last log line. */
function readLine() {
  return log.lines.at(-1);
}

describe('built functions', () => {
  it('share the ledger in the built folder', async () => {
    vi.stubEnv('DATABASE_URL', await databases.create());
    const signed = await load('signature')('POST', { body: { classId: 7 } });

    const { uploadId } = signed.json;
    const shown = await load('uploads')('GET', { path: `/uploads/${uploadId}` });

    expect(signed.statusCode).toBe(200);
    expect(shown).toMatchObject({ statusCode: 200, json: { uploadId, classId: 7, owner: 'ann' } });
  });

  it.each([
    ['in the ledger with one', true],
    ['nowhere without one', false],
  ])('record a pull %s, and load the code for that only then', async (_, withLedger) => {
    const vod = await startVod();
    vi.stubEnv('VOD_API_ENDPOINT', vod.host);
    vi.stubEnv('VOD_API_PROTOCOL', 'http');
    if (withLedger) vi.stubEnv('DATABASE_URL', await databases.create());
    const pull = load('pull');

    const taken = await Promise.all([pull('POST', PULL), pull('POST', PULL)]);
    const loaded = folder.loaded().includes('open-durable');
    await vod.close();

    expect(taken.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    expect(loaded).toBe(withLedger);
    const path = `/uploads/${taken[0].json.uploadId}`;
    expect(await load('uploads')('GET', { path })).toMatchObject(
      withLedger
        ? { statusCode: 200, json: { method: 'pull', taskId: '1500000001-pull-1' } }
        : { statusCode: 501 },
    );
  });

  it('report a problem of the ledger as such', async () => {
    vi.stubEnv('DATABASE_URL', await databases.create());

    const { statusCode, json } = await load('uploads')('GET', { query: { cursor: 'x' } });

    expect(statusCode).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_request', errors: [{ path: 'cursor' }] });
  });

  it('do not load the ledger without a database', async () => {
    const signed = await load('signature')('POST');
    const listed = await load('uploads')('GET');

    expect(signed.statusCode).toBe(200);
    expect(listed).toMatchObject({ statusCode: 501, json: { code: 'ledger_required' } });
    expect(folder.loaded()).not.toContain('ledger');
  });

  it('report that migrations are missing', async () => {
    vi.stubEnv('DATABASE_URL', await databases.create('empty'));

    const { statusCode, headers, json } = await load('signature')('POST');

    expect(statusCode).toBe(500);
    expect(json).toMatchObject({ code: 'internal', title: 'Internal Server Error' });
    expect(json).not.toHaveProperty('detail');
    expect(headers).not.toHaveProperty('Retry-After');
    expect(readLine()).toMatchObject({
      level: 'error',
      databaseCode: '42P01',
      reason: expect.stringMatching(/table .*missing; run "npm run migrate"/),
    });
  });

  it.each([
    ['sslmode=maybe', /DATABASE_URL has the parameter sslmode, whose value must be one of disable/],
    ['colour=red', /DATABASE_URL must not have the parameter colour/],
    ['schema=nowhere', /schema.* of DATABASE_URL name; run "npm run migrate"/],
    [
      'sslmode=require',
      /offers no TLS, which sslmode asks for; .*sslmode=disable into DATABASE_URL/,
    ],
    ['channel_binding=require', /offers no TLS, which channel_binding asks for/],
    ['options=-c%20colour%3Dred', /options, .* in DATABASE_URL/],
  ])('explain what is wrong with ?%s, and send no Retry-After', async (query, reason) => {
    vi.stubEnv('DATABASE_URL', `${await databases.create()}?${query}`);

    const { statusCode, headers, json } = await load('signature')('POST');

    expect([statusCode, json.code]).toEqual([500, 'internal']);
    expect(headers).not.toHaveProperty('Retry-After');
    expect(readLine()).toMatchObject({ level: 'error', reason: expect.stringMatching(reason) });
  });

  it('refuse every request with an invalid URL, and report all mistakes', async () => {
    vi.stubEnv('DATABASE_URL', 'postgres://user:canary%@db.example.com/uploads');
    vi.stubEnv('DATABASE_CA', 'canary');

    // With valid variables this would be the caller's mistake.
    const { statusCode, json } = await load('signature')('POST', { body: { colour: 'red' } });

    expect([statusCode, json.code]).toEqual([500, 'internal']);
    expect(readLine()).toMatchObject({
      level: 'error',
      fields: ['DATABASE_CA', 'DATABASE_URL'],
      reason: expect.stringMatching(
        /DATABASE_CA must be .*PEM.*; DATABASE_URL has a %.*percent-encode/,
      ),
    });
    expect(JSON.stringify(readLine())).not.toContain('canary');
  });
});
