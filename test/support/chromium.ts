import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import type { TestContext } from 'vitest';
import { requirePresent } from './requirement.ts';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Answers the path of a Chromium on this machine; `CHROMIUM_PATH` goes before the usual places. */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  return (given === undefined ? USUAL_PLACES : [given]).find((path) => existsSync(path));
}

/** Said wherever browser tests do not run. */
export const CHROMIUM_MISSING =
  'No Chromium was found, so the browser tests are skipped: install one, or set CHROMIUM_PATH';

/** Skips a test where there is no Chromium, or fails it where nothing may be skipped. */
export function requireChromium(context: TestContext): void {
  requirePresent(context, findChromium() !== undefined, CHROMIUM_MISSING);
}

/** Starts a headless Chromium that talks to this machine only. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(CHROMIUM_MISSING);
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
