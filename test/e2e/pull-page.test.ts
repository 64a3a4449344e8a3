import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { seen } from '../support/activities.ts';
import { useBrowserStage } from './browser-stage.ts';

const SAMPLES = 'http://samples.example.com';

const stage = useBrowserStage(() => ({ emulator: { pull: { idleMilliseconds: 3_000 } } }));
let page: Page;

beforeEach(async () => {
  page = await stage.openPage('#pull');
});

async function pull(...urls: readonly string[]) {
  await page.fill('#pull-urls', urls.join('\n'));
  await page.click('#pull-start');
}

function ends(state: string) {
  return page.waitForSelector(`.pull[data-state="${state}"]`);
}

function textOf(selector: string): Promise<string> {
  return page.locator(selector).innerText();
}

describe('the pull panel', () => {
  it('turns a sample into playable media, and marks the callback as received', async () => {
    await page.click('[data-sample$="/video.mp4"]');
    await page.click('#pull-start');
    await ends('made');
    await page.waitForSelector('.pull [data-callback="received"]');

    await page.click('.pull button:text("Play")');
    await page.waitForSelector('.pull video');
    await page.evaluate(`new Promise((loaded) => {
      const video = document.querySelector('.pull video');
      if (video.readyState > 0) loaded();
      else video.addEventListener('loadedmetadata', () => loaded());
    })`);
    expect(await page.evaluate('document.querySelector(".pull video").videoWidth')).toBe(64);

    await page.click('.pull button:text("IDs")');
    const [made] = seen(stage.stack, 'media');
    const [task] = seen(stage.stack, 'pull');
    expect(await textOf('[data-field="fileId"]')).toBe(made?.fileId);
    expect(await textOf('[data-field="taskId"]')).toBe(task?.taskId);
    expect(await textOf('[data-field="uploadId"]')).toMatch(/^[0-9A-Z]{26}$/);
    expect(await page.inputValue('#pull-urls')).toBe('');
    expect(stage.faults).toEqual([]);
  });

  it('says for a missing source what failed and what its code means', async () => {
    await pull(`${SAMPLES}/missing.mp4?signature=secret`);
    await ends('failed');
    await page.waitForSelector('.pull [data-callback="received"]');

    const row = await textOf('.pull');
    expect(row).toContain('60000');
    expect(row).toContain('404');
    expect(row).toContain('The source cannot be fetched');
    expect(row).toContain('samples.example.com/missing.mp4?…');
    expect(row).not.toContain('secret');

    await page.click('.pull button:text("Edit and retry")');
    expect(await page.inputValue('#pull-urls')).toBe(`${SAMPLES}/missing.mp4?signature=secret`);
    await page.waitForSelector('.pull', { state: 'detached' });
  });

  it('shows the refusal of a private address in its row, and sends nothing to VOD', async () => {
    await pull('http://10.0.0.7/video.mp4');
    await ends('refused');

    expect(await textOf('.pull .pull-trouble')).toBe(
      'mediaUrl must have a host on the public internet; 10.0.0.7 is not a globally routable address',
    );
    expect(seen(stage.stack, 'api')).toEqual([]);
    expect(seen(stage.stack, 'pull')).toEqual([]);
    expect(await page.inputValue('#pull-urls')).toBe('http://10.0.0.7/video.mp4');

    await pull(`${SAMPLES}/tone.wav`);
    await ends('made');
    expect(await page.locator('.pull').count()).toBe(1);
  });

  it('shows each of several URLs in its row, and returns those to be corrected to the input', async () => {
    const paths = ['video.mp4', 'tone.wav', 'missing.mp4', 'redirect-private.mp4', 'slow.mp4'];
    await pull(...paths.map((path) => `${SAMPLES}/${path}`), 'http://10.0.0.7/video.mp4');
    await page.waitForSelector('.pull:nth-child(5)[data-state="failed"]');
    await page.waitForSelector('.pull:nth-child(4)[data-state="failed"]');
    await page.waitForSelector('.pull:nth-child(2)[data-state="made"]');

    const states = await page
      .locator('.pull')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state')));
    expect(states).toEqual(['made', 'made', 'failed', 'failed', 'failed', 'refused']);
    expect(await textOf('#pulls-summary')).toBe('6 URLs · 2 fetched · 3 failed · 1 refused');
    expect(await page.inputValue('#pull-urls')).toBe('http://10.0.0.7/video.mp4');
  });

  it('sends the items that the function had no time for, on request', async () => {
    const detail = 'There was no time left.';
    const items = [
      { queued: false, detail },
      { queued: false, detail },
    ];
    await page.route('**/pull', (route) => route.fulfill({ status: 202, json: { items } }), {
      times: 1,
    });
    await pull(`${SAMPLES}/video.mp4`, `${SAMPLES}/tone.wav`);
    await ends('unsent');
    expect(await textOf('.pull:first-child')).toContain(detail);

    await page.click('#pulls-rest');
    await page.waitForSelector('.pull:nth-child(1)[data-state="made"]');
    await page.waitForSelector('.pull:nth-child(2)[data-state="made"]');
    expect(await page.isVisible('#pulls-rest')).toBe(false);
  });

  it('pulls each URL only once under the same idempotency key', async () => {
    await page.click('#pull-options summary');
    await page.fill('#pull-key', 'night-job');
    const urls = [`${SAMPLES}/video.mp4`, `${SAMPLES}/tone.wav`];
    await pull(...urls);
    await page.waitForSelector('.pull:nth-child(2)[data-state="made"]');
    await pull(...urls);
    await page.waitForSelector('.pull:nth-child(4)[data-state="made"]');
    await page.waitForSelector('.pull:nth-child(1)[data-state="made"]');

    expect(seen(stage.stack, 'media')).toHaveLength(2);
  });

  it('is reached and used by keyboard alone', async () => {
    await page.goto(`${stage.stack.origin}/#upload`);
    await page.focus('#upload-tab');
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('#pull-panel:visible');
    expect(await page.getAttribute('#pull-tab', 'aria-selected')).toBe('true');
    expect(new URL(page.url()).hash).toBe('#pull');

    await page.focus('#pull-urls');
    await page.keyboard.type(`${SAMPLES}/tone.wav`);
    await page.keyboard.press('Control+Enter');
    await ends('made');
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
    await page.click('#pull-options summary');
    await pull(
      `${SAMPLES}/${'long-name-'.repeat(20)}.mp4`,
      `${SAMPLES}/video.mp4`,
      'https://media.example.com/watch',
      'http://10.0.0.7/video.mp4',
    );
    await ends('made');
    await ends('failed');
    await ends('refused');
    await measure();
    await page.click('.pull[data-state="made"] button:text("Play")');
    await page.click('.pull[data-state="made"] button:text("IDs")');
    await measure();

    for (const width of widths) expect(width).toBeLessThanOrEqual(viewport.width);
  });
});
