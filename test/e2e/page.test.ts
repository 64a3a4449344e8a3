import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { seen } from '../support/activities.ts';
import { fetchSha256, sha256 } from '../support/digest.ts';
import { useBrowserStage } from './browser-stage.ts';

const MEBIBYTE = 1024 * 1024;

const stage = useBrowserStage(() => ({ emulator: { procedureMilliseconds: 20 } }));
let page: Page;

beforeEach(async () => {
  page = await stage.openPage();
});

function reaches(state: string) {
  return page.waitForSelector(`#upload-state[data-phase="${state}"]`);
}

async function readPercent() {
  return Number.parseInt((await page.textContent('#percent')) ?? '', 10);
}

/** Resolves with the page's text about the parts that it found in storage. */
function keptParts() {
  return page.textContent('[data-stage="upload"]');
}

/** Uploads the file at `path`, or one with the given content, with the page. */
async function upload(chosen: Parameters<Page['setInputFiles']>[1]) {
  await page.setInputFiles('#file', chosen);
  await page.click('#start');
}

async function uploadSmallFile() {
  await upload(await stage.makeFile('a.mp4', 1_000));
}

function setSpeed(bytesPerSecond: number | null) {
  return fetch(`${stage.stack.origin}/__local/speed`, {
    method: 'POST',
    body: JSON.stringify({ bytesPerSecond }),
  });
}

/**
 * Starts the upload of eight parts, and resolves with the file's path when some are stored and the others wait.
 *
 * Four parts are sent at a time, and network buffers accept most of their bytes.
 */
async function uploadPartly(): Promise<string> {
  const path = await stage.makeFile('a.mp4', 64 * MEBIBYTE);
  await setSpeed(32 * MEBIBYTE);
  await upload(path);
  await page.waitForSelector('.part[data-state="stored"]');
  await setSpeed(MEBIBYTE / 4);
  return path;
}

/** Has the browser film a canvas, which gives a small real video. */
async function filmVideo(): Promise<Buffer> {
  const base64 = await page.evaluate(`new Promise((resolve) => {
    const canvas = document.createElement('canvas');
    canvas.width = 320; canvas.height = 180;
    const draw = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm' });
    const chunks = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    recorder.onstop = async () => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.split(',')[1]);
      reader.readAsDataURL(new Blob(chunks));
    };
    let frame = 0;
    const timer = setInterval(() => {
      draw.fillStyle = 'hsl(' + frame * 9 + ' 60% 50%)';
      draw.fillRect(0, 0, 320, 180);
      frame += 1;
      if (frame === 30) { clearInterval(timer); recorder.stop(); }
    }, 40);
    recorder.start();
  })`);
  return Buffer.from(String(base64), 'base64');
}

