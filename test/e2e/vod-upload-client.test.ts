import { beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../tools/local/emulator/clock.ts';
import { happens, seen } from '../support/activities.ts';
import { fetchSha256, sha256 } from '../support/digest.ts';
import { type MadeFile, makeBytes } from '../support/made-file.ts';
import { useBrowserStage } from './browser-stage.ts';
import { type ClientPage, openClientPage } from './client-page.ts';
import { listParts, setSpeed } from './slow-storage.ts';

const MEBIBYTE = 1024 * 1024;

const stage = useBrowserStage(() => ({
  names: { classIds: [7] },
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20] },
}));
let app: ClientPage;
let seed = 1;

beforeEach(async () => {
  app = await openClientPage(stage);
});

function file(name: string, bytes: number): MadeFile {
  seed += 1;
  return { name, bytes, seed };
}

const limitSpeed = (bytesPerSecond: number | null) => setSpeed(stage.stack, bytesPerSecond);
const partNumbers = () => listParts(stage.stack);

/** Begins an upload of 8 MB, and resolves when three parts of it are stored. */
async function beginSlowly(key: string, media: MadeFile): Promise<number[]> {
  await limitSpeed(4 * MEBIBYTE);
  await app.begin(key, { file: media });
  await expect.poll(() => partNumbers().length).toBeGreaterThanOrEqual(3);
  return partNumbers().slice(0, 3);
}

function expectSentOnce(numbers: readonly number[]): void {
  const all = partNumbers();
  for (const number of numbers) expect(all.filter((sent) => sent === number)).toEqual([number]);
}

async function expectArrived(media: MadeFile, url: string | undefined): Promise<void> {
  expect(await fetchSha256(url ?? '')).toBe(sha256(makeBytes(media)));
}

/** Interrupts an upload of `media` that VOD has, has it go on, and resolves when the service was asked about it. */
async function interrupt(how: 'reload' | 'stop' | 'sign-out', media: MadeFile): Promise<void> {
  if (how === 'sign-out') {
    await app.signIn(false);
    await app.reaches('a', 'failed');
    await app.signIn(true);
    await app.act('a', 'resume');
  } else {
    if (how === 'reload') await app.page.reload();
    else await app.act('a', 'stop');
    expect(await app.unfinished()).toMatchObject([
      { name: media.name, fileId: expect.any(String) },
    ]);
    await app.begin('a', { file: media });
  }
  await app.reaches('a', 'processing');
  await expect.poll(async () => (await app.see('a')).state.upload).toBeDefined();
}

/** Resolves with the id of the upload that is cancelled first. */
async function cancellation(): Promise<unknown> {
  const { status, log } = await happens(
    stage.stack,
    'function',
    (call) => call.function === 'uploads' && call.method === 'DELETE',
  );
  expect(status).toBe(200);
  return log[0]?.['uploadId'];
}

const signatures = () =>
  seen(stage.stack, 'function').filter((call) => call.function === 'signature');

