import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'vitest';
import { findNote, PAGE } from './ways.ts';

/** The vendor's own description of VOD's API: what is not in there cannot be asked for. */
export const MODELS = readFileSync(
  createRequire(import.meta.url).resolve(
    'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.d.ts',
  ),
  'utf8',
);

/** Names of the actions of VOD's API. */
export const ACTIONS = [...MODELS.matchAll(/^export interface (\w+)Request \{/gm)].map(
  ([, name = '']) => name,
);

/** Returns the fields of a request, as the vendor describes them. */
export function fieldsOf(action: string): readonly string[] {
  const begin = MODELS.indexOf(`export interface ${action}Request {`);
  const body = MODELS.slice(begin, MODELS.indexOf('\n}', begin));
  return [...body.matchAll(/^ {4}(\w+)\??: /gm)].map(([, name = '']) => name);
}

/** What is a matter of the vendor's alone, and says so in a note or as "the page", has nothing here that could be driven. */
export function ofVendor(note?: string) {
  return () => {
    expect(PAGE).toContain('"page" is VOD\'s console');
    if (note !== undefined) expect(findNote(note)).toMatch(/./);
  };
}

/** Test of a browser that drives the vendor's Web SDK; it needs Chromium, and so is elsewhere. */
export function inBrowser(...titles: readonly string[]) {
  return () => {
    const tests = readFileSync(new URL('../e2e/upload.test.ts', import.meta.url), 'utf8');
    for (const title of titles) expect(tests).toContain(`it('${title}', `);
  };
}

/** What VOD's documents say, the page of which is named. */
export const documented = () => {
  expect(PAGE).toContain('https://www.tencentcloud.com/document/product/266/9760');
};
