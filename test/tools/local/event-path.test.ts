import { describe, expect, it } from 'vitest';
import { happens, seen } from '../../support/activities.ts';
import { useStack } from '../../support/stack-stage.ts';

const SAMPLES = 'http://samples.example.com';
const FILM = `${SAMPLES}/video.mp4`;

const stage = useStack(() => ({
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20], pollMilliseconds: 20 },
}));

async function ask(method: string, path: string, body?: unknown, token = '') {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: JSON.parse(await response.text()) };
}

async function signIn(scope: string): Promise<string> {
  return (await ask('POST', '/__local/token', { sub: 'user-7', scope })).json.token;
}

const sweep = () => ask('POST', '/__local/sweep', {});

/** Pulls a film, and returns its upload's id when VOD has finished it. */
async function pull(token: string): Promise<string> {
  const { json } = await ask('POST', '/pull', { mediaUrl: FILM }, token);
  await happens(
    stage.stack,
    'pull',
    ({ taskId, status }) => taskId === json.taskId && status === 'FINISH',
  );
  return json.uploadId;
}

function told(eventType: string, uploadId: string) {
  return happens(
    stage.stack,
    'webhook',
    (call) => call.eventType === eventType && call.uploadId === uploadId,
  );
}

describe('an event', () => {
  it('is delivered from VOD through the callback function to the ledger and the consumer', async () => {
    const token = await signIn('upload:pull upload:read');
    const uploadId = await pull(token);

    expect(await told('upload.ready', uploadId)).toMatchObject({ verified: true, status: 204 });
    const { json } = await ask('GET', `/uploads/${uploadId}`, undefined, token);
    expect(json).toMatchObject({ uploadId, method: 'pull', state: 'ready', owner: 'user-7' });
    const events = await ask('GET', `/uploads/${uploadId}/events`, undefined, token);
    expect(events.json.events.map((event: { eventType: string }) => event.eventType)).toEqual([
      ...['upload.issued', 'vod.PullComplete', 'upload.ready'],
    ]);
    expect((await ask('GET', '/uploads?method=pull', undefined, token)).json.items).toHaveLength(1);
    expect((await ask('GET', `/uploads/${uploadId}`, undefined, await signIn(''))).status).toBe(
      403,
    );
  });

  it("is read by the sweep from VOD's queue in PULL mode, and confirmed", async () => {
    await stage.restart({ eventMode: 'PULL' });
    const token = await signIn('upload:pull upload:read');
    const uploadId = await pull(token);
    expect((await ask('GET', `/uploads/${uploadId}`, undefined, token)).json.state).toBe('issued');

    const { json } = await sweep();

    expect(json.steps.queue).toMatchObject({ pulled: 1, fresh: 1, confirmed: 1, failed: 0 });
    expect(await told('upload.ready', uploadId)).toMatchObject({ verified: true });
    expect(seen(stage.stack, 'notification')).toEqual([]);
    expect((await sweep()).json.steps.queue).toMatchObject({ pulled: 0 });
  });

  it("is stored while VOD's API is down, and confirmed later", async () => {
    const token = await signIn('upload:pull upload:read');
    stage.stack.faults.arm('slow-source', 1, 500);
    const { json } = await ask('POST', '/pull', { mediaUrl: FILM }, token);
    stage.stack.faults.arm('api-down', 1_000);
    await happens(stage.stack, 'notification', ({ outcome }) => outcome === 'delivered');
    expect((await ask('GET', `/uploads/${json.uploadId}`, undefined, token)).json.state).toBe(
      'issued',
    );

    stage.stack.faults.clear();
    await expect.poll(async () => (await sweep()).json.backlog.unconfirmed).toBe(0);

    expect(await told('upload.ready', json.uploadId)).toMatchObject({ verified: true });
  });

  it.each([
    ['a pull', { mediaUrl: FILM }, 1, 'ready'],
    ['a pull that failed', { mediaUrl: `${SAMPLES}/missing.mp4` }, 1, 'failed'],
    ['a pull and its task flow', { mediaUrl: FILM, procedure: 'LongVideoPreset' }, 2, 'ready'],
  ])('is recovered by one sweep if %s lost its callbacks', async (...sample) => {
    const [, request, times, state] = sample;
    const token = await signIn('upload:pull upload:read');
    stage.stack.faults.arm('lost-callback', times);
    const { json } = await ask('POST', '/pull', request, token);
    await expect
      .poll(() => seen(stage.stack, 'notification').map(({ outcome }) => outcome))
      .toEqual(Array.from({ length: times }, () => 'held'));
    expect((await ask('GET', `/uploads/${json.uploadId}`, undefined, token)).json.state).toBe(
      'issued',
    );

    await sweep();

    expect((await ask('GET', `/uploads/${json.uploadId}`, undefined, token)).json.state).toBe(
      state,
    );
    expect(await told(`upload.${state}`, json.uploadId)).toMatchObject({ verified: true });
  });

  it('is sent to a consumer once, even if VOD sends it twice', async () => {
    stage.stack.faults.arm('duplicate-callback');
    const uploadId = await pull(await signIn('upload:pull'));
    await told('upload.ready', uploadId);
    await happens(
      stage.stack,
      'function',
      ({ function: name, log }) =>
        name === 'callback' && log.some((line) => line['fresh'] === false),
    );
    await sweep();

    const ready = seen(stage.stack, 'webhook').filter((call) => call.eventType === 'upload.ready');
    expect(ready).toHaveLength(1);
  });
});