describe('the client with the vendor’s SDK', () => {
  it('brings a file and its cover to VOD, and tells when it can be used', async () => {
    const media = file('film.mp4', 3 * MEBIBYTE + 7);

    await app.begin('a', {
      file: media,
      cover: file('cover.png', 7_000),
      request: { classId: 7, procedure: 'LongVideoPreset', sourceContext: 'lesson 7' },
    });
    const { upload } = await app.reaches('a', 'ready');
    const { id, names } = await app.see('a');

    await expectArrived(media, upload?.mediaUrl);
    expect(upload).toMatchObject({ uploadId: id, classId: 7, sourceContext: 'lesson 7' });
    expect(names).toEqual(['waiting', 'preparing', 'uploading', 'processing', 'ready']);
    // Prepare, Apply and Commit, each with its own.
    expect(signatures()).toHaveLength(3);
    expect(await app.unfinished()).toEqual([]);
  });

  it('pauses without a request, and goes on where it was', async () => {
    const media = file('paused.mp4', 8 * MEBIBYTE);
    const before = await beginSlowly('a', media);
    const aborted = app.page.waitForEvent('requestfailed', (request) =>
      request.url().includes('partNumber'),
    );
    await app.act('a', 'pause');
    await aborted;
    expect((await app.see('a')).state.name).toBe('paused');

    await limitSpeed(null);
    await app.act('a', 'resume');
    const { upload } = await app.reaches('a', 'ready');

    await expectArrived(media, upload?.mediaUrl);
    expectSentOnce(before);
  });

  it.each(['reload', 'stop'] as const)(
    'continues the upload of the same file after a %s',
    async (interruption) => {
      const media = file('interrupted.mp4', 8 * MEBIBYTE);
      const before = await beginSlowly('a', media);
      const { id } = await app.see('a');
      if (interruption === 'reload') await app.page.reload();
      else await app.act('a', 'stop');
      expect(await app.unfinished()).toMatchObject([{ uploadId: id, name: 'interrupted.mp4' }]);

      await limitSpeed(null);
      await app.begin('a', { file: media });
      const { upload } = await app.reaches('a', 'ready');

      expect((await app.see('a')).id).toBe(id);
      await expectArrived(media, upload?.mediaUrl);
      expectSentOnce(before);
    },
  );

  it.each(['reload', 'stop', 'sign-out'] as const)(
    'sends nothing again after a %s when VOD has the file, and the service has not heard of it',
    async (interruption) => {
      // The sweep leaves files of the last minute to their notification, so VOD's clock is slow here.
      await stage.restart({
        emulator: { clock: createClock(() => new Date(Date.now() - 90_000)) },
      });
      app = await openClientPage(stage);
      stage.stack.faults.arm('lost-callback');
      const media = file('committed.mp4', 3 * MEBIBYTE);
      await app.begin('a', { file: media });
      await app.reaches('a', 'processing');
      await happens(stage.stack, 'notification', ({ outcome }) => outcome === 'held');
      const { id } = await app.see('a');
      await interrupt(interruption, media);

      expect((await app.see('a')).state).toMatchObject({
        name: 'processing',
        upload: { state: 'issued' },
      });
      const swept = await fetch(`${stage.stack.origin}/__local/sweep`, { method: 'POST' });
      expect(swept.status).toBe(200);
      const { upload } = await app.reaches('a', 'ready');

      expect((await app.see('a')).id).toBe(id);
      await expectArrived(media, upload?.mediaUrl);
      expect(seen(stage.stack, 'media').map(({ fileId }) => fileId)).toEqual([upload?.fileId]);
      expect(signatures()).toHaveLength(3);
      expect(await app.unfinished()).toEqual([]);
    },
  );

  it('begins another upload of a file whose upload was cancelled', async () => {
    const media = file('cancelled.mp4', 8 * MEBIBYTE);
    await beginSlowly('a', media);
    const { id } = await app.see('a');

    await app.act('a', 'cancel');

    expect((await app.see('a')).state).toEqual({ name: 'cancelled' });
    expect(await cancellation()).toBe(id);
    await limitSpeed(null);
    await app.begin('b', { file: media });
    const { upload } = await app.reaches('b', 'ready');
    expect((await app.see('b')).id).not.toBe(id);
    await expectArrived(media, upload?.mediaUrl);
  });

  it('waits at a sign-out, and sends nothing twice after the next sign-in', async () => {
    const media = file('signed-out.mp4', 8 * MEBIBYTE);
    await beginSlowly('a', media);
    await app.signIn(false);
    await limitSpeed(null);
    const { problem } = await app.reaches('a', 'failed');
    expect(problem).toMatchObject({ status: 401, code: 'unauthorized' });
    const before = partNumbers();

    await app.signIn(true);
    await app.act('a', 'resume');
    const { upload } = await app.reaches('a', 'ready');

    await expectArrived(media, upload?.mediaUrl);
    expectSentOnce(before);
  });

  it('sends two files at the same time, and the third after them', async () => {
    await limitSpeed(4 * MEBIBYTE);
    for (const key of ['a', 'b', 'c']) {
      await app.begin(key, { file: file(`${key}.mp4`, 2 * MEBIBYTE) });
    }
    await app.reaches('a', 'uploading');
    await app.reaches('b', 'uploading');
    expect((await app.see('c')).state.name).toBe('waiting');

    await limitSpeed(null);
    for (const key of ['a', 'b', 'c']) await app.reaches(key, 'ready');

    const ids = await Promise.all(['a', 'b', 'c'].map(async (key) => (await app.see(key)).id));
    expect(new Set(ids).size).toBe(3);
  });

  it('shows the reason of the service, not one of the SDK', async () => {
    await app.begin('a', { file: file('film.mp4', 9), request: { storageRegion: 'ap-soul' } });
    const { problem } = await app.reaches('a', 'failed');

    expect(problem).toMatchObject({
      ...{ status: 400, code: 'invalid_request' },
      errors: [{ path: 'storageRegion' }],
    });
    expect(signatures()).toHaveLength(1);
  });
});
