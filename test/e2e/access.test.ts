import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildVideo } from '../../tools/local/emulator/pull/sample-video.ts';
import { happens, seen } from '../support/activities.ts';
import { useBrowserStage } from './browser-stage.ts';
import { type Caller, type FetchedFile, openSdkPage, type SdkPage } from './sdk-page.ts';

const MEBIBYTE = 1024 * 1024;

/** Scopes of a caller, by the profile that they select. */
const SCOPES = { anywhere: 'regions:all', brief: 'films:brief', single: 'one', paced: 'slow' };

const POLICY = {
  profiles: {
    default: { regions: ['ap-singapore'] },
    anywhere: {},
    brief: { maxSeconds: 60 },
    single: { quotas: { openUploads: 1 } },
    paced: { quotas: { signaturesPerMinute: 1 } },
  },
  select: Object.entries(SCOPES).map(([profile, scope]) => ({ profile, scope })),
};

const TWO_MINUTES = buildVideo(120);
/** Windows would run it (https://learn.microsoft.com/windows/win32/debug/pe-format); no player can play it. */
const EXECUTABLE = Buffer.concat([
  Buffer.from('MZ'),
  Buffer.alloc(58),
  Buffer.from([64, 0, 0, 0]),
  Buffer.from('PE\0\0d\x86'),
  Buffer.alloc(50_000, 0xcc),
]);

const stage = useBrowserStage(() => ({
  custom: { upload: { policy: POLICY } },
  emulator: { attemptWaits: [0, 20, 20] },
}));
let app: SdkPage;
let sql: postgres.Sql;

beforeEach(async () => {
  app = await openSdkPage(stage.browser, stage.stack.origin);
  sql = postgres(stage.stack.databaseUrl, { max: 1 });
});
afterEach(() => sql.end());

/** Makes a file of these bytes available to the page. */
async function film(bytes: Buffer, name = 'film.mp4'): Promise<FetchedFile> {
  const url = `${stage.stack.origin}/app/${name}`;
  await app.page.route(url, (route) => route.fulfill({ body: bytes }));
  return { name, url };
}

/** Returns the caller of an app to whom the policy gives this profile. */
function callerIn(profile: keyof typeof SCOPES): Caller {
  return { scope: `upload:sign ${SCOPES[profile]}` };
}

async function ask(method: string, path: string, scope: string, body?: object) {
  const { token } = await send('POST', '/__local/token', { body: { scope } });
  return send(method, path, { body, token: String(token) });
}

async function send(
  method: string,
  path: string,
  { body, token = '' }: { readonly body?: object | undefined; readonly token?: string } = {},
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return Object(await response.json());
}

function uploadOf(uploadId = '') {
  return ask('GET', `/uploads/${uploadId}`, 'upload:read');
}

async function uploadIds() {
  const rows = await sql`select upload_id from uploads order by created_at, upload_id`;
  return rows.map((row) => row['upload_id']);
}

async function mediaIds() {
  const { media } = await send('GET', '/__local/info');
  return [media].flat().map((each) => Object(each)['fileId']);
}

function sweep() {
  return send('POST', '/__local/sweep');
}

function deletions() {
  return seen(stage.stack, 'api').filter(({ action }) => action === 'DeleteMedia');
}

/** Resolves once the consumer has received a message of this type about `uploadId`. */
function isTold(eventType: string, uploadId?: string) {
  return happens(
    stage.stack,
    'webhook',
    (call) => call.eventType === eventType && call.uploadId === uploadId,
  );
}

/** Resolves once the callback function has received the notification that the file is deleted. */
function isGone(file?: string) {
  return happens(
    stage.stack,
    'notification',
    ({ eventType, fileId, outcome }) =>
      eventType === 'FileDeleted' && fileId === file && outcome === 'delivered',
  );
}

