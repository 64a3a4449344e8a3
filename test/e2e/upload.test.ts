import { beforeEach, describe, expect, it } from 'vitest';
import { happens, seen } from '../support/activities.ts';
import { fetchSha256, sha256 } from '../support/digest.ts';
import { type MadeFile, makeBytes } from '../support/made-file.ts';
import { useBrowserStage } from './browser-stage.ts';
import { openSdkPage, type SdkPage } from './sdk-page.ts';

const MEBIBYTE = 1024 * 1024;
/** SDK options: parts of 1 MiB, the smallest possible, and two at a time. */
const IN_SMALL_PARTS = { chunkSize: MEBIBYTE, chunkParallelLimit: 2 };

const stage = useBrowserStage(() => ({
  names: { classIds: [7] },
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20] },
}));
let app: SdkPage;
let seed = 1;

beforeEach(async () => {
  app = await openSdkPage(stage.browser, stage.stack.origin);
});

function file(name: string, bytes: number): MadeFile {
  seed += 1;
  return { name, bytes, seed };
}

/** Resolves when the callback function has accepted the upload's `eventType`. */
async function callbackOf(fileId: string, eventType: string) {
  const { status, log } = await happens(
    stage.stack,
    'function',
    (call) =>
      call.function === 'callback' &&
      call.log.some((line) => line['eventType'] === eventType && line['fileId'] === fileId),
  );
  return { status, line: log[0] };
}

/** Numbers of the stored parts, in the order of their arrival. */
function partNumbersPut(): number[] {
  return seen(stage.stack, 'storage')
    .filter(({ operation, status }) => operation === 'UploadPart' && status === 200)
    .map(({ partNumber }) => partNumber ?? 0);
}

/**
 * Starts an upload that is slow enough to interrupt, and resolves with the numbers of three parts whose answers the
 * browser has received.
 */
async function startSlowly(id: string, media: MadeFile): Promise<number[]> {
  await limitSpeed(4 * MEBIBYTE);
  const answered: number[] = [];
  const enough = new Promise<number[]>((resolve) => {
    app.page.on('requestfinished', (request) => {
      const partNumber = new URL(request.url()).searchParams.get('partNumber');
      if (partNumber !== null && request.method() === 'PUT') answered.push(Number(partNumber));
      if (answered.length === 3) resolve([...answered]);
    });
  });
  await app.start(id, { media, options: IN_SMALL_PARTS });
  return enough;
}

function expectSentOnce(partNumbers: readonly number[]) {
  const all = partNumbersPut();
  for (const number of partNumbers) expect(all.filter((put) => put === number)).toEqual([number]);
}

/** Limits the speed of the emulator, so that an upload takes long enough to be interrupted. */
async function limitSpeed(bytesPerSecond: number | null) {
  const response = await fetch(`${stage.stack.origin}/__local/speed`, {
    method: 'POST',
    body: JSON.stringify({ bytesPerSecond }),
  });
  expect(response.status).toBe(200);
}

