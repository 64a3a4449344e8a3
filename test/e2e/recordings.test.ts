import type { Page } from 'playwright-core';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { happens } from '../support/activities.ts';
import { LENGTHLESS } from '../support/lengthless-media.ts';
import { useBrowserStage } from './browser-stage.ts';
import { type FetchedFile, openSdkPage, type SdkPage } from './sdk-page.ts';

const WEBM = ['video/webm', 'video/webm;codecs=vp9,opus', 'audio/webm'] as const;
const MP4 = ['video/mp4', 'audio/mp4'] as const;
const TOO_SHORT = { maxSeconds: 1 };
const AMPLE = { maxSeconds: 60 };

const stage = useBrowserStage(() => ({
  emulator: { attemptWaits: [0, 20, 20] },
  custom: {
    upload: {
      policy: {
        profiles: { default: {}, brief: AMPLE },
        select: [{ profile: 'brief', claim: { name: 'sub', value: 'local-page' } }],
      },
    },
  },
}));
let sql: postgres.Sql;

beforeEach(() => {
  sql = postgres(stage.stack.databaseUrl, { max: 1 });
});
afterEach(() => sql.end());

/** Text, since it runs in the browser and not in this program. */
const RECORD = `async (type) => {
  if (!MediaRecorder.isTypeSupported(type)) return undefined;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 64, height: 48 });
  const brush = canvas.getContext('2d');
  const drawing = setInterval(() => brush.fillRect(Math.random() * 64, 0, 9, 9), 50);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const sound = audio.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const stream = new MediaStream([
    ...(type.startsWith('audio') ? [] : canvas.captureStream(20).getTracks()),
    ...(type === 'video/webm' ? [] : sound.stream.getTracks()),
  ]);
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const pieces = [];
  await new Promise((stopped) => {
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = stopped;
    recorder.start(200);
    setTimeout(() => recorder.stop(), 2_500);
  });
  clearInterval(drawing);
  await audio.close();
  return URL.createObjectURL(new Blob(pieces, { type }));
}`;

/**
 * Has the page record 2.5 seconds in pieces, as apps do that send the pieces while they record, and returns the
 * complete file.
 */
async function record(page: Page, mimeType: string): Promise<FetchedFile> {
  const url: unknown = await page.evaluate(`(${RECORD})(${JSON.stringify(mimeType)})`);
  if (typeof url !== 'string') throw new Error(`This Chromium does not record ${mimeType}`);
  return { name: `recording.${/\/(\w+)/.exec(mimeType)?.[1]}`, url };
}

async function send(method: string, path: string, body?: object, token = '') {
  const response = await fetch(`${stage.stack.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return Object(await response.json());
}

async function uploadOf(uploadId = '') {
  const { token } = await send('POST', '/__local/token', { scope: 'upload:read', sub: 'app' });
  return send('GET', `/uploads/${uploadId}`, undefined, token);
}

/** Uploads with the vendor's SDK, and returns the upload once the ledger has recorded that its file arrived. */
async function upload(app: SdkPage, media: FetchedFile, limits?: object) {
  const request = limits === undefined ? {} : { limits };
  await app.start('a', { media, request, caller: { sub: 'app' } });
  const { done, error, uploadId } = await app.ends('a');
  expect([error, done?.fileId]).toEqual([undefined, expect.any(String)]);
  await happens(stage.stack, 'webhook', (call) => {
    return call.uploadId === uploadId && call.eventType.startsWith('upload.');
  });
  return uploadOf(uploadId);
}

/** Lets the time pass that VOD has to read a file. */
async function passTenMinutes(): Promise<void> {
  await sql`update media_actions set created_at = created_at - interval '10 minutes',
    next_attempt_at = next_attempt_at - interval '10 minutes'`;
}

describe('what Chromium records', () => {
  let app: SdkPage;

  beforeEach(async () => {
    app = await openSdkPage(stage.browser, stage.stack.origin);
  });

  it.each(WEBM)(
    'has no length as %s, so an upload with a limit on its length is rejected',
    async (type) => {
      const held = await upload(app, await record(app.page, type), AMPLE);
      expect(held).toMatchObject({ state: 'uploaded', size: expect.any(Number) });
      expect(held).not.toHaveProperty('duration');

      await passTenMinutes();
      await send('POST', '/__local/sweep');

      expect(await uploadOf(held.uploadId)).toMatchObject({
        state: 'rejected',
        problem: { code: 'media_unreadable', rules: ['maxSeconds'] },
      });
    },
  );

  it('is accepted as webm if nothing limits its length', async () => {
    const limits = { maxBytes: 10_000_000, mediaTypes: ['webm'] };
    expect(await upload(app, await record(app.page, 'video/webm'), limits)).toMatchObject({
      state: 'ready',
    });
  });

  it.each(MP4)('has a length as %s, although it is written piece by piece', async (type) => {
    const file = await record(app.page, type);
    const { state, duration } = await upload(app, { ...file, name: 'a.mp4' }, AMPLE);
    expect([state, duration > 1 && duration < 60]).toEqual(['ready', true]);
    expect(await upload(app, { ...file, name: 'b.mp4' }, TOO_SHORT)).toMatchObject({
      state: 'rejected',
      problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 1, actual: duration },
    });
  });
});

describe('an empty file that the vendor’s Web SDK uploads', () => {
  const empty = async () => {
    const app = await openSdkPage(stage.browser, stage.stack.origin);
    const url = `${stage.stack.origin}/app/empty.mp4`;
    await app.page.route(url, (route) => route.fulfill({ body: Buffer.alloc(0) }));
    return { app, media: { name: 'empty.mp4', url } };
  };

  it('is accepted if nothing limits it', async () => {
    const { app, media } = await empty();
    expect(await upload(app, media)).toMatchObject({ state: 'ready' });
  });

  it('is rejected after ten minutes if something limits it', async () => {
    const { app, media } = await empty();
    const limits = { maxBytes: 100, maxSeconds: 60, mediaTypes: ['mp4'] };
    const { state, uploadId } = await upload(app, media, limits);
    expect(state).toBe('uploaded');

    await passTenMinutes();
    await send('POST', '/__local/sweep');

    expect(await uploadOf(uploadId)).toMatchObject({
      state: 'rejected',
      problem: { code: 'media_unreadable', rules: Object.keys(limits) },
    });
  });
});

describe('the page', () => {
  it('says in plain words why a recording without a length is not accepted', async () => {
    const page = await stage.openPage();
    const buffer = LENGTHLESS.webm;
    await page.setInputFiles('#file', { name: 'recording.webm', mimeType: 'video/webm', buffer });
    await page.click('#start');
    const sweep = async () => {
      await page.click('nav a[href="#lab"]');
      await page.click('#sweep-run');
      await page.waitForSelector('#sweep-run[aria-disabled="false"]');
      await page.click('nav a[href="#upload"]');
    };
    await page.waitForSelector('#upload-state[data-ledger="uploaded"]');
    await sweep();
    await page.waitForSelector('#life .timeline-entry[data-kind="action"] [data-tone="warn"]');
    expect(await page.locator('#life').innerText()).toContain(
      'VOD has not reported yet what the limits of this upload need',
    );

    await passTenMinutes();
    await sweep();

    await page.waitForSelector('#upload-state[data-ledger="rejected"]');
    const told = page.locator('#life .timeline-entry[data-title="rejected"]');
    expect(await told.innerText()).toContain(
      'VOD finds no duration in the file, and its upload allows 60 seconds.',
    );
  });
});
