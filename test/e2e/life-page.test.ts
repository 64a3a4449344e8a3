import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { happens, seen } from '../support/activities.ts';
import { useBrowserStage } from './browser-stage.ts';

const MEBIBYTE = 1024 * 1024;
const SAMPLES = 'http://samples.example.com';

const stage = useBrowserStage(() => ({
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20] },
}));
let page: Page;

beforeEach(async () => {
  page = await stage.openPage();
});

async function upload(name: string, bytes: number): Promise<void> {
  await page.setInputFiles('#file', await stage.makeFile(name, bytes));
  await page.click('#start');
}

function reaches(phase: string) {
  return page.waitForSelector(`#upload-state[data-phase="${phase}"]`);
}

/** Resolves once the ledger has the upload shown in the card in this state. */
function isIn(state: string) {
  return page.waitForSelector(`#upload-state[data-ledger="${state}"]`);
}

function show(view: 'Try it' | 'Lab') {
  return page.click(`nav a:text-is("${view}")`);
}

/** Fires the timer in the lab, and resolves once the page is back at the upload. */
async function sweep() {
  await show('Lab');
  await page.click('#sweep-run');
  await page.waitForSelector('#sweep-run[aria-disabled="false"]');
  await show('Try it');
}

function entry(title: string): string {
  return `#life .timeline-entry[data-title="${title}"]`;
}

function titles(): Promise<(string | null)[]> {
  return page
    .locator('#life .timeline-entry')
    .evaluateAll((entries) => entries.map((item) => item.getAttribute('data-title')));
}

describe('the timeline of an upload', () => {
  it('ends with ready, and every webhook is delivered and verified', async () => {
    await page.click('#options summary');
    await page.fill('#procedure', 'LongVideoPreset');
    await upload('film.mp4', 1_000);
    await reaches('done');
    await isIn('ready');
    await page.waitForSelector(`${entry('ready')} [data-tone="good"]`);

    expect(await titles()).toEqual([
      ...['issued', 'vod.NewFileUpload', 'uploaded', 'vod.ProcedureStateChanged', 'ready'],
    ]);
    expect(await page.locator(entry('ready')).innerText()).toContain('Webhook delivered');
    const told = await happens(stage.stack, 'webhook', (call) => call.eventType === 'upload.ready');
    expect(told).toMatchObject({ verified: true, status: 204, attempt: 1 });
    await page.waitForSelector('.wire-row[data-type="webhook"][data-tone="good"]');
    expect(await page.locator('.wire-row[data-kind="read"]').count()).toBe(0);
    expect(stage.faults).toEqual([]);
  });

  it('shows a failed delivery and the later successful one', async () => {
    stage.stack.faults.arm('consumer-error', 2);
    await upload('film.mp4', 1_000);
    await isIn('ready');
    await page.waitForSelector(`${entry('ready')} [data-tone="warn"]`);
    expect(await page.locator(entry('ready')).innerText()).toContain('Webhook failed once');

    // The retry schedule decides when a delivery is tried again, so the sweep is run until then.
    await expect
      .poll(
        async () => {
          await sweep();
          return page.locator(`${entry('ready')} [data-tone="good"]`).count();
        },
        { interval: 1_000 },
      )
      .toBe(1);
    expect(await page.locator(entry('ready')).innerText()).toContain('at the 2nd attempt');
  });

  it('shows ready after one sweep when the callback was lost', async () => {
    stage.stack.faults.arm('lost-callback');
    await upload('film.mp4', 1_000);
    await reaches('done');
    await happens(stage.stack, 'notification', ({ outcome }) => outcome === 'held');
    await isIn('issued');

    await sweep();

    await isIn('ready');
    await show('Lab');
    await page.waitForSelector('.sweep-summary:visible');
    expect(await page.locator('#sweep-card').innerText()).toMatch(/New media\s+1 scanned · 1 new/);
    expect(seen(stage.stack, 'function').some((call) => call.function === 'callback')).toBe(false);
  });

  it('ends with cancelled, and uploading the same file again begins a new upload', async () => {
    await setSpeed(MEBIBYTE);
    await upload('film.mp4', 12 * MEBIBYTE);
    await page.waitForSelector('#stop[aria-disabled="false"]');
    await isIn('issued');
    const before = stage.stack.activity.since(0).length;

    await page.focus('#cancel-upload');
    await page.keyboard.press('Enter');

    await isIn('cancelled');
    await reaches('cancelled');
    expect(await page.locator('#cancelled-text').innerText()).toContain('begins a new one');
    expect(stage.stack.activity.since(before)).toContainEqual(
      expect.objectContaining({
        type: 'function',
        function: 'uploads',
        method: 'DELETE',
        status: 200,
      }),
    );
    await setSpeed(null);
    await page.click('#retry');
    await reaches('done');
    await isIn('ready');
    await page.waitForSelector('.recent[data-state="cancelled"]');
    expect(await page.locator('.recent').count()).toBe(2);
  });
});

