import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** Longest wait of one step on a page, sufficient on a busy machine: the limit of a whole test is not much longer. */
export const STEP_MILLISECONDS = 100_000;

/** Starts a headless Chromium that connects only to this machine. */
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
