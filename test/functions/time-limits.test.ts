import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KEY_SET_MILLISECONDS } from '../../lib/auth/fetch-key-set.ts';
import { LEDGER_MILLISECONDS } from '../../lib/ledger/lazy-ledger.ts';
import { localAccount } from '../../tools/local/emulator/account.ts';
import { buildRuntime } from '../../tools/local/gateway/build-runtime.ts';
import { createPool } from '../../tools/local/gateway/pool.ts';
import { defineFunctions, LOCAL_JWT_AUDIENCE } from '../../tools/local/local-functions.ts';
import { makeLocalKeys } from '../../tools/local/local-keys.ts';
import { type BuiltFolder, buildFolder } from '../support/built-folder.ts';
import { openProxy } from '../support/database-proxy.ts';
import { EVENT_SHAPES, type TestRequest } from '../support/http-events.ts';
import { type Listening, listen } from '../support/listen.ts';
import { signCallback } from '../support/sign-callback.ts';
import { mintToken } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';

/** Seconds after which the platform ends a call, by function. */
const TIMEOUTS: Readonly<Record<string, number>> = Object.fromEntries(
  readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8')
    .split(/^ {2}(?=\w+:\n {4}handler:)/m)
    .slice(1)
    .map((text) => [/^\w+/.exec(text)?.[0], Number(/^ {4}timeout: (\d+)$/m.exec(text)?.[1])]),
);
const database = useLedger();
const keys = makeLocalKeys();
const account = localAccount();
let built: BuiltFolder;
let runtime: string;
/** Accepts connections, and says nothing: a database and VOD's API. */
let silent: Listening;

beforeAll(async () => {
  built = await buildFolder();
  runtime = await buildRuntime(built.folder);
  silent = await listen(createServer((socket) => socket.resume()));
});
afterAll(() => Promise.all([built.remove(), silent.close()]));

function define(databaseUrl: string) {
  const { functions, timed } = defineFunctions({
    ...{ code: built.folder, databaseUrl, publicNames: {}, keys, account, eventMode: 'PUSH' },
    ...{ origin: silent.origin, chosen: {} },
  });
  return [...functions, ...timed];
}

/** Starts an instance of a function as the platform would, and returns what calls it. */
function start(name: string, databaseUrl: string) {
  const definition = define(databaseUrl).find((each) => each.name === name);
  if (definition === undefined) throw new Error(`There is no function ${name}.`);
  const pool = createPool(definition, runtime);
  const timeLimitMilliseconds = definition.timeoutSeconds * 1_000;
  const ask = async (request: TestRequest) => {
    const scope = 'upload:sign upload:pull upload:read';
    const exp = Date.now() / 1_000 + 600;
    const claims = { sub: 'ann', scope, exp, aud: LOCAL_JWT_AUDIENCE };
    const token = await mintToken(claims, { secret: keys.jwtSecret });
    const headers = { authorization: `Bearer ${token}`, ...request.headers };
    const event = EVENT_SHAPES[0]?.toEvent({ ...request, headers });
    const context = { request_id: 'r1' };
    const outcome = await pool.call({ event, context, timeLimitMilliseconds });
    if (outcome.kind !== 'result') return { kind: outcome.kind };
    const { statusCode, body } = outcome.value as { statusCode: number; body: string };
    return { statusCode, json: JSON.parse(body) };
  };
  return { ask, close: pool.close };
}

it('functions of the local stack have the time that the cloud gives them', () => {
  const local = define(database.url).map(({ name, timeoutSeconds }) => [name, timeoutSeconds]);

  expect(Object.fromEntries(local)).toEqual(TIMEOUTS);
});

it.each([
  // Two calls of the ledger for an upload that is continued.
  ['signature', KEY_SET_MILLISECONDS + 2 * LEDGER_MILLISECONDS],
  // To identify, reserve and record pulls; what is left is for VOD.
  ['pull', KEY_SET_MILLISECONDS + 3 * LEDGER_MILLISECONDS],
  // Its upload, whether that was pruned, and its change.
  ['uploads', KEY_SET_MILLISECONDS + 3 * LEDGER_MILLISECONDS],
  // A message that comes at the end of the longest wait.
  ['uploads', KEY_SET_MILLISECONDS + 20_000 + LEDGER_MILLISECONDS],
])('a call of %s has time for all that it waits for, and a second to answer', (name, longest) => {
  expect(longest + 1_000).toBeLessThanOrEqual((TIMEOUTS[name] ?? 0) * 1_000);
});

const requests: readonly [string, TestRequest][] = [
  ['signature', { path: '/signature', body: {} }],
  ['pull', { path: '/pull', body: { mediaUrl: 'http://media.example.com/a.mp4' } }],
  ['uploads', { path: '/uploads', method: 'GET' }],
  [
    'callback',
    {
      path: '/callback',
      body: {
        ...{ EventType: 'NewFileUpload', FileUploadEvent: { FileId: '5285485487985271487' } },
        ...signCallback(account.signKey, Math.floor(Date.now() / 1_000) + 600),
      },
    },
  ],
];

it.concurrent.each(requests)(
  '%s answers in its time if the database is silent',
  async (name, request) => {
    const { ask, close } = start(name, `postgres://ann@${silent.host}/db`);

    const answer = await ask(request);
    await close();

    expect(answer).toMatchObject({ statusCode: 503, json: { code: 'ledger_unavailable' } });
  },
);

it('signature answers in its time if the database falls silent while an upload is continued', async () => {
  const proxy = await openProxy(new URL(database.url));
  const { ask, close } = start('signature', proxy.url);
  const { json } = await ask({ path: '/signature', body: {} });
  proxy.mute();

  const again = await ask({ path: '/signature', body: { uploadId: json.uploadId } });
  await close();
  await proxy.close();

  expect(again).toMatchObject({ statusCode: 200, json: { uploadId: json.uploadId } });
});