describe('an upload with the vendor’s Web SDK', () => {
  it('carries 30 MB, a cover and a procedure, and every byte and event arrives', async () => {
    const media = file('holiday.mp4', 30 * MEBIBYTE + 7);
    const cover = file('poster.png', 7_000);

    await app.start('a', {
      media,
      cover,
      request: {
        procedure: 'LongVideoPreset',
        classId: 7,
        sourceContext: '한글 & =+/',
        sessionContext: 'session-1',
      },
    });
    const { done, error, signatures, uploadId } = await app.ends('a');

    expect(error).toBeUndefined();
    const fileId = done?.fileId ?? '';
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    expect(await fetchSha256(done?.cover?.url ?? '')).toBe(sha256(makeBytes(cover)));
    // Prepare, Apply and Commit each ask for one, and no two are the same.
    expect(new Set(signatures).size).toBe(3);
    expect(await callbackOf(fileId, 'NewFileUpload')).toMatchObject({
      status: 200,
      line: { uploadId, owner: 'local-user', uploadMethod: 'client', sourceType: 'Upload' },
    });
    expect((await callbackOf(fileId, 'ProcedureStateChanged')).status).toBe(200);
    const { event } = await happens(
      stage.stack,
      'notification',
      ({ eventType }) => eventType === 'ProcedureStateChanged',
    );
    expect(event).toMatchObject({
      ProcedureStateChangeEvent: { FileId: fileId, SessionContext: 'session-1', Status: 'FINISH' },
    });
  });

  it.each([
    ['tiny', 1],
    ['empty', 0],
    ['exactly one part', 8 * MEBIBYTE],
  ])('carries a file that is %s', async (_name, bytes) => {
    const media = file('small.mp4', bytes);

    await app.start('a', { media });
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    expect((await callbackOf(done?.fileId ?? '', 'NewFileUpload')).status).toBe(200);
  });

  it('pauses without a request, and goes on where it was', async () => {
    const media = file('paused.mp4', 12 * MEBIBYTE);
    const before = await startSlowly('a', media);
    const aborted = app.page.waitForEvent('requestfailed', (request) =>
      request.url().includes('partNumber'),
    );

    await app.control('a', 'pause');
    await aborted;
    await limitSpeed(null);
    await app.control('a', 'resume');
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    expectSentOnce(before);
    const listings = seen(stage.stack, 'storage').filter(
      ({ operation }) => operation === 'ListParts',
    );
    expect(listings).toEqual([]);
  });

  it('uploads the rest when the same file is chosen again after a cancel', async () => {
    const media = file('cancelled.mp4', 12 * MEBIBYTE);
    const before = await startSlowly('a', media);

    await app.control('a', 'cancel');
    await limitSpeed(null);
    await app.start('b', { media, options: IN_SMALL_PARTS });
    const { done, error } = await app.ends('b');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    expect(await app.state('a')).not.toHaveProperty('done');
    expectSentOnce(before);
  });

  it('sends only the missing parts after a reload', async () => {
    const media = file('reloaded.mp4', 12 * MEBIBYTE);
    const before = await startSlowly('a', media);

    await app.page.reload();
    await limitSpeed(null);
    await app.start('b', { media, options: IN_SMALL_PARTS });
    const { done, error } = await app.ends('b');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    expectSentOnce(before);
  });

  it('continues after a restart of the stack', async () => {
    const media = file('restarted.mp4', 12 * MEBIBYTE);
    const before = await startSlowly('a', media);
    await app.control('a', 'cancel');
    await stage.restart({ port: Number(new URL(stage.stack.origin).port) });
    await app.start('b', { media, options: IN_SMALL_PARTS });
    const { done, error } = await app.ends('b');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    for (const partNumber of before) expect(partNumbersPut()).not.toContain(partNumber);
  });

  it('succeeds after one expired signature, since the SDK asks for a new one', async () => {
    stage.stack.faults.arm('expired-signature', 1);

    await app.start('a', { media: file('late.mp4', 1_000) });
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(done?.fileId).toMatch(/^\d+$/);
  });

  it('is refused with an expired signature', async () => {
    await app.start('a', {
      media: file('late.mp4', 1_000),
      reuseSignature: await issueSignature({ expiresIn: 1 }, 2_000),
    });
    const { done, error } = await app.ends('a');

    expect(done).toBeUndefined();
    expect(error).toMatchObject({ message: expect.stringContaining('expired') });
    const applies = seen(stage.stack, 'ugc').filter(({ action }) => action === 'ApplyUploadUGC');
    expect(applies.map(({ code }) => code)).toEqual([10010, 10010, 10010, 10010]);
  });

  it('is refused with a one-time signature that another upload has used', async () => {
    const reuseSignature = await issueSignature({ oneTimeValid: true });
    await app.start('a', { media: file('first.mp4', 1_000), reuseSignature });
    expect((await app.ends('a')).done?.fileId).toMatch(/^\d+$/);

    await app.start('b', { media: file('second.mp4', 2_000), reuseSignature });
    const { done, error } = await app.ends('b');

    expect(done).toBeUndefined();
    expect(error?.message).toContain('duplicate');
    expect(seen(stage.stack, 'media')).toHaveLength(1);
  });

  it('uses a new one-time signature for each of its requests', async () => {
    await app.start('a', { media: file('once.mp4', 1_000), request: { oneTimeValid: true } });

    expect((await app.ends('a')).done?.fileId).toMatch(/^\d+$/);
  });

  it('succeeds despite two failing parts and a dropped connection', async () => {
    const media = file('rough.mp4', 6 * MEBIBYTE);
    stage.stack.faults.arm('failed-part', 2);
    stage.stack.faults.arm('dropped-connection', 1);

    await app.start('a', { media, options: IN_SMALL_PARTS });
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    const struck = seen(stage.stack, 'fault').map(({ fault }) => fault);
    expect(struck.sort()).toEqual(['dropped-connection', 'failed-part', 'failed-part']);
  });

  it('gets new credentials when the old ones expire during the upload', async () => {
    const media = file('slow.mp4', 6 * MEBIBYTE);
    stage.stack.faults.arm('short-credentials', 10, 3);
    await limitSpeed(1.2 * MEBIBYTE);

    await app.start('a', { media, options: IN_SMALL_PARTS });
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    const applies = seen(stage.stack, 'ugc').filter(({ action }) => action === 'ApplyUploadUGC');
    expect(applies.length).toBeGreaterThan(1);
    expect(new Set(applies.map(({ vodSessionKey }) => vodSessionKey)).size).toBe(1);
  });

  it('works in the SDK’s S3 mode', async () => {
    const media = file('s3.mp4', 12 * MEBIBYTE);

    await app.start('a', { media, options: { storageType: 's3' } });
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    expect((await callbackOf(done?.fileId ?? '', 'NewFileUpload')).status).toBe(200);
  });

  it('replaces only a cover', async () => {
    await app.start('a', { media: file('covered.mp4', 1_000), cover: file('old.png', 500) });
    const first = await app.ends('a');
    const cover = file('new.jpg', 900);

    await app.start('b', { cover, options: { fileId: first.done?.fileId } });
    const { done, error } = await app.ends('b');

    expect(error).toBeUndefined();
    expect(done?.fileId).toBe(first.done?.fileId);
    expect(await fetchSha256(done?.cover?.url ?? '')).toBe(sha256(makeBytes(cover)));
  });

  it('creates one file and one event if the answer to its commit is lost', async () => {
    stage.stack.faults.arm('lost-commit-answer', 1);

    await app.start('a', { media: file('lost.mp4', 1_000) });
    const { done, error } = await app.ends('a');
    expect(error).toBeUndefined();
    await callbackOf(done?.fileId ?? '', 'NewFileUpload');

    // Notifications are sent in order, so a second event would be sent before that of the next upload.
    await app.start('b', { media: file('next.mp4', 1_001) });
    const next = await app.ends('b');
    await happens(stage.stack, 'notification', ({ fileId }) => fileId === next.done?.fileId);
    expect(seen(stage.stack, 'notification').map(({ fileId }) => fileId)).toEqual([
      done?.fileId,
      next.done?.fileId,
    ]);
    expect(seen(stage.stack, 'media')).toHaveLength(2);
  });

  it('succeeds although apply is unavailable twice', async () => {
    stage.stack.faults.arm('apply-unavailable', 2);

    await app.start('a', { media: file('patient.mp4', 1_000) });
    const { done, error, signatures } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(done?.fileId).toMatch(/^\d+$/);
    expect(signatures.length).toBe(5);
  });

  it('is stored in the region that the signature names', async () => {
    await app.start('a', {
      media: file('seoul.mp4', 1_000),
      request: { storageRegion: 'ap-seoul' },
    });
    const { done } = await app.ends('a');

    const { event } = await happens(
      stage.stack,
      'notification',
      ({ fileId }) => fileId === done?.fileId,
    );
    expect(event).toMatchObject({
      FileUploadEvent: { MediaBasicInfo: { StorageRegion: 'ap-seoul' } },
    });
  });

  it('is refused in a region that is not enabled', async () => {
    await app.start('a', {
      media: file('moscow.mp4', 1_000),
      request: { storageRegion: 'eu-moscow' },
    });
    const { error } = await app.ends('a');

    expect(error?.message).toContain('eu-moscow');
  });

  it('is refused by commit if the size is not the declared one', async () => {
    await app.page.route('**/v3/index.php?Action=ApplyUploadUGC', (route) => {
      const body = JSON.parse(route.request().postData() ?? '{}');
      return route.continue({ postData: JSON.stringify({ ...body, videoSize: 999 }) });
    });

    await app.start('a', { media: file('liar.mp4', 1_000) });
    const { done, error } = await app.ends('a');

    expect(done).toBeUndefined();
    expect(error?.message).toMatch(/1,?000.*999|999.*1,?000/);
    expect(seen(stage.stack, 'notification')).toEqual([]);
  });

  it('is not recorded by the callback function if the notification has a wrong Sign', async () => {
    stage.stack.faults.arm('wrong-sign', 1);

    await app.start('a', { media: file('forged.mp4', 1_000) });
    await app.ends('a');

    const { log } = await happens(stage.stack, 'function', (call) => call.function === 'callback');
    expect(log[0]).toMatchObject({ status: 401, code: 'unauthorized' });
  });
});

/**
 * Asks the signature function as an app's own code would, and waits until the signature has expired if
 * `ageMilliseconds` is set.
 */
async function issueSignature(
  request: Readonly<Record<string, unknown>>,
  ageMilliseconds = 0,
): Promise<string> {
  const { token } = await post('/__local/token', {});
  const { signature = '', expiresAt = '' } = await post('/signature', request, token);
  const end = Date.parse(expiresAt);
  if (ageMilliseconds > 0) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, end + 1_000 - Date.now())));
  }
  return signature;
}

async function post(
  path: string,
  body: unknown,
  token = '',
): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Readonly<Record<string, string>>;
}
