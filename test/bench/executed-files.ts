import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { listen } from '../support/listen.ts';
import { signCallback } from '../support/sign-callback.ts';
import { withDatabase } from './ledger.ts';
import { withoutOutput } from './without-output.ts';

/*
 * Prints how many files of this project one warm call executes, as V8 counts them, for the calls that ARCHITECTURE.md
 * follows: `npx tsx test/bench/executed-files.ts`, with `--list` for their names.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const JWT_SECRET = 'jwt-secret-example-of-at-least-32-bytes';
const SIGN_KEY = 'SignKeyOfTheBench';

/** Calls before the measured ones; after these, nothing more is loaded. */
const WARM_CALLS = 3;

/** Measured calls, of which the shortest counts: some of them also lease calls of VOD for the next ones. */
const MEASURED_CALLS = 5;

type Handler = (event: object, context: object) => Promise<{ statusCode: number; body: string }>;

/** Returns the names of the project's files in which a function ran during `call`. */
async function listExecuted(session: Session, call: () => Promise<unknown>): Promise<string[]> {
  await session.post('Profiler.takePreciseCoverage');
  await call();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ functions }) => functions.some(({ ranges: [whole] }) => (whole?.count ?? 0) > 0))
    .map(({ url }) => url.replace(/\?.*$/, ''))
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url).slice(ROOT.length))
    .filter((file) => /^(?:lib|functions)\//.test(file))
    .sort();
}

async function count(
  session: Session,
  title: string,
  prepare: () => Promise<() => Promise<unknown>>,
): Promise<void> {
  const files = await withoutOutput(async () => {
    for (let warm = 0; warm < WARM_CALLS; warm += 1) await (await prepare())();
    const lists: string[][] = [];
    for (let call = 0; call < MEASURED_CALLS; call += 1) {
      lists.push(await listExecuted(session, await prepare()));
    }
    lists.sort((a, b) => a.length - b.length);
    return lists[0] ?? [];
  });
  process.stdout.write(`| ${title.padEnd(44)} | ${String(files.length).padStart(5)} |\n`);
  if (process.argv.includes('--list')) process.stdout.write(`${files.join('\n')}\n`);
}

async function load(name: string, databaseUrl: string | undefined): Promise<Handler> {
  if (databaseUrl === undefined) delete process.env['DATABASE_URL'];
  else process.env['DATABASE_URL'] = databaseUrl;
  const { main_handler: handler } = await import(
    `../../functions/${name}.ts?${databaseUrl === undefined}`
  );
  return handler;
}

/**
 * Serves the answers of VOD and of a consumer: VOD accepts every pull and has every file, the consumer accepts
 * everything.
 */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { FileIds = [] } = JSON.parse(Buffer.concat(chunks).toString());
  const known = Array.isArray(FileIds) ? FileIds.map((FileId) => ({ FileId, BasicInfo: {} })) : [];
  const answers = { TaskId: randomUUID(), MediaInfoSet: known, TaskSet: [], EventSet: [] };
  response.end(JSON.stringify({ Response: { ...answers, RequestId: 'request-1' } }));
}

async function main(databaseUrl: string): Promise<void> {
  const { host, close } = await listen(createServer(serve));
  Object.assign(process.env, {
    AUTH_JWT_SECRET: JWT_SECRET,
    VOD_SECRET_ID: 'AKIDexample',
    VOD_SECRET_KEY: 'secret-key-example',
    VOD_API_ENDPOINT: host,
    // Calls of the bench follow each other faster than those of the default budget.
    VOD_CALLS_PER_SECOND: '1000',
    VOD_API_PROTOCOL: 'http',
    VOD_PULLS_PER_SECOND: '100',
    CALLBACK_SIGN_KEYS: SIGN_KEY,
    WEBHOOK_LOOPBACK: 'allow',
    WEBHOOK_ENDPOINTS: JSON.stringify([
      {
        url: `http://${host}/hook`,
        secret: `whsec_${Buffer.alloc(32, 'w').toString('base64')}`,
        events: ['upload.*'],
      },
    ]),
  });
  const token = await new SignJWT({ scope: 'upload:sign upload:pull upload:read upload:cancel' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('user-42')
    .setExpirationTime('1h')
    .sign(Buffer.from(JWT_SECRET));

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

  const call = async (handler: Handler, httpMethod: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const text = body === undefined ? '' : JSON.stringify(body);
    const event = { httpMethod, path, headers, queryString: {}, body: text };
    const answer = await handler(event, { request_id: randomUUID() });
    if (answer.statusCode >= 300)
      throw new Error(`${path} answered ${answer.statusCode}: ${answer.body}`);
    return JSON.parse(answer.body);
  };
  const start = () => ({ classId: 7, sourceContext: 'mine' });
  const signing = await load('signature', undefined);
  process.stdout.write('| one warm call executes | files |\n| --- | --- |\n');
  await count(
    session,
    'POST /signature, without a database',
    async () => () => call(signing, 'POST', '/signature', start()),
  );
  const issuing = await load('signature', databaseUrl);
  await count(
    session,
    'POST /signature, with one',
    async () => () => call(issuing, 'POST', '/signature', start()),
  );
  const pulling = await load('pull', databaseUrl);
  await count(session, 'POST /pull of three items', async () => () => {
    const items = [1, 2, 3].map(() => ({
      mediaUrl: `https://media.example.com/${randomUUID()}.mp4`,
    }));
    return call(pulling, 'POST', '/pull', { items });
  });
  const uploads = await load('uploads', databaseUrl);
  await count(session, 'DELETE /uploads/{id}', async () => {
    const { uploadId } = await call(issuing, 'POST', '/signature', start());
    return () => call(uploads, 'DELETE', `/uploads/${uploadId}`);
  });
  const callback = await load('callback', databaseUrl);
  await count(session, 'a notification, recorded and told by webhook', async () => () => {
    const signed = signCallback(SIGN_KEY, Math.floor(Date.now() / 1_000) + 600);
    const FileUploadEvent = { FileId: randomUUID(), MediaBasicInfo: {} };
    return call(callback, 'POST', '/callback', {
      EventType: 'NewFileUpload',
      FileUploadEvent,
      ...signed,
    });
  });
  session.disconnect();
  await close();
}

await withDatabase(main);
process.exit();