describe('the page', () => {
  it('uploads a film, plays it from the emulator and shows the unchanged event', async () => {
    const buffer = await filmVideo();
    await page.click('#options summary');
    await page.fill('#procedure', 'LongVideoPreset');
    await upload({ name: 'film.webm', mimeType: 'video/webm', buffer });
    await reaches('done');

    for (const stage of ['signature', 'apply', 'upload', 'commit', 'callback', 'procedure']) {
      await page.waitForSelector(`[data-stage="${stage}"][data-state="done"]`);
    }
    await page.waitForSelector('video#player');
    await page.evaluate(`new Promise((loaded) => {
      const video = document.querySelector('video#player');
      if (video.readyState > 0) loaded();
      else video.addEventListener('loadedmetadata', () => loaded());
    })`);
    expect(await page.evaluate('document.querySelector("video#player").videoWidth')).toBe(320);
    const fileId = await page.textContent('#file-id');
    const event = JSON.parse((await page.textContent('#event-json')) ?? '');
    expect(event.FileUploadEvent).toMatchObject({
      FileId: fileId,
      MetaData: { Size: buffer.length, Width: 320, Height: 180 },
    });
    expect(await page.textContent('#received-lines')).toContain(String(fileId));
    const url = (await page.textContent('#media-url')) ?? '';
    expect(await fetchSha256(url)).toBe(sha256(buffer));
    expect(stage.faults).toEqual([]);
  });

  it('never shows a secret', async () => {
    await uploadSmallFile();
    await reaches('done');
    await page.waitForSelector('[data-stage="callback"][data-state="done"]');

    const everything =
      (await page.content()) + (await page.evaluate('JSON.stringify(localStorage)'));

    expect(everything).not.toContain(stage.stack.account.secretKey);
    expect(everything).not.toContain(stage.stack.account.signKey);
    expect(everything).not.toContain('local-jwt-secret-');
    expect(JSON.stringify(seen(stage.stack, 'function'))).not.toContain(
      stage.stack.account.secretKey,
    );
  });

  it('says before anything is signed that a file is not media, and which types are', async () => {
    const problem = page.locator('#file-problem:visible');
    for (const name of ['notes.pdf', 'holiday.heic', 'script.MP4.exe', 'README']) {
      await page.setInputFiles('#file', await stage.makeFile(name, 1_000));

      await problem.waitFor();
      for (const type of ['mp4', 'mkv', 'mp3', 'png']) {
        expect(await problem.innerText()).toMatch(new RegExp(`\\b${type}\\b`));
      }
      expect(await page.isDisabled('#start')).toBe(true);
      await page.click('#reset');
    }
    expect(seen(stage.stack, 'function').filter((call) => call.method === 'POST')).toEqual([]);

    await page.setInputFiles('#file', await stage.makeFile('film.MP4', 1_000));
    await page.waitForSelector('#start:enabled');
    expect(await problem.count()).toBe(0);
  });

  it('says the same about a cover', async () => {
    await page.setInputFiles('#file', await stage.makeFile('film.mp4', 1_000));
    await page.setInputFiles('#cover', await stage.makeFile('poster.webp', 1_000));

    await page.waitForSelector('#file-problem:has-text("poster.webp")');
    expect(await page.isDisabled('#start')).toBe(true);
    await page.setInputFiles('#cover', await stage.makeFile('poster.png', 1_000));
    await page.waitForSelector('#start:enabled');
  });

  it('shows a refusal next to the field that it is about', async () => {
    await page.setInputFiles('#file', await stage.makeFile('a.mp4', 1_000));
    await page.click('#options summary');
    await page.fill('#classId', '-1');
    await page.click('#start');

    await page.waitForSelector('#classId-error:not(:empty)');
    expect(await page.textContent('#classId-error')).toContain('whole number from 0');
    expect(await page.getAttribute('#classId', 'aria-invalid')).toBe('true');
  });

  it('pauses, resumes and finishes', async () => {
    const film = await stage.makeFile('a.mp4', 40 * MEBIBYTE);
    await setSpeed(20 * MEBIBYTE);
    await upload(film);
    await page.waitForSelector('#pause[aria-disabled="false"]');

    const before = await readPercent();
    await page.click('#pause');
    await reaches('paused');
    expect(await readPercent()).toBeGreaterThanOrEqual(before);
    await setSpeed(null);
    await page.click('#resume');
    await reaches('done');

    expect(await fetchSha256((await page.textContent('#media-url')) ?? '')).toBe(
      sha256(await readFile(film)),
    );
  });

  it('stops when the upload is cancelled, and continues there on retry', async () => {
    await uploadPartly();

    await page.click('#stop');
    await reaches('cancelled');
    await setSpeed(null);
    await page.click('#retry');
    await reaches('done');

    expect(await keptParts()).toMatch(/[1-9] kept from before/);
  });

  it('shows after a reload which upload was interrupted, and sends only its missing parts', async () => {
    const film = await uploadPartly();

    await page.reload();
    await page.waitForSelector('#resume-banner:visible');
    expect(await page.textContent('#resume-banner')).toContain('a.mp4');
    await setSpeed(null);
    await upload(film);
    await reaches('done');

    expect(await keptParts()).toMatch(/[1-9] kept from before/);
    expect(await page.isVisible('#resume-banner')).toBe(false);
  });

  it('says what failed and what to do, and retries', async () => {
    stage.stack.faults.arm('expired-signature', 4);
    await uploadSmallFile();
    await reaches('failed');
    expect(await page.textContent('#failure-code')).toContain('10010');
    expect(await page.textContent('#failure')).toContain('expired');

    await page.click('#retry');
    await reaches('done');
  });

  it('arms a fault with its button', async () => {
    await page.click('nav a:text("Lab")');
    await page.click('[data-fault="duplicate-callback"]');

    await page.waitForSelector('[data-fault="duplicate-callback"][data-armed="true"]');
    expect(stage.stack.faults.armed()).toEqual([{ fault: 'duplicate-callback', times: 1 }]);
  });

  it('says that the stack is not available, and continues when it is available again', async () => {
    const port = Number(new URL(stage.stack.origin).port);
    await stage.stack.close();
    await page.waitForSelector('#offline-banner:visible');

    await stage.restart({ port });
    await page.click('#reconnect');
    await page.waitForSelector('#connection[data-state="open"]');

    await uploadSmallFile();
    await reaches('done');
  });

  it('is used by keyboard alone', async () => {
    await page.setInputFiles('#file', await stage.makeFile('a.mp4', 1_000));
    // Choosing a file moves the focus to the start button.
    await page.waitForSelector('#start:focus');
    await page.keyboard.press('Enter');

    await reaches('done');
  });

  it.each([
    { width: 390, height: 844 },
    { width: 1280, height: 900 },
  ])('fits a window of $width pixels in each state', async (viewport) => {
    await page.setViewportSize(viewport);
    const widths: unknown[] = [];
    const measure = async () =>
      widths.push(await page.evaluate('document.documentElement.scrollWidth'));

    await measure();
    await page.setInputFiles(
      '#file',
      await stage.makeFile(`${'long-name-'.repeat(12)}.mp4`, 1_000),
    );
    await measure();
    await page.click('#start');
    await reaches('done');
    await page.waitForSelector('[data-stage="callback"][data-state="done"]');
    await measure();

    for (const width of widths) expect(width).toBeLessThanOrEqual(viewport.width);
  });
});
