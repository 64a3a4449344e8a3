import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** Longest wait of one step on a page, for those whom a busy machine lets wait: a test has not much more in all. */
export const STEP_MILLISECONDS = 100_000;

/** Starts a headless Chromium that talks to this machine only. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('There is no Chromium');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...args,
    ],
  });
}
