import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { findChromium, launchChromium, requireChromium } from '../support/chromium.ts';
import { type StackStage, useStack } from '../support/stack-stage.ts';

/** A browser, and the local stack of the test that runs. */
export interface BrowserStage extends StackStage {
  readonly browser: Browser;
  /** What scripts of pages that {@link openPage} opened have thrown. */
  readonly faults: readonly string[];
  /** Opens the stack's own page, connected, in a window of its own. */
  openPage(hash?: string): Promise<Page>;
}

/**
 * Gives the file a browser, and each of its tests a local stack as `useStack` does. Where there is no browser, the
 * tests are skipped, or fail where nothing may be skipped.
 */
export function useBrowserStage(change?: Parameters<typeof useStack>[0]): BrowserStage {
  let browser: Browser | undefined;
  let faults: string[] = [];

  beforeAll(async () => {
    if (findChromium() !== undefined) browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach((context) => {
    requireChromium(context);
    faults = [];
  });
  const stage = useStack(change);
  // Before the stack goes, so that no page sees it gone.
  afterEach(async () => {
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
    async openPage(hash = '') {
      const context = await demandBrowser().newContext({ viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(`${stage.stack.origin}/${hash}`);
      await page.waitForSelector('#connection[data-state="open"]');
      return page;
    },
  };
}