/** Runs the sweep until nothing is left to do, and expects the upload to end as `problem` says. */
async function expectRejected(
  { uploadId, fileId }: { readonly uploadId?: string; readonly fileId: string },
  problem: object,
): Promise<void> {
  const { data, ...told } = await isTold('upload.rejected', uploadId);
  expect(told).toMatchObject({ verified: true, status: 204, attempt: 1 });
  expect(data).toMatchObject({ state: 'rejected', problem });
  await sweep();
  await isGone(fileId);
  await sweep();

  expect(await uploadOf(uploadId)).toMatchObject({ state: 'rejected', fileId, problem });
  expect(deletions()).toHaveLength(1);
  expect(deletions()[0]?.code).toBeUndefined();
  expect(await mediaIds()).toEqual([]);
}

/** Uploads until the SDK reports the end. */
async function upload(id: string, plan: Parameters<SdkPage['start']>[1]) {
  await app.start(id, plan);
  const { done, error, uploadId, signatures } = await app.ends(id);
  expect(error).toBeUndefined();
  return { fileId: done?.fileId ?? '', signatures, ...(uploadId ? { uploadId } : {}) };
}

/** Returns the problem that the app receives when its upload may not begin. */
async function refusal(id: string, plan: Parameters<SdkPage['start']>[1]) {
  await app.start(id, plan);
  const { done, error } = await app.ends(id);
  expect(done).toBeUndefined();
  expect(error?.message).toBe(error?.problem?.['detail']);
  return error?.problem;
}

describe('a file and the limits of its signature', () => {
  const tooLong = { code: 'limits_exceeded', rule: 'maxSeconds', limit: 60, actual: 120 };
  const tooLarge = {
    ...{ code: 'limits_exceeded', rule: 'maxBytes' },
    ...{ limit: MEBIBYTE, actual: TWO_MINUTES.length },
  };

  it.each([
    ['is longer than the request allows', { limits: { maxSeconds: 60 } }, {}, tooLong],
    [
      'is larger than the request allows',
      { limits: { maxBytes: MEBIBYTE, maxSeconds: 120 } },
      {},
      tooLarge,
    ],
    ['is longer than its caller’s profile allows', {}, callerIn('brief'), tooLong],
  ])('is removed if it %s', async (_what, request, caller, problem) => {
    const uploaded = await upload('a', { media: await film(TWO_MINUTES), request, caller });

    await expectRejected(uploaded, problem);
  });

  it('stays if it is within the limits', async () => {
    const limits = { maxSeconds: 120, maxBytes: TWO_MINUTES.length, mediaTypes: ['mp4'] };
    const { uploadId, fileId } = await upload('a', {
      ...{ media: await film(TWO_MINUTES), request: { limits } },
    });

    expect((await isTold('upload.ready', uploadId)).verified).toBe(true);
    await sweep();
    expect(await mediaIds()).toEqual([fileId]);
    expect(deletions()).toEqual([]);
  });

  it('is removed ten minutes later if it is a program named like a film, which VOD cannot read', async () => {
    const limits = { maxSeconds: 60, mediaTypes: ['mp4'] };
    const uploaded = await upload('a', { media: await film(EXECUTABLE), request: { limits } });
    await isTold('upload.uploaded', uploaded.uploadId);

    // Ten minutes, with a check every two.
    for (let minutes = 0; minutes < 10; minutes += 2) {
      await sweep();
      expect(await uploadOf(uploaded.uploadId)).toMatchObject({ state: 'uploaded' });
      await sql`update media_actions set created_at = created_at - interval '2 minutes',
        next_attempt_at = next_attempt_at - interval '2 minutes'
        where file_id = ${uploaded.fileId} and kind = 'inspect'`;
    }
    expect(deletions()).toEqual([]);
    await sweep();

    await expectRejected(uploaded, {
      ...{ code: 'media_unreadable', rules: ['maxSeconds', 'mediaTypes'] },
    });
  });
});

