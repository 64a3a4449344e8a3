import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deriveFileUploadId } from '../../../lib/model/upload-id.ts';
import { happens } from '../../support/activities.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { uploadFromServer } from '../../support/local-upload-client.ts';
import { useStack } from '../../support/stack-stage.ts';

let source: Listening;
let policy: object;

// The source starts before the stack, which needs its address.
beforeEach(async () => {
  policy = {};
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': 0 }).end();
  });
  source = await listen(server);
});
const stage = useStack(() => ({
  emulator: {
    attemptWaits: [0, 20, 20],
    pull: { resolve: { 'library.example.com': source.origin } },
  },
  custom: { upload: { policy } },
}));
beforeEach(() => {
  // Otherwise the storage SDK inside the server SDK writes its files into the home directory.
  vi.stubEnv('XDG_CONFIG_HOME', stage.dir);
});
afterEach(() => {
  vi.unstubAllEnvs();
  return source.close();
});

async function send(method: string, path: string, body?: object, token = '') {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return Object(await response.json());
}

async function uploadOf(uploadId: string) {
  const { token } = await send('POST', '/__local/token', { scope: 'upload:read upload:admin' });
  return send('GET', `/uploads/${uploadId}`, undefined, token);
}

async function bringFromConsole(): Promise<string> {
  return (await send('POST', '/__local/console-upload', { seconds: 0 })).fileId;
}

async function bringFromServer(): Promise<string> {
  const MediaFilePath = join(stage.dir, 'empty.mp4');
  await writeFile(MediaFilePath, '');
  return (await uploadFromServer(stage.stack, { MediaFilePath })).FileId;
}

/** Resolves once the callback function has been notified of the file. */
function isTold(fileId: string) {
  return happens(stage.stack, 'notification', (call) => {
    return call.fileId === fileId && call.outcome === 'delivered';
  });
}

/** Lets the time pass that VOD has to read a file. */
async function passTenMinutes(): Promise<void> {
  const sql = postgres(stage.stack.databaseUrl, { max: 1 });
  await sql`update media_actions set created_at = created_at - interval '10 minutes',
    next_attempt_at = next_attempt_at - interval '10 minutes'`;
  await sql.end();
  await send('POST', '/__local/sweep');
}

describe.each([
  ['the console', bringFromConsole],
  ['the vendor’s server SDK', bringFromServer],
])('an empty file from %s', (_way, bring) => {
  it.each([{ maxBytes: 100 }, { maxSeconds: 60 }, { mediaTypes: ['mp4'] }])(
    'is rejected after ten minutes, since VOD cannot read it, with the limits %j',
    async (limits) => {
      policy = { console: limits };
      await stage.restart();
      const fileId = await bring();
      await isTold(fileId);
      expect(await uploadOf(deriveFileUploadId(fileId))).toMatchObject({ state: 'uploaded' });

      await passTenMinutes();

      expect(await uploadOf(deriveFileUploadId(fileId))).toMatchObject({
        state: 'rejected',
        problem: { code: 'media_unreadable', rules: Object.keys(limits) },
      });
    },
  );

  it('is accepted if nothing limits it', async () => {
    const fileId = await bring();
    await isTold(fileId);
    expect(await uploadOf(deriveFileUploadId(fileId))).toMatchObject({ state: 'ready' });
  });
});

describe('an empty file at a URL', () => {
  it.each([{}, { limits: { maxBytes: 100, maxSeconds: 60 } }])(
    'fails its pull immediately, with %j',
    async (fields) => {
      const { token } = await send('POST', '/__local/token', { scope: 'upload:pull' });
      const mediaUrl = 'http://library.example.com/empty.mp4';
      const { uploadId } = await send('POST', '/pull', { mediaUrl, ...fields }, token);
      await happens(stage.stack, 'webhook', (call) => call.eventType === 'upload.failed');

      expect(await uploadOf(uploadId)).toMatchObject({
        state: 'failed',
        problem: { code: 'pull_failed', vodErrCode: 60_000 },
      });
    },
  );
});
