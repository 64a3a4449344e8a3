import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HttpHandler } from '../../lib/http/http-handler.ts';
import { bundleFunctions } from '../../tools/deploy/bundle.ts';
import { SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';

let server: TestPostgres;
let folder: string;

beforeAll(async () => {
  server = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), 'vod-upload-built-'));
  for (const { name, code } of await bundleFunctions()) {
    await writeFile(join(folder, `${name}.js`), code);
  }
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.stubEnv('AUTH_JWT_SECRET', TEST_JWT_SECRET);
  vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
  vi.stubEnv('VOD_SECRET_KEY', 'secret-key-example');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A built function in a new instance of its own. */
function load(name: string) {
  const file = join(folder, `${name}.js`);
  const require = createRequire(file);
  for (const each of [file, join(folder, 'ledger.js')]) delete require.cache[require.resolve(each)];
  const { main_handler }: { main_handler: HttpHandler } = require(file);
  return async (method: string, { path = '/', query = {}, body }: TestRequest = {}) => {
    const event = {
      httpMethod: method,
      path,
      headers: await bearer('ann', 'upload:sign upload:read', Date.now()),
      queryString: query,
      body: JSON.stringify(body ?? {}),
    };
    const response = await main_handler(event, SCF_CONTEXT);
    return { ...response, json: JSON.parse(response.body) };
  };
}

const isLoaded = () => {
  const { cache } = createRequire(join(folder, 'x.js'));
  return Object.hasOwn(cache, join(folder, 'ledger.js'));
};

describe('built functions', () => {
  it('share what they know through the ledger beside them', async () => {
    vi.stubEnv('DATABASE_URL', await server.createDatabase());
    const signed = await load('signature')('POST', { body: { classId: 7 } });

    const { uploadId } = signed.json;
    const shown = await load('uploads')('GET', { path: `/uploads/${uploadId}` });

    expect(signed.statusCode).toBe(200);
    expect(shown).toMatchObject({ statusCode: 200, json: { uploadId, classId: 7, owner: 'ann' } });
  });

  it('take a problem of the ledger for what it is', async () => {
    vi.stubEnv('DATABASE_URL', await server.createDatabase());

    const { statusCode, json } = await load('uploads')('GET', { query: { cursor: 'x' } });

    expect(statusCode).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_request', errors: [{ path: 'cursor' }] });
  });

  it('load no ledger where there is no database', async () => {
    const signed = await load('signature')('POST');
    const listed = await load('uploads')('GET');

    expect(signed.statusCode).toBe(200);
    expect(listed).toMatchObject({ statusCode: 501, json: { code: 'ledger_required' } });
    expect(isLoaded()).toBe(false);
  });

  it('say so where the database has not had its migrations', async () => {
    vi.stubEnv('DATABASE_URL', await server.createDatabase('empty'));

    const { statusCode, json } = await load('signature')('POST');

    expect(statusCode).toBe(503);
    expect(json.code).toBe('ledger_unavailable');
    expect(vi.mocked(process.stdout.write).mock.calls.join()).toContain('"databaseCode":"42P01"');
  });
});
