import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleFunctions } from '../../tools/deploy/bundle.ts';
import { type Consumer, createSecret, startConsumer } from '../lib/webhooks/consumer.ts';
import { captureLog } from '../support/capture-log.ts';
import { SCF_CONTEXT } from '../support/http-events.ts';
import { type KnownVod, startKnownVod } from '../support/known-vod.ts';
import { signCallback } from '../support/sign-callback.ts';
import { ARRIVAL, MEDIA } from './callback-stage.ts';

const KEY = 'SignKey1';
const FROM_CONSOLE = {
  ...MEDIA,
  BasicInfo: { Type: 'mp4', SourceInfo: { SourceType: 'Upload', SourceContext: '' } },
};

let folder: string;
let vod: KnownVod;
let consumer: Consumer;
const log = captureLog();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callback-'));
  for (const { name, code } of await bundleFunctions()) {
    await writeFile(join(folder, `${name}.js`), code);
  }
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  vod = await startKnownVod();
  vod.media.set(MEDIA.FileId, FROM_CONSOLE);
  consumer = await startConsumer((response) => response.end());
  const variables = {
    CALLBACK_SIGN_KEYS: KEY,
    VOD_SECRET_ID: 'AKIDexample',
    VOD_SECRET_KEY: 'secret-key-example',
    VOD_API_ENDPOINT: vod.endpoint,
    VOD_API_PROTOCOL: 'http',
    WEBHOOK_LOOPBACK: 'allow',
    WEBHOOK_ENDPOINTS: JSON.stringify([{ url: consumer.url, secret: createSecret() }]),
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([vod.close(), consumer.close()]);
});

/** Has a new instance of the built function, with these settings beside it, told of the media. */
async function notify(settings: string): Promise<number> {
  await writeFile(join(folder, 'settings.json'), settings);
  const file = join(folder, 'callback.js');
  const require = createRequire(file);
  delete require.cache[file];
  const signed = signCallback(KEY, Math.floor(Date.now() / 1_000) + 600);
  const event = {
    httpMethod: 'POST',
    headers: {},
    body: JSON.stringify({ ...ARRIVAL, ...signed }),
  };
  return (await require(file).main_handler(event, SCF_CONTEXT)).statusCode;
}

describe('the built callback', () => {
  it('holds media to the settings beside it', async () => {
    const settings = { policy: { console: { maxBytes: MEDIA.MetaData.Size - 1 } } };

    expect(await notify(JSON.stringify(settings))).toBe(200);

    expect(vod.calls.map(({ action }) => action)).toContain('DeleteMedia');
    const types = consumer.received.map(({ body }) => JSON.parse(body).type);
    expect(types.sort()).toEqual(['upload.rejected', 'vod.NewFileUpload']);
  });

  it('serves nothing with settings that are wrong, and says what is', async () => {
    const rules = [{ name: 'r', set: { coverUrl: 'http://canary.example.com/' } }];

    expect(await notify(JSON.stringify({ rules }))).toBe(500);

    const line = log.line;
    expect(line).toMatchObject({ level: 'error', code: 'internal' });
    expect(line.reason).toContain('rules.0.set.coverUrl must begin with https://');
    expect(line.reason).not.toContain('canary');
    expect(vod.calls).toEqual([]);
  });
});
