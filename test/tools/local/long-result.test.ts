import { describe, expect, it } from 'vitest';
import { happens, seen } from '../../support/activities.ts';
import { useStack } from '../../support/stack-stage.ts';

const stage = useStack(() => ({
  names: { procedures: ['Speech'] },
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20], pollMilliseconds: 20 },
}));

const BYTES = 1_000_000;

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

/** Waits until the flow with the long result has ended. */
async function recognise(begin: () => Promise<unknown>): Promise<void> {
  stage.stack.faults.arm('long-result', 1, BYTES);
  await begin();
  await happens(stage.stack, 'procedure', ({ status }) => status === 'FINISH');
}

/** Has VOD pull a film and recognise its speech; returns the upload's id. */
async function pull(): Promise<string> {
  let uploadId = '';
  await recognise(async () => {
    const token = await signIn('upload:pull');
    const request = { mediaUrl: 'http://samples.example.com/video.mp4', procedure: 'Speech' };
    ({ uploadId } = (await ask('POST', '/pull', request, token)).json);
  });
  return uploadId;
}

/** Returns the message about the flow's end, once the consumer has accepted it. */
const seeEnd = () =>
  happens(
    stage.stack,
    'webhook',
    ({ eventType, status }) => eventType === 'vod.ProcedureStateChanged' && status === 204,
  );

const seeState = (state: string) =>
  happens(stage.stack, 'webhook', ({ eventType }) => eventType === `upload.${state}`);

async function readUpload(uploadId: string | undefined) {
  const token = await signIn('upload:read upload:admin');
  const [upload, timeline] = await Promise.all([
    ask('GET', `/uploads/${uploadId}`, undefined, token),
    ask('GET', `/uploads/${uploadId}/events`, undefined, token),
  ]);
  return { upload: upload.json, events: timeline.json.events };
}

const CONFIRMED = expect.objectContaining({
  eventType: 'vod.ProcedureStateChanged',
  confirmed: true,
});

/** Only its ids: the whole message would be longer than 256 kB. */
const THIN = {
  EventType: 'ProcedureStateChanged',
  SubAppId: expect.any(Number),
  ProcedureStateChangeEvent: {
    ...{ TaskId: expect.any(String), Status: 'FINISH', ErrCode: 0, FileId: expect.any(String) },
  },
};

describe('a task flow whose results are a megabyte long', () => {
  it('ends its upload, and is reported without the results', async () => {
    const uploadId = await pull();

    expect(await seeEnd()).toMatchObject({ verified: true, data: THIN });
    expect(await seeState('ready')).toMatchObject({ uploadId });
    const { upload, events } = await readUpload(uploadId);
    expect(upload).toMatchObject({ state: 'ready', method: 'pull', owner: 'user-7' });
    expect(events).toContainEqual(CONFIRMED);
    const sent = seen(stage.stack, 'notification').filter(
      ({ eventType }) => eventType === 'ProcedureStateChanged',
    );
    expect(Buffer.byteLength(JSON.stringify(sent[0]?.event))).toBeGreaterThan(BYTES);
    expect(sent.map(({ outcome }) => outcome)).toEqual(['delivered']);
  });

  it('is reported if another program started it', async () => {
    await recognise(() => ask('POST', '/__local/console-upload', { procedure: 'Speech' }));

    const { fileId } = await seeEnd();
    const { uploadId } = await seeState('ready');
    const { upload, events } = await readUpload(uploadId);
    expect(upload).toMatchObject({ state: 'ready', method: 'console', fileId });
    expect(events).toContainEqual(CONFIRMED);
  });

  it('is stored by its ids while VOD cannot be asked, and reported afterwards', async () => {
    stage.stack.faults.arm('delayed-callback', 10, 400);
    await pull();
    stage.stack.faults.arm('internal-error', 10_000);
    await happens(stage.stack, 'function', ({ log }) => log[0]?.['confirmation'] === 'kept');
    await happens(
      stage.stack,
      'notification',
      ({ eventType, outcome }) => eventType === 'ProcedureStateChanged' && outcome === 'delivered',
    );
    stage.stack.faults.clear();

    await expect.poll(async () => (await sweep()).json.backlog.unconfirmed).toBe(0);

    expect(await seeEnd()).toMatchObject({ data: THIN });
    await seeState('ready');
  });

  it("is read from VOD's queue in PULL mode", async () => {
    await stage.restart({ eventMode: 'PULL' });
    const uploadId = await pull();

    const { json } = await sweep();

    expect(json.steps.queue).toMatchObject({ pulled: 2, fresh: 2, confirmed: 2, failed: 0 });
    expect(await seeEnd()).toMatchObject({ verified: true, data: THIN });
    expect((await readUpload(uploadId)).upload).toMatchObject({ state: 'ready' });
  });
});
