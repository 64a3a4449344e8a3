import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { mediaByApplication } from './application-media.ts';
import { useBrowserStage } from './browser-stage.ts';

const MEBIBYTE = 1024 * 1024;
const OWN = 1_500_000_001;
const ACME = 1_500_000_002;
const GLOBEX = 1_500_000_003;

function withTenants(subAppIds: object) {
  return { upload: { policy: { tenants: { claim: 'org', subAppIds } } } };
}

const stage = useBrowserStage(() => ({ custom: withTenants({ acme: ACME, globex: GLOBEX }) }));
let page: Page;

beforeEach(async () => {
  page = await stage.openPage();
});

function choose(tenant: string) {
  return page.getByLabel('Tenant').selectOption(tenant);
}

/** Resolves with the tenant that is chosen in the page, once the page lists tenants. */
async function chosen() {
  await page.waitForSelector('#tenant-field:visible');
  return page.getByLabel('Tenant').inputValue();
}

async function upload(name: string, bytes = 1_000) {
  await page.setInputFiles('#file', await stage.makeFile(name, bytes));
  await page.click('#start');
}

/** Resolves with the application that the card shows for its upload, once the upload is ready. */
async function placeOfReady() {
  await page.waitForSelector('#upload-state[data-ledger="ready"]');
  return page.textContent('#life-application');
}

async function countMedia() {
  const media = Object.entries(await mediaByApplication(stage.stack));
  return Object.fromEntries(media.map(([subAppId, fileIds]) => [subAppId, fileIds.length]));
}

function setSpeed(bytesPerSecond: number | null) {
  return fetch(`${stage.stack.origin}/__local/speed`, {
    method: 'POST',
    body: JSON.stringify({ bytesPerSecond }),
  });
}

describe('the choice of the tenant', () => {
  it('is the first tenant at first, applies to uploads and pulls, and survives a reload', async () => {
    expect(await chosen()).toBe('acme');
    expect(await page.getByLabel('Tenant').locator('option').allInnerTexts()).toEqual([
      ...['acme', 'globex'],
    ]);
    await upload('film.mp4');
    expect(await placeOfReady()).toBe(`Application ${ACME}`);
    expect(await countMedia()).toEqual({ [OWN]: 0, [ACME]: 1, [GLOBEX]: 0 });

    await choose('globex');
    await page.click('#reset');
    await upload('other.mp4');
    await page.waitForSelector(`#life-application:text("Application ${GLOBEX}")`);
    await page.click('#pull-tab');
    await page.fill('#pull-urls', 'http://samples.example.com/tone.wav');
    await page.click('#pull-start');
    await page.waitForSelector('.pull[data-state="made"]');
    expect(await countMedia()).toEqual({ [OWN]: 0, [ACME]: 1, [GLOBEX]: 2 });

    await page.goto(`${stage.stack.origin}/#upload`);
    await page.reload();
    expect(await chosen()).toBe('globex');
    await page.waitForSelector(`.recent:has-text("Application ${GLOBEX}")`);
    expect(await page.locator('.recent').count()).toBe(2);
    await choose('acme');
    await page.waitForSelector(`.recent:has-text("Application ${ACME}")`);
    expect(await page.locator('.recent').count()).toBe(1);
    expect(stage.faults).toEqual([]);
  });

  it('is made by keyboard alone', async () => {
    expect(await chosen()).toBe('acme');
    await page.getByLabel('Tenant').focus();
    await page.keyboard.press('ArrowDown');
    expect(await chosen()).toBe('globex');

    await upload('film.mp4');
    expect(await placeOfReady()).toBe(`Application ${GLOBEX}`);
  });

  it('does not change the tenant of an upload that has begun', async () => {
    await chosen();
    await setSpeed(MEBIBYTE);
    await upload('film.mp4', 4 * MEBIBYTE);
    await page.waitForSelector('#pause[aria-disabled="false"]');

    await choose('globex');
    await setSpeed(null);

    expect(await placeOfReady()).toBe(`Application ${ACME}`);
    expect(await countMedia()).toEqual({ [OWN]: 0, [ACME]: 1, [GLOBEX]: 0 });
  });

  it('starts an interrupted upload from the beginning for another tenant', async () => {
    await chosen();
    await setSpeed(MEBIBYTE);
    await upload('film.mp4', 12 * MEBIBYTE);
    await page.waitForSelector('#pause[aria-disabled="false"]');
    await page.reload();
    await page.waitForSelector('#resume-banner:visible');

    await choose('globex');
    await page.waitForSelector('#resume-banner', { state: 'hidden' });
    await choose('acme');
    await page.waitForSelector('#resume-banner:visible');
    await choose('globex');
    await setSpeed(null);
    await upload('film.mp4', 12 * MEBIBYTE);

    expect(await placeOfReady()).toBe(`Application ${GLOBEX}`);
    expect(await countMedia()).toEqual({ [OWN]: 0, [ACME]: 0, [GLOBEX]: 1 });
  });

  it('falls back to the first tenant if the chosen one no longer exists', async () => {
    await chosen();
    await choose('globex');
    const port = Number(new URL(stage.stack.origin).port);
    await stage.restart({ port, custom: withTenants({ acme: ACME, initech: GLOBEX }) });
    await page.reload();

    expect(await chosen()).toBe('acme');
    await upload('film.mp4');
    expect(await placeOfReady()).toBe(`Application ${ACME}`);
  });

  it.each([390, 1280])('fits a window of %i pixels with the longest name', async (width) => {
    const port = Number(new URL(stage.stack.origin).port);
    await stage.restart({
      port,
      custom: withTenants({ ['long-name-'.repeat(7).slice(0, 64)]: ACME }),
    });
    await page.setViewportSize({ width, height: 900 });
    await page.reload();
    await chosen();
    await upload('film.mp4');
    await placeOfReady();
    await page.waitForSelector(`.recent:has-text("Application ${ACME}")`);

    const scrollWidth = await page.evaluate('document.documentElement.scrollWidth');
    expect(scrollWidth).toBeLessThanOrEqual(width);
  });
});

describe('the page of a service without tenants', () => {
  it('shows neither tenants nor applications', async () => {
    await stage.restart({ port: Number(new URL(stage.stack.origin).port), custom: {} });
    await page.reload();
    await upload('film.mp4');
    await page.waitForSelector('#upload-state[data-ledger="ready"]');
    await page.waitForSelector('.recent[data-state="ready"]');

    expect(await page.isVisible('#tenant-field')).toBe(false);
    expect(await page.isVisible('#life-application')).toBe(false);
    expect(await page.innerText('.recent')).not.toContain('pplication');
  });
});
