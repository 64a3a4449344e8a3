import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ActivityLog, createActivityLog } from '../../../tools/local/activity.ts';
import { createConsumer } from '../../../tools/local/consumer.ts';
import { createFaults, type Faults } from '../../../tools/local/emulator/faults.ts';
import { makeLocalKeys } from '../../../tools/local/local-keys.ts';
import { type Listening, listen } from '../../support/listen.ts';

const CONSUMER_SECRET = makeLocalKeys().webhookSecret;
const READY = { type: 'upload.ready', data: { uploadId: 'U1', fileId: 'F1' } };

let server: Listening;
let activity: ActivityLog;
let faults: Faults;

beforeEach(async () => {
  activity = createActivityLog();
  faults = createFaults(activity);
  const consume = createConsumer({ activity, faults, secret: CONSUMER_SECRET });
  server = await listen(createServer((request, response) => void consume(request, response)));
});

afterEach(() => server.close());

async function send(
  message: unknown,
  id = 'msg_1',
  secret = CONSUMER_SECRET,
  init: RequestInit = {},
) {
  const body = JSON.stringify(message);
  const now = new Date();
  const response = await fetch(server.origin, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    },
    body,
    ...init,
  });
  return response.status;
}

const webhooks = () => activity.since(0).filter(({ type }) => type === 'webhook');

it('accepts messages signed with its key, and reports what they are about', async () => {
  expect(await send(READY)).toBe(204);
  const FileUploadEvent = { FileId: 'F2' };
  await send(
    { type: 'vod.NewFileUpload', data: { FileUploadEvent, PullCompleteEvent: null } },
    'msg_2',
  );

  expect(webhooks()).toMatchObject([
    {
      verified: true,
      eventType: 'upload.ready',
      webhookId: 'msg_1',
      attempt: 1,
      status: 204,
      uploadId: 'U1',
      fileId: 'F1',
    },
    {
      verified: true,
      eventType: 'vod.NewFileUpload',
      webhookId: 'msg_2',
      attempt: 1,
      fileId: 'F2',
    },
  ]);
});

it('counts how often it received each message', async () => {
  await send(READY);
  await send(READY, 'msg_2');
  await send(READY);

  expect(webhooks()).toMatchObject([{ attempt: 1 }, { attempt: 1 }, { attempt: 2 }]);
});

it('refuses messages signed with another key, and shows nothing of them', async () => {
  const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

  expect(await send(READY, 'msg_1', other)).toBe(401);

  expect(webhooks()).toMatchObject([{ verified: false, eventType: '', status: 401 }]);
  expect(JSON.stringify(webhooks())).not.toContain('U1');
});

it('refuses messages without a signature', async () => {
  expect(await send(READY, 'msg_1', CONSUMER_SECRET, { headers: {} })).toBe(401);
});

it('fails as often as the fault says', async () => {
  faults.arm('consumer-error', 2);

  expect([await send(READY), await send(READY), await send(READY)]).toEqual([500, 500, 204]);
});

it('answers slowly if the fault says so', async () => {
  faults.arm('consumer-slow', 1, 60_000);

  const signal = AbortSignal.timeout(200);

  await expect(send(READY, 'msg_1', CONSUMER_SECRET, { signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  expect(await send(READY)).toBe(204);
});