describe('what the ledger has recorded', () => {
  it('is shown after a reload, with the timeline and the film', async () => {
    await upload('film.mp4', 1_000);
    await isIn('ready');

    await page.reload();
    await page.waitForSelector('.recent[data-state="ready"]');
    expect(await page.locator('.recent').innerText()).toContain('film');

    await page.click('.recent [data-action="timeline"]');
    await page.waitForSelector('.recent .timeline-entry[data-title="ready"] [data-tone="good"]');
    expect(await page.getAttribute('.recent [data-action="timeline"]', 'aria-expanded')).toBe(
      'true',
    );
  });

  it('includes the name of a file that never arrived', async () => {
    stage.stack.faults.arm('expired-signature', 4);
    await upload('film.mp4', 1_000);
    await reaches('failed');
    await page.waitForSelector('.recent .row-name:has-text("film.mp4")');

    await page.reload();
    await page.waitForSelector('.recent .row-name:has-text("film.mp4")');
    expect(await page.innerText('.recent')).not.toContain('No name yet');
  });

  it('includes the rows of pulls, after a reload and after a restart', async () => {
    await page.click('#pull-tab');
    await page.fill('#pull-urls', [`${SAMPLES}/video.mp4`, `${SAMPLES}/missing.mp4`].join('\n'));
    await page.click('#pull-start');
    await page.waitForSelector('.pull[data-state="made"]');
    await page.waitForSelector('.pull[data-state="failed"] [data-callback="received"]');

    await page.reload();
    await page.waitForSelector('.pull[data-state="made"]');
    await page.waitForSelector('.pull[data-state="failed"]');
    expect(await page.locator('#pulls').innerText()).toContain('samples.example.com/video.mp4');

    await stage.restart({ port: Number(new URL(stage.stack.origin).port) });
    await page.reload();
    await page.waitForSelector('.pull[data-state="made"]');
    await page.waitForSelector('.pull[data-state="failed"]');
    await page.click('.pull[data-state="failed"] [data-action="timeline"]');
    await page.waitForSelector('.pull .timeline-entry[data-title="failed"]');
  });

  it('includes why a pull failed and what it should fetch', async () => {
    const reason = 'VOD could not read the media at its URL.';
    await page.click('#pull-tab');
    await page.fill('#pull-urls', `${SAMPLES}/missing.mp4?signature=canary`);
    await page.click('#pull-start');
    await page.waitForSelector('.pull[data-state="failed"] [data-callback="received"]');

    const expectTold = async (why: string) => {
      await page.goto(`${stage.stack.origin}/#pull`);
      await page.reload();
      const pull = page.locator('.pull[data-state="failed"]');
      await pull.waitFor();
      expect(await pull.innerText()).toContain('missing.mp4');
      expect(await pull.innerText()).toContain(why);
      await page.click('#upload-tab');
      const recent = page.locator('.recent[data-state="failed"]');
      expect(await recent.innerText()).toContain('missing.mp4');
      expect(await recent.innerText()).toContain(reason);
      await recent.locator('[data-action="timeline"]').click();
      const failed = recent.locator('.timeline-entry[data-title="failed"]');
      await failed.waitFor();
      expect(await failed.innerText()).toContain(reason);
      expect(await page.content()).not.toContain('canary');
    };
    await expectTold('samples.example.com answered 404');
    await stage.restart({ port: Number(new URL(stage.stack.origin).port) });
    await expectTold(reason);
  });

  it('allows a pull to be cancelled; its media is then removed', async () => {
    stage.stack.faults.arm('slow-source', 1, 3_000);
    await page.click('#pull-tab');
    await page.fill('#pull-urls', `${SAMPLES}/video.mp4`);
    await page.click('#pull-start');
    await page.click('.pull [data-action="cancel"]:visible');
    await page.waitForSelector('.pull[data-state="cancelled"]');
    await happens(stage.stack, 'notification', ({ eventType }) => eventType === 'PullComplete');

    await page.evaluate(() => fetch('/__local/sweep', { method: 'POST' }).then(({ ok }) => ok));

    const deleted = ({ action }: { action: string }) => action === 'DeleteMedia';
    expect((await happens(stage.stack, 'api', deleted)).code).toBeUndefined();
    await page.click('.pull [data-action="timeline"]');
    await page.waitForSelector('.pull .timeline-entry[data-title="File removed"]');
  });

  it('shows an error while it cannot be read, and is shown again afterwards', async () => {
    await page.route('**/uploads?*', (route) =>
      route.fulfill({ status: 501, json: { title: 'Not Implemented', detail: 'No ledger.' } }),
    );
    await page.reload();
    await page.waitForSelector('#recents-card:has-text("No ledger.")');

    await page.unroute('**/uploads?*');
    await upload('film.mp4', 1_000);
    await isIn('ready');
    expect(await page.locator('#recents-card').innerText()).not.toContain('No ledger.');
  });
});

describe.each([
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
])('at $width pixels', (viewport) => {
  it('fits the window when timelines are open', async () => {
    await page.setViewportSize(viewport);
    stage.stack.faults.arm('consumer-error', 1);
    await upload(`${'long-name-'.repeat(12)}.mp4`, 1_000);
    await isIn('ready');
    const widths = [await measureWidth()];
    await show('Lab');
    await page.click('#sweep-run');
    await page.waitForSelector('.sweep-summary:visible');
    widths.push(await measureWidth());
    await show('Try it');
    await page.click('.recent [data-action="timeline"]');
    await page.waitForSelector('.recent .timeline-entry');

    widths.push(await measureWidth());
    for (const width of widths) expect(width).toBeLessThanOrEqual(viewport.width);
  });
});

function measureWidth() {
  return page.evaluate('document.documentElement.scrollWidth');
}

async function setSpeed(bytesPerSecond: number | null): Promise<void> {
  await fetch(`${stage.stack.origin}/__local/speed`, {
    method: 'POST',
    body: JSON.stringify({ bytesPerSecond }),
  });
}
