import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ENDPOINT, refusal } from './scripted-service.ts';
import { fileOf, useUploadStage } from './upload-stage.ts';

const stage = useUploadStage();

const bodies = () =>
  stage.service.calls.filter(({ method }) => method === 'POST').map(({ body }) => body);

/** Begins an upload and loses the page; what is stored remains. */
async function loseUpload(): Promise<void> {
  stage.client().upload(fileOf());
  const transfer = await stage.transfer();
  transfer.store();
  transfer.progress(30);
  await stage.reload();
}

describe('after a reload', () => {
  beforeEach(loseUpload);

  it('tells which uploads are unfinished', async () => {
    expect(stage.client().unfinished()).toEqual([
      {
        ...{ uploadId: 'upload-1', name: 'film.mp4', size: 100, lastModified: 1_700_000_000_000 },
        ...{ loaded: 30, savedAt: Date.now() },
      },
    ]);
  });

  it('the same file continues its upload', async () => {
    const client = stage.client();
    const upload = client.upload(fileOf());
    const next = await stage.transfer();

    expect(upload.id).toBe('upload-1');
    expect(next.options).toMatchObject({ enableResume: true });
    expect(bodies().at(-1)).toEqual({ uploadId: 'upload-1' });
    next.progress(20);
    expect(upload.state).toMatchObject({ loaded: 30 });
    expect(client.unfinished()).toEqual([]);
  });

  it.each([
    ['another name', fileOf('other.mp4'), {}],
    ['another size', fileOf('film.mp4', 101), {}],
    ['a cover', fileOf(), { cover: fileOf('cover.png') }],
  ])(
    'a file with %s begins a new one, without the session of the SDK',
    async (_, file, options) => {
      const upload = stage.client().upload(file, options);
      const next = await stage.transfer();

      expect(upload.id).toBe('upload-2');
      expect(next.options).toMatchObject({ enableResume: false });
    },
  );

  it.each([
    ['has ended', refusal(409, 'upload_finished')],
    ['was removed', refusal(410, 'upload_pruned')],
    ['is unknown', refusal(404, 'not_found')],
    [
      'is another caller’s',
      refusal(400, 'invalid_request', {
        errors: [{ path: 'uploadId', message: 'was not issued' }],
      }),
    ],
  ])('an upload that %s is replaced with a new one', async (_, answer) => {
    stage.service.answerNext('POST', answer);
    const upload = stage.client().upload(fileOf());
    const next = await stage.transfer();

    expect(bodies().slice(1)).toEqual([{ uploadId: 'upload-1' }, {}]);
    expect(upload.id).toBe('upload-2');
    expect(next.options).toMatchObject({ enableResume: false });
    expect(upload.state).toMatchObject({ name: 'preparing' });
  });

  it('another refusal is the reason of the failure, and the upload is not forgotten', async () => {
    stage.service.answerNext('POST', refusal(403, 'policy_denied'));
    const client = stage.client();
    const upload = client.upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({ name: 'failed', problem: { code: 'policy_denied' } });
    expect(client.unfinished()).toHaveLength(1);
  });

  it('a file that VOD already has is not sent again', async () => {
    stage.service.upload = { state: 'processing', fileId: 'file-1' };
    const upload = stage.client().upload(fileOf());
    await stage.pass();
    expect(upload.state).toMatchObject({ name: 'processing', fileId: 'file-1' });
    stage.service.upload = { state: 'ready', fileId: 'file-1' };
    await stage.pass(1_000);

    expect(upload.state.name).toBe('ready');
    expect(stage.sdk.uploads).toHaveLength(1);
  });

  it('is not kept from continuing by a service that says nothing about uploads', async () => {
    stage.service.answerNext('GET', refusal(403, 'insufficient_scope'));
    const upload = stage.client().upload(fileOf());
    await stage.transfer();

    expect(upload.id).toBe('upload-1');
  });

  it('nothing is left of an upload that was cancelled, was refused or is ready', async () => {
    const client = stage.client();
    const upload = client.upload(fileOf());
    await stage.transfer();
    await upload.cancel();

    expect(client.unfinished()).toEqual([]);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it('an upload is forgotten after a day, as VOD forgets it', async () => {
    vi.setSystemTime(Date.now() + 24 * 3_600_000);

    expect(stage.client().unfinished()).toEqual([]);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it('what others store is left alone', async () => {
    localStorage.setItem('vod-upload:', 'no note');
    localStorage.setItem('other', '{}');

    expect(stage.client().unfinished()).toHaveLength(1);
    expect(Object.keys(localStorage)).toContain('other');
  });
});

const ENDPOINTS = {
  'with uploads': { signature: `${ENDPOINT}/signature`, uploads: `${ENDPOINT}/uploads` },
  'without uploads': { signature: `${ENDPOINT}/signature` },
};

describe('a file that VOD has, of which the service has not heard,', () => {
  it('is remembered with its id before anything else happens', async () => {
    stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    await stage.reload();

    expect(stage.client().unfinished()).toMatchObject([
      { uploadId: 'upload-1', fileId: 'file-1', loaded: 100 },
    ]);
  });

  it('is not sent again after a reload, and does not wait for others', async () => {
    stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    await stage.reload();
    const client = stage.client({ concurrency: 1 });
    client.upload(fileOf('other.mp4'));
    await stage.transfer();
    const upload = client.upload(fileOf());
    await stage.pass(20_000);

    expect(upload.state).toMatchObject({ name: 'processing', fileId: 'file-1' });
    expect(upload.id).toBe('upload-1');
    stage.service.upload = { state: 'ready', fileId: 'file-1' };
    await stage.pass(20_000);
    expect(upload.state.name).toBe('ready');
    expect(stage.sdk.uploads).toHaveLength(2);
    expect(bodies()).toEqual([{}, {}]);
    await stage.reload();
    expect(Object.values(localStorage).join()).not.toContain('upload-1');
  });

  it('is not sent again after a sign-out', async () => {
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    stage.service.answerNext('GET', refusal(401, 'unauthorized'), refusal(401, 'unauthorized'));
    await stage.pass(1_000);
    expect(upload.state).toMatchObject({ name: 'failed', canResume: true });
    stage.service.upload = { state: 'issued' };
    upload.resume();
    await stage.pass(1_000);

    expect(upload.state).toMatchObject({ name: 'processing', fileId: 'file-1' });
    expect(stage.sdk.uploads).toHaveLength(1);
  });

  it('is not sent again after a sign-out and a reload', async () => {
    stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    stage.service.answerNext('GET', refusal(401, 'unauthorized'), refusal(401, 'unauthorized'));
    await stage.pass(1_000);
    await stage.reload();
    const upload = stage.client().upload(fileOf());
    await stage.pass(1_000);

    expect(upload.state).toMatchObject({ name: 'processing', fileId: 'file-1' });
    expect(stage.sdk.uploads).toHaveLength(1);
  });

  it.each(Object.entries(ENDPOINTS))(
    'is not sent again if it was stopped before VOD’s answer came (%s)',
    async (_, endpoint) => {
      const client = stage.client({ endpoint });
      const stop = new AbortController();
      const one = client.upload(fileOf(), { signal: stop.signal });
      const transfer = await stage.transfer();
      stop.abort();
      transfer.succeed('file-1');
      await stage.pass();
      expect(one.state.name).toBe('stopped');
      await stage.reload();
      const other = stage.client({ endpoint }).upload(fileOf());
      await stage.pass(1_000);

      expect(other.state).toMatchObject({ name: 'processing', fileId: 'file-1' });
      expect(stage.sdk.uploads).toHaveLength(1);
      expect(Object.keys(localStorage)).toHaveLength('uploads' in endpoint ? 1 : 0);
    },
  );

  it('is forgotten where the upload was cancelled before VOD’s answer came', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    await upload.cancel();
    transfer.succeed('file-1');
    await stage.pass();

    expect(Object.keys(localStorage)).toEqual([]);
  });

  it.each([
    ['unknown', refusal(404, 'not_found')],
    ['removed', refusal(410, 'upload_pruned')],
  ])('is sent as a new upload where the service says that its own is %s', async (_, answer) => {
    stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    await stage.reload();
    stage.service.answerNext('GET', answer);
    stage.service.answerNext('POST', answer);
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-2');
    await stage.pass();

    expect(upload.id).toBe('upload-2');
    expect(upload.state).toMatchObject({ name: 'processing', fileId: 'file-2' });
  });

  it('tells how its upload ended meanwhile', async () => {
    stage.client().upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    await stage.reload();
    stage.service.upload = { state: 'failed', problem: { code: 'limits_exceeded' } };
    const upload = stage.client().upload(fileOf());
    await stage.pass(1_000);

    expect(upload.state).toMatchObject({ name: 'failed', problem: { code: 'limits_exceeded' } });
    expect(stage.sdk.uploads).toHaveLength(1);
    expect(Object.keys(localStorage)).toEqual([]);
  });
});

describe('the same file twice', () => {
  it('are two uploads, of which the first can be continued', async () => {
    const client = stage.client();
    const one = client.upload(fileOf());
    await stage.transfer();
    const other = client.upload(fileOf());
    const transfer = await stage.transfer();

    expect([one.id, other.id]).toEqual(['upload-1', 'upload-2']);
    expect(transfer.options).toMatchObject({ enableResume: false });
    await other.cancel();
    expect(Object.values(localStorage)).toEqual([expect.stringContaining('upload-1')]);
  });

  it('one after the other are two uploads', async () => {
    const client = stage.client();
    const one = client.upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    stage.service.upload = { state: 'ready' };
    await stage.pass(1_000);
    expect(one.state.name).toBe('ready');
    const other = client.upload(fileOf());
    await stage.transfer();

    expect(other.id).toBe('upload-2');
  });

  it('after a sign-out are one upload', async () => {
    let token: string | undefined = 'token-1';
    const client = stage.client({ token: () => token });
    const one = client.upload(fileOf());
    const transfer = await stage.transfer();
    await transfer.sign();
    token = undefined;
    void transfer.sign();
    await stage.pass();
    expect(one.state.name).toBe('failed');
    token = 'token-2';
    const other = client.upload(fileOf());
    await stage.transfer();

    expect(other.id).toBe('upload-1');
  });
});

describe('without storage', () => {
  it.each([
    ['is none', () => undefined],
    [
      'is denied',
      () => {
        throw new DOMException('denied', 'SecurityError');
      },
    ],
  ])('that %s, uploads work and are not remembered', async (_, get) => {
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, get });
    const client = stage.client();
    const upload = client.upload(fileOf());
    (await stage.transfer()).progress(10);

    expect(upload.state.name).toBe('uploading');
    expect(client.unfinished()).toEqual([]);
  });

  it('that is full, uploads work', async () => {
    vi.spyOn(Object.getPrototypeOf(localStorage), 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).progress(10);

    expect(upload.state.name).toBe('uploading');
  });
});
