import { describe, expect, it } from 'vitest';
import { ENDPOINT, refusal } from './scripted-service.ts';
import { fileOf, recordStates, useUploadStage } from './upload-stage.ts';

const stage = useUploadStage();

const posts = () => stage.service.calls.filter(({ method }) => method === 'POST');
const deletions = () => stage.service.calls.filter(({ method }) => method === 'DELETE');

describe('an upload', () => {
  it('goes from waiting to ready', async () => {
    const upload = stage.client().upload(fileOf(), { request: { classId: 7 } });
    const states = recordStates(upload);
    const transfer = await stage.transfer();
    transfer.store();
    transfer.progress(40);

    expect(upload.id).toBe('upload-1');
    expect(upload.state).toEqual({
      ...{ name: 'uploading', loaded: 40, total: 100 },
      ...{ bytesPerSecond: 0, remainingSeconds: undefined },
    });
    await stage.pass(1_000);
    transfer.progress(60);
    expect(upload.state).toMatchObject({ bytesPerSecond: 20, remainingSeconds: 2 });
    transfer.progress(100);
    transfer.succeed('file-1');
    await stage.pass();
    expect(upload.state).toEqual({ name: 'processing', fileId: 'file-1', upload: undefined });
    stage.service.upload = { uploadId: 'upload-1', state: 'ready', fileId: 'file-1' };
    await stage.pass(1_000);

    expect(upload.state).toEqual({
      ...{ name: 'ready', fileId: 'file-1' },
      upload: { uploadId: 'upload-1', state: 'ready', fileId: 'file-1' },
    });
    expect(states).toEqual(['waiting', 'preparing', 'uploading', 'processing', 'ready']);
    expect(posts().map(({ path, body }) => [path, body])).toEqual([['/signature', { classId: 7 }]]);
  });

  it('gets a fresh signature for each call of the SDK, all for one upload', async () => {
    stage.client().upload(fileOf());
    const transfer = await stage.transfer();

    const signatures = [await transfer.sign(), await transfer.sign(), await transfer.sign()];

    expect(signatures).toEqual(['signature-1', 'signature-2', 'signature-3']);
    expect(posts().map(({ body }) => body['uploadId'])).toEqual([
      undefined,
      'upload-1',
      'upload-1',
    ]);
  });

  it('passes options on to the SDK, which reports to nobody unless it is told to', async () => {
    const cover = fileOf('cover.png');
    stage.client({ sdkOptions: { chunkParallelLimit: 3 } }).upload(fileOf(), { cover });
    const { options } = await stage.transfer();

    expect(options).toMatchObject({ allowReport: false, chunkParallelLimit: 3, coverFile: cover });
  });

  it('uses the addresses of functions that have hosts of their own', async () => {
    const endpoint = { signature: `${ENDPOINT}/one`, uploads: `${ENDPOINT}/two` };
    const upload = stage.client({ endpoint }).upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass(1_000);

    expect(new Set(stage.service.calls.map(({ path }) => path))).toEqual(
      new Set(['/one', `/two/${upload.id}`]),
    );
  });

  it('ends when VOD has the file, if nothing is known about uploads', async () => {
    const upload = stage.client({ endpoint: { signature: `${ENDPOINT}/sign` } }).upload(fileOf());
    const isReady = expect(upload.until('ready')).rejects.toThrow(/has no address for uploads/);
    (await stage.transfer()).succeed('file-1');

    expect(await upload.until('processing')).toMatchObject({ fileId: 'file-1' });
    await isReady;
    for await (const state of upload) expect(state.name).toBe('processing');
    await upload.cancel();
    expect(stage.service.calls).toHaveLength(1);
  });

  it('can be iterated: a reader gets the present state, and the later ones until its end', async () => {
    const upload = stage.client().upload(fileOf());
    const states: string[] = [];
    const reading = (async () => {
      for await (const { name } of upload) states.push(name);
    })();
    const transfer = await stage.transfer();
    transfer.progress(1);
    await stage.pass();
    transfer.succeed('file-1');
    stage.service.upload = { state: 'ready' };
    await stage.pass(1_000);
    await reading;

    expect(states).toEqual(['waiting', 'preparing', 'uploading', 'processing', 'ready']);
  });

  it('tells the others although a listener throws', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    upload.subscribe(() => {
      throw new Error('of the app');
    });
    const states = recordStates(upload);
    const later: (() => void)[] = [];
    const { queueMicrotask } = globalThis;
    globalThis.queueMicrotask = (task) => void later.push(task);
    transfer.progress(1);
    globalThis.queueMicrotask = queueMicrotask;

    expect(states).toContain('uploading');
    expect(later[0]).toThrow('of the app');
  });

  it('shows bytes that do not go back, and forgets the rate of the time before a pause', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    transfer.store();
    transfer.progress(10);
    await stage.pass(1_000);
    transfer.progress(50);
    upload.pause();
    upload.resume();
    await stage.pass(1_000);
    transfer.progress(30);

    expect(upload.state).toMatchObject({ loaded: 50, bytesPerSecond: 0 });
  });
});

