import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'vitest';
import { findNote, PAGE } from './ways.ts';

/** The vendor's own description of VOD's API: a request that is not in it does not exist. */
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

/** Something that only the vendor controls, as a note or the word "page" says: nothing here can run it. */
export function ofVendor(note?: string) {
  return () => {
    expect(PAGE).toContain('"page" is VOD\'s console');
    if (note !== undefined) expect(findNote(note)).toMatch(/./);
  };
}

/** A test in a browser with the vendor's Web SDK; it needs Chromium, so it is in another file. */
export function inBrowser(...titles: readonly string[]) {
  return () => {
    const tests = readFileSync(new URL('../e2e/upload.test.ts', import.meta.url), 'utf8');
    for (const title of titles) expect(tests).toContain(`it('${title}', `);
  };
}

/** A statement of VOD's documents, whose page is named. */
export const documented = () => {
  expect(PAGE).toContain('https://www.tencentcloud.com/document/product/266/9760');
};
