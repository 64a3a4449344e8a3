import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { launchChromium, STEP_MILLISECONDS } from '../support/chromium.ts';
import { findChromium } from '../support/find-chromium.ts';
import { makeBytes } from '../support/made-file.ts';
import { requirePresent } from '../support/requirement.ts';
import { type StackStage, useStack } from '../support/stack-stage.ts';

const SEED = 7;

/** A browser, and the local stack of the running test. */
export interface BrowserStage extends StackStage {
  readonly browser: Browser;
  /** Errors that scripts of pages opened by {@link openPage} have thrown. */
  readonly faults: readonly string[];
  /**
   * Makes a file of `bytes` of noise, and returns its path. The browser reads the file itself: bytes passed to it are
   * sent as text through the channel that controls it, which takes a minute for a few megabytes on a busy machine.
   */
  makeFile(name: string, bytes: number): Promise<string>;
  /** Opens the stack's own page in a separate window, and waits until it is connected. */
  openPage(hash?: string): Promise<Page>;
}

/**
 * Gives the file a browser, and each of its tests a local stack as `useStack` does; with `per: 'file'` one stack, and
 * pages that stay open. Without a browser, the tests are skipped, or fail if nothing may be skipped.
 */
export function useBrowserStage(...options: Parameters<typeof useStack>): BrowserStage {
  let browser: Browser | undefined;
  let faults: string[] = [];

  beforeAll(async () => {
    if (findChromium() !== undefined) browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach((context) => {
    requirePresent(context, 'chromium');
    faults = [];
  });
  const stage = useStack(...options);
  const after = options[1]?.per === 'file' ? afterAll : afterEach;
  // Before the stack stops, so that no page loses its connection.
  after(async () => {
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? []);
  });

  const demandBrowser = () => {
    if (browser === undefined) throw new Error('There is no browser');
    return browser;
  };
  return {
    get stack() {
      return stage.stack;
    },
    get dir() {
      return stage.dir;
    },
    get browser() {
      return demandBrowser();
    },
    get faults() {
      return faults;
    },
    restart: stage.restart,
    async makeFile(name, bytes) {
      const folder = join(stage.dir, 'files');
      await mkdir(folder, { recursive: true });
      const path = join(folder, name);
      await writeFile(path, makeBytes({ name, bytes, seed: SEED }));
      return path;
    },
    async openPage(hash = '') {
      const context = await demandBrowser().newContext({ viewport: { width: 1280, height: 900 } });
      context.setDefaultTimeout(STEP_MILLISECONDS);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(`${stage.stack.origin}/${hash}`);
      await page.waitForSelector('#connection[data-state="open"]');
      return page;
    },
  };
}
