import { CHROMIUM_MISSING, findChromium } from '../support/chromium.ts';

/** Says once, and not only per test, that the browser tests will not run. */
export function setup(): void {
  if (findChromium() === undefined) process.stderr.write(`\n${CHROMIUM_MISSING}\n\n`);
}