describe('until()', () => {
  it('resolves with a state that was reached before', async () => {
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    stage.service.upload = { state: 'ready', fileId: 'file-1' };
    await stage.pass(1_000);

    expect(await upload.until('processing')).toMatchObject({ name: 'ready', fileId: 'file-1' });
    expect(await upload.until('ready')).toMatchObject({ name: 'ready' });
  });

  it.each([
    ['failed', { code: 'limits_exceeded', detail: 'too long' }, 'limits_exceeded'],
    ['rejected', { code: 'limits_exceeded', detail: 'too long' }, 'limits_exceeded'],
    ['deleted', undefined, 'upload_deleted'],
    ['expired', undefined, 'upload_expired'],
    ['cancelled', undefined, 'upload_cancelled'],
  ])('rejects with why, if the upload ends as %s', async (state, problem, code) => {
    const upload = stage.client().upload(fileOf());
    const isReady = expect(upload.until('ready')).rejects.toMatchObject({ problem: { code } });
    (await stage.transfer()).succeed('file-1');
    stage.service.upload = { state, problem };
    await stage.pass(1_000);

    await isReady;
    expect(upload.state.name).toBe(state === 'cancelled' ? 'cancelled' : 'failed');
  });

  it('can be given up, which does not change the upload', async () => {
    const upload = stage.client().upload(fileOf());
    const giveUp = new AbortController();
    const isReady = expect(upload.until('ready', { signal: giveUp.signal })).rejects.toThrow(
      'enough',
    );
    await stage.transfer();
    giveUp.abort(new Error('enough'));

    await isReady;
    expect(upload.state.name).toBe('preparing');
    await expect(upload.until('ready', { signal: giveUp.signal })).rejects.toThrow('enough');
  });
});

describe('a pause', () => {
  it('interrupts storage, and frees the place for another file', async () => {
    const client = stage.client({ concurrency: 1 });
    const one = client.upload(fileOf('one.mp4'));
    const transfer = await stage.transfer();
    transfer.store();
    transfer.progress(10);
    const other = client.upload(fileOf('other.mp4'));
    await stage.pass();
    expect(other.state.name).toBe('waiting');

    one.pause();
    await stage.pass();

    expect(one.state).toEqual({ name: 'paused', loaded: 10, total: 100 });
    expect(transfer.actions).toEqual(['pause task-1']);
    expect(other.state.name).toBe('preparing');
    one.resume();
    await stage.pass();
    expect(one.state.name).toBe('waiting');
    other.pause();
    await stage.pass();
    expect(one.state.name).toBe('uploading');
    expect(transfer.actions).toEqual(['pause task-1', 'restart task-1']);
  });

  it('that is older than the use of storage still interrupts it', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    upload.pause();
    transfer.store();
    transfer.progress(5);

    expect(transfer.actions).toEqual(['pause task-1']);
    expect(upload.state.name).toBe('paused');
  });

  it('keeps the SDK from asking for a signature', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    await transfer.sign();
    upload.pause();
    const signing = transfer.sign();
    await stage.pass(60_000);
    expect(posts()).toHaveLength(1);
    upload.resume();

    expect(await signing).toBe('signature-2');
  });

  it('before the turn of the upload leaves the place to others', async () => {
    const client = stage.client({ concurrency: 1 });
    const first = client.upload(fileOf('first.mp4'));
    const second = client.upload(fileOf('second.mp4'));
    const third = client.upload(fileOf('third.mp4'));
    second.pause();
    second.resume();
    second.pause();
    first.pause();
    await stage.pass();

    expect([first, second, third].map(({ state }) => state.name)).toEqual([
      ...['paused', 'paused', 'preparing'],
    ]);
  });

  it('does nothing once VOD has the file', async () => {
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    upload.pause();
    upload.resume();

    expect(upload.state.name).toBe('processing');
  });
});

