import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { seen } from '../support/activities.ts';
import { useBrowserStage } from './browser-stage.ts';

const MEBIBYTE = 1024 * 1024;
/** More tab stops than any view has. */
const MAX_STOPS = 80;

const stage = useBrowserStage(() => ({ emulator: { procedureMilliseconds: 20 } }));
let page: Page;

beforeEach(async () => {
  page = await stage.openPage();
  // From now on, so that no dialogue opens before the test waits for it.
  page.on('filechooser', () => undefined);
});

/** Presses the tab key until an element has the focus; resolves with the number of presses. */
async function tabTo(selector: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<number> {
  for (let stops = 1; stops <= MAX_STOPS; stops += 1) {
    await page.keyboard.press(key);
    if ((await page.locator(`${selector}:focus`).count()) > 0) {
      return stops;
    }
  }
  throw new Error(`${selector} is not reached by ${key}`);
}

/** Chooses a file by keyboard, which opens the browser's own dialogue. */
async function chooseFile(path: string): Promise<void> {
  await tabTo('#file');
  const [dialogue] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.keyboard.press('Enter'),
  ]);
  await dialogue.setFiles(path);
  // Choosing a file moves the focus to the start button.
  await page.waitForSelector('#start:focus');
}

async function open(view: 'upload' | 'lab'): Promise<void> {
  await tabTo(`nav a[href="#${view}"]`, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`nav a[href="#${view}"][aria-current="page"]`);
}

function isIn(state: string) {
  return page.waitForSelector(`#upload-state[data-ledger="${state}"]`);
}

describe('by keyboard alone', () => {
  it('a file is chosen and uploaded, and its result is at most two tab stops away', async () => {
    await chooseFile(await stage.makeFile('film.mp4', 1_000));
    await page.keyboard.press('Enter');
    await isIn('ready');
    await page.waitForSelector('#result-card');

    await page.waitForSelector('#reset:focus');
    // The closed options are the only stop in between.
    expect(await tabTo('#result-card *')).toBeLessThanOrEqual(2);
    await tabTo('#result-card a[href="#connect"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#connect-view');
  });

  it('a URL is pulled, and its row is a few tab stops away', async () => {
    await tabTo('#upload-tab');
    await page.keyboard.press('ArrowRight');
    await tabTo('#pull-urls');
    await page.keyboard.type('http://samples.example.com/tone.wav');
    // The samples are one stop.
    expect(await tabTo('#pull-start')).toBe(2);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.pull[data-state="made"] [data-callback="received"]');

    await tabTo('#pull-options summary');
    await tabTo('#pulls-card .row-buttons button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.pull .timeline-entry[data-title="ready"]');
  });

  it('an upload is cancelled', async () => {
    await setSpeed(MEBIBYTE);
    await chooseFile(await stage.makeFile('film.mp4', 12 * MEBIBYTE));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#stop[aria-disabled="false"]');
    await isIn('issued');
    await page.waitForSelector('#cancel-upload:visible');

    await tabTo('#cancel-upload');
    await page.keyboard.press('Enter');

    await isIn('cancelled');
    await page.waitForSelector('#cancelled-text');
    // The focus stays at the next possible action.
    await page.waitForSelector('#actions button:focus');
    expect(seen(stage.stack, 'function').some(({ method }) => method === 'DELETE')).toBe(true);
  });

  it('a callback is lost on purpose, and the upload is found by the sweep', async () => {
    await tabTo('nav a[href="#lab"]');
    await page.keyboard.press('Enter');
    await tabTo('[data-fault="lost-callback"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-fault="lost-callback"][data-armed="true"]');
    await open('upload');
    await page.waitForSelector('.lab-note:has-text("lost-callback")');

    await chooseFile(await stage.makeFile('film.mp4', 1_000));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#upload-state:has-text("awaited")');
    await page.waitForSelector('[data-stage="callback"]:has-text("held by a fault")');
    await open('lab');
    await tabTo('#sweep-run');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#sweep-card:has-text("New media")');
    await open('upload');

    await isIn('ready');
    expect(await page.innerText('#upload-state')).toBe('Ready');
    await page.waitForSelector('.lab-note', { state: 'detached' });
  });

  it('the list of activity is one tab stop, and the arrow keys move through it', async () => {
    await chooseFile(await stage.makeFile('film.mp4', 1_000));
    await page.keyboard.press('Enter');
    await isIn('ready');
    await page.waitForSelector('.wire-row[data-type="webhook"]');

    await tabTo('#wire');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.wire-row[open] summary:focus');
    await page.keyboard.press('Home');
    await page.waitForSelector('.wire-row:first-child summary:focus');
  });
});

async function setSpeed(bytesPerSecond: number | null): Promise<void> {
  await fetch(`${stage.stack.origin}/__local/speed`, {
    method: 'POST',
    body: JSON.stringify({ bytesPerSecond }),
  });
}
