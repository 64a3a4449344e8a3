import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVodApi, type VodApi } from '../../client/node.ts';
import { happens } from '../support/activities.ts';
import { useStack } from '../support/stack-stage.ts';

/** A film that the local stack serves under a name without an owner. */
const SAMPLE = 'http://samples.example.com/video.mp4';
const SCOPES = 'upload:sign upload:pull upload:read upload:cancel upload:admin';

const stage = useStack(() => ({}), { per: 'file' });
let api: VodApi;

beforeEach(async () => {
  api = createVodApi({ endpoint: stage.stack.origin, token: await signIn() });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function signIn(scope = SCOPES): Promise<string> {
  const response = await fetch(`${stage.stack.origin}/__local/token`, {
    method: 'POST',
    body: JSON.stringify({ sub: `user-${scope.length}`, scope }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Has the answers to the next pulls lost on their way; returns the keys of all pulls from now on. */
function loseAnswers(count: number): readonly (string | null)[] {
  const real = globalThis.fetch;
  const keys: (string | null)[] = [];
  vi.stubGlobal('fetch', async (url: string, request: RequestInit) => {
    const answer = await real(url, request);
    // The stack runs in the same process, and sends requests too.
    if (url !== `${stage.stack.origin}/pull`) return answer;
    keys.push(new Headers(request.headers).get('idempotency-key'));
    if (keys.length <= count) throw new TypeError('fetch failed');
    return answer;
  });
  return keys;
}

describe('a pull', () => {
  it('becomes an upload, with its events', async () => {
    const { uploadId, taskId, state } = await api.pull({ mediaUrl: SAMPLE, mediaName: 'One' });
    expect(state).toBe('issued');
    await happens(stage.stack, 'webhook', ({ data }) => data?.['uploadId'] === uploadId);

    await expect
      .poll(() => api.uploads.get(uploadId))
      .toMatchObject({ uploadId, taskId, state: 'ready', method: 'pull', name: 'One' });
    const { events } = await api.uploads.events(uploadId);
    expect(events.map(({ eventType }) => eventType)).toContain('upload.ready');
  });

  it('is sent once, although its answers are lost', async () => {
    const keys = loseAnswers(2);

    const { uploadId } = await api.pull({ mediaUrl: SAMPLE });

    expect(keys).toHaveLength(3);
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
    vi.unstubAllGlobals();
    const ids: string[] = [];
    for await (const upload of api.uploads.list({ method: 'pull', limit: 2 })) {
      ids.push(upload.uploadId);
    }
    expect(ids.filter((id) => id === uploadId)).toHaveLength(1);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has the idempotency key of its caller', async () => {
    const request = { mediaUrl: SAMPLE, idempotencyKey: 'import-1' };

    const [one, other] = [await api.pull(request), await api.pull(request)];

    expect(other.uploadId).toBe(one.uploadId);
    await expect(api.pull({ ...request, mediaName: 'Other' })).rejects.toMatchObject({
      problem: { status: 409, code: 'idempotency_conflict' },
    });
  });

  it('of many says what became of each', async () => {
    const items = await api.pullAll([
      { mediaUrl: SAMPLE },
      { mediaUrl: 'ftp://example.com/a.mp4' },
    ]);

    expect(items).toMatchObject([
      { uploadId: expect.any(String) },
      { problem: { code: 'invalid_request', errors: [{ path: 'items.1.mediaUrl' }] } },
    ]);
  });
});

describe('an upload', () => {
  it('can be cancelled, unless it has ended', async () => {
    const { uploadId } = await api.pull({ mediaUrl: SAMPLE });
    await expect.poll(async () => (await api.uploads.get(uploadId)).state).toBe('ready');

    await expect(api.uploads.cancel(uploadId)).rejects.toMatchObject({
      message: 'The upload has ended: its state is "ready".',
      problem: { status: 409, code: 'upload_finished', requestId: expect.any(String) },
    });
    const response = await fetch(`${stage.stack.origin}/signature`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${await signIn()}` },
    });
    const issued = (await response.json()) as { uploadId: string };
    expect(await api.uploads.cancel(issued.uploadId)).toMatchObject({ state: 'cancelled' });
  });

  it('of a state can be listed, over all pages', async () => {
    for (let i = 0; i < 3; i += 1) await api.pull({ mediaUrl: SAMPLE });

    const states: string[] = [];
    for await (const { method } of api.uploads.list({ method: 'pull', limit: 1 })) {
      states.push(method);
    }

    expect(states.length).toBeGreaterThanOrEqual(3);
    expect(new Set(states)).toEqual(new Set(['pull']));
  });
});

describe('what operators see', () => {
  it('is what was given up, and how it is replayed', async () => {
    const given: unknown[] = [];
    for await (const delivery of api.dead.deliveries()) given.push(delivery);
    for await (const item of api.dead.items()) given.push(item);
    const { uploadId } = await api.pull({ mediaUrl: SAMPLE });

    expect(given).toEqual([]);
    expect(await api.replay.deliveries({ state: 'ready' })).toBe(0);
    expect(await api.replay.upload(uploadId)).toBe(0);
    expect(await api.replay.item({ kind: 'event', id: 'none' })).toBe(0);
  });

  it('are the endpoints, which can be resumed', async () => {
    await expect.poll(async () => (await api.endpoints.list()).length).toBe(1);
    const [endpoint] = await api.endpoints.list();

    expect(await api.endpoints.resume(endpoint?.endpoint ?? '')).toMatchObject({ state: 'active' });
  });

  it('is refused to others', async () => {
    const token = await signIn('upload:read');
    const other = createVodApi({ endpoint: `${stage.stack.origin}/`, token });

    await expect(other.endpoints.list()).rejects.toMatchObject({
      problem: { status: 403, code: 'insufficient_scope' },
    });
  });

  it('is at the address of each function, where they have hosts of their own', async () => {
    const { origin } = stage.stack;
    const endpoint = { pull: `${origin}/pull`, uploads: `${origin}/uploads` };
    const other = createVodApi({ endpoint, token: () => signIn() });

    const { uploadId } = await other.pull({ mediaUrl: SAMPLE });
    expect(await other.uploads.get(uploadId)).toMatchObject({ uploadId });
  });
});