describe('a bound on how many files are sent', () => {
  it('is two unless the client has another, and processing does not count', async () => {
    const client = stage.client();
    const uploads = ['a', 'b', 'c'].map((name) => client.upload(fileOf(`${name}.mp4`)));
    const names = () => uploads.map(({ state }) => state.name);
    await stage.pass();
    expect(names()).toEqual(['preparing', 'preparing', 'waiting']);

    stage.sdk.uploads[0]?.succeed('file-1');
    await stage.pass();

    expect(names()).toEqual(['processing', 'preparing', 'preparing']);
  });
});

describe('cancel()', () => {
  it('stops what is sent, and tells the service', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    transfer.store();
    transfer.progress(10);
    const isReady = expect(upload.until('ready')).rejects.toThrow('The upload was cancelled.');

    await upload.cancel();

    await isReady;
    expect(transfer.actions).toEqual(['cancel task-1']);
    expect(deletions().map(({ path }) => path)).toEqual(['/uploads/upload-1']);
    expect(upload.state).toEqual({ name: 'cancelled' });
    transfer.succeed('file-1');
    transfer.progress(100);
    await stage.pass(1_000);
    expect(upload.state).toEqual({ name: 'cancelled' });
  });

  it('leaves the upload as it is, if the service says that it has ended', async () => {
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    stage.service.answerNext('DELETE', refusal(409, 'upload_finished'));

    await expect(upload.cancel()).rejects.toMatchObject({ problem: { code: 'upload_finished' } });

    expect(upload.state.name).toBe('processing');
  });

  it('may be repeated, if the service could not be told', async () => {
    const upload = stage.client().upload(fileOf());
    await stage.transfer();
    stage.service.answerNext('DELETE', refusal(500, 'internal'));
    await expect(upload.cancel()).rejects.toMatchObject({ problem: { code: 'internal' } });
    expect(upload.state.name).toBe('cancelled');

    await upload.cancel();

    expect(deletions()).toHaveLength(2);
  });

  it('asks for nothing, if the upload has not begun', async () => {
    const client = stage.client({ concurrency: 1 });
    client.upload(fileOf('one.mp4'));
    const other = client.upload(fileOf('other.mp4'));
    await stage.pass();
    await other.cancel();

    expect(deletions()).toEqual([]);
  });
});

describe('an aborted signal', () => {
  it('stops everything, gives nothing up, and the upload can go on', async () => {
    const stop = new AbortController();
    const upload = stage.client().upload(fileOf(), { signal: stop.signal });
    const transfer = await stage.transfer();
    transfer.store();
    transfer.progress(40);
    stop.abort();

    await expect(upload.until('ready')).rejects.toMatchObject({
      problem: { code: 'upload_stopped' },
    });
    expect(transfer.actions).toEqual(['cancel task-1']);
    await stage.pass(60_000);
    expect(deletions()).toEqual([]);
    upload.resume();
    const next = await stage.transfer();
    expect(next).not.toBe(transfer);
    expect(next.options).toMatchObject({ enableResume: true });
    expect(posts().at(-1)?.body).toEqual({ uploadId: 'upload-1' });
    expect(upload.state).toMatchObject({ name: 'uploading', loaded: 40 });
  });

  it('that was aborted before begins nothing', async () => {
    const upload = stage.client().upload(fileOf(), { signal: AbortSignal.abort() });
    await stage.pass(1_000);

    expect(upload.state).toEqual({ name: 'stopped' });
    expect(stage.service.calls).toEqual([]);
  });

  it('changes nothing about an upload that has ended', async () => {
    const stop = new AbortController();
    const upload = stage.client().upload(fileOf(), { signal: stop.signal });
    (await stage.transfer()).succeed('file-1');
    stage.service.upload = { state: 'ready' };
    await stage.pass(1_000);
    stop.abort();

    expect(upload.state.name).toBe('ready');
  });
});