describe('a quota', () => {
  const short = buildVideo(1);

  it('of one open upload counts all signatures of an upload once, and is free again when the upload ends', async () => {
    const caller = callerIn('single');
    stage.stack.faults.arm('apply-unavailable', 2);
    // It would take more than a minute, so it is still being sent when the second one is refused.
    await send('POST', '/__local/speed', { body: { bytesPerSecond: MEBIBYTE / 32 } });
    await app.start('a', { media: await film(TWO_MINUTES), caller });
    await happens(
      stage.stack,
      'ugc',
      ({ action, code }) => action === 'ApplyUploadUGC' && code === 0,
    );

    const second = { media: await film(short, 'second.mp4'), caller };
    const refused = await refusal('b', second);

    expect(refused).toMatchObject({
      ...{ status: 429, code: 'quota_exceeded' },
      quota: { rule: 'openUploads', limit: 1, used: 1 },
    });
    await send('POST', '/__local/speed', { body: { bytesPerSecond: null } });
    const { done, error, uploadId, signatures } = await app.ends('a');
    expect(error).toBeUndefined();
    expect(done?.fileId).toMatch(/^\d+$/);
    expect(new Set(signatures).size).toBe(5);
    await isTold('upload.ready', uploadId);
    expect(await uploadIds()).toEqual([uploadId]);

    const next = await upload('c', second);
    expect(await uploadIds()).toEqual([uploadId, next.uploadId]);
  });

  it('of one new upload a minute counts all signatures of an upload once, and is free again after a minute', async () => {
    const caller = callerIn('paced');
    stage.stack.faults.arm('apply-unavailable', 2);
    const first = await upload('a', { media: await film(short), caller });
    expect(new Set(first.signatures).size).toBe(5);

    const second = { media: await film(short, 'second.mp4'), caller };
    const refused = await refusal('b', second);

    expect(refused).toMatchObject({
      ...{ status: 429, code: 'quota_exceeded' },
      quota: { rule: 'signaturesPerMinute', limit: 1, used: 1 },
    });
    expect(await uploadIds()).toEqual([first.uploadId]);
    await sql`update uploads set created_at = created_at - interval '1 minute'`;
    const next = await upload('c', second);
    expect(await uploadIds()).toEqual([first.uploadId, next.uploadId]);
  });
});

describe('a profile that a scope selects', () => {
  it('allows what the default denies', async () => {
    const plan = { media: await film(buildVideo(1)), request: { storageRegion: 'ap-tokyo' } };

    expect(await refusal('a', plan)).toMatchObject({
      ...{ status: 403, code: 'policy_denied' },
      errors: [{ path: 'storageRegion', rule: 'regions', message: 'must be ap-singapore' }],
    });
    expect(await uploadIds()).toEqual([]);
    // Another one of the emulator's regions is nearest.
    const unnamed = await upload('unnamed', { ...plan, request: {} });
    expect((await isTold('upload.ready', unnamed.uploadId)).data).toMatchObject({
      storageRegion: 'ap-singapore',
    });
    const { uploadId } = await upload('b', { ...plan, caller: callerIn('anywhere') });
    expect((await isTold('upload.ready', uploadId)).data).toMatchObject({
      storageRegion: 'ap-tokyo',
    });
  });
});

describe('a second file with the same signature', () => {
  it('is removed, and the upload keeps its first file', async () => {
    const { signature, uploadId } = await ask('POST', '/signature', 'upload:sign', {});
    const reuseSignature = String(signature);
    const [one, other] = [await film(buildVideo(1)), await film(buildVideo(2), 'other.mp4')];
    await Promise.all([
      app.start('a', { media: one, reuseSignature }),
      app.start('b', { media: other, reuseSignature }),
    ]);
    const ends = await Promise.all([app.ends('a'), app.ends('b')]);
    const fileIds = ends.map(({ done }) => done?.fileId ?? '');
    for (const file of fileIds) {
      await happens(
        stage.stack,
        'notification',
        ({ fileId, outcome }) => fileId === file && outcome === 'delivered',
      );
    }
    const before = await uploadOf(String(uploadId));
    expect(before).toMatchObject({ state: 'ready' });
    expect(fileIds).toContain(before['fileId']);

    await sweep();
    await isGone(fileIds.find((fileId) => fileId !== before['fileId']));
    await sweep();

    expect(await mediaIds()).toEqual([before['fileId']]);
    expect(deletions()).toHaveLength(1);
    expect(await uploadOf(String(uploadId))).toEqual(before);
    expect(await uploadIds()).toEqual([uploadId]);
    // A new signature for the same upload does not allow a third one either.
    expect(await refusal('c', { media: one, request: { uploadId } })).toMatchObject({
      ...{ status: 409, code: 'upload_finished' },
    });
  });
});
