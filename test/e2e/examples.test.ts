import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seen } from '../support/activities.ts';
import { STEP_MILLISECONDS } from '../support/chromium.ts';
import { installExample } from '../support/example-app.ts';
import { makeBytes } from '../support/made-file.ts';
import { wavHeader } from '../tools/local/emulator/ugc/media-samples.ts';
import { useBrowserStage } from './browser-stage.ts';
import { type AppServer, DOCUMENTED_ORIGIN, serveFiles, serveWithVite } from './documented-app.ts';
import { listParts, setSpeed } from './slow-storage.ts';

const MEBIBYTE = 1024 * 1024;

const stage = useBrowserStage(() => ({ emulator: { attemptWaits: [0, 20, 20] } }));
let server: AppServer | undefined;
let page: Page;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Serves an example for the stack of the test, and returns its address, whose origin is another than the stack's. */
async function serveExample(name: 'plain' | 'react'): Promise<string> {
  const folder = await installExample(name, stage.dir);
  if (name === 'react') {
    await writeFile(join(folder, '.env.local'), `VITE_SERVICE=${stage.stack.origin}\n`);
    server = await serveWithVite(folder, false);
    return `http://127.0.0.1:${server.port}/`;
  }
  for (const file of ['index.html', 'main.js']) {
    const path = join(folder, file);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replaceAll(DOCUMENTED_ORIGIN, stage.stack.origin));
  }
  server = await serveFiles(folder);
  return `http://localhost:${server.port}/index.html`;
}

/** Makes a sound of `bytes` of noise, which VOD can read, and returns its path. */
async function makeSound(name: string, bytes: number): Promise<string> {
  const data = makeBytes({ name, bytes, seed: name.length });
  const path = join(stage.dir, name);
  await writeFile(path, Buffer.concat([wavHeader(bytes), data]));
  return path;
}

const limitSpeed = (bytesPerSecond: number | null) => setSpeed(stage.stack, bytesPerSecond);
const partNumbers = () => listParts(stage.stack);

const toggleSession = () => page.click('#session');
const row = (name: string) => page.locator(`li[data-file="${name}"]`);
const press = (name: string, label: string) =>
  row(name).getByRole('button', { name: label, exact: true }).click();
const reaches = (name: string, state: string) =>
  page.waitForSelector(`li[data-file="${name}"][data-state="${state}"]`);

async function signIn(): Promise<void> {
  await toggleSession();
  await page.waitForSelector('#files:enabled');
}

/** Begins an upload of eight parts, and resolves when two of them are stored. */
async function beginSlowly(path: string): Promise<number[]> {
  await limitSpeed(3 * MEBIBYTE);
  await page.setInputFiles('#files', path);
  await expect.poll(() => partNumbers().length).toBeGreaterThanOrEqual(2);
  return partNumbers().slice(0, 2);
}

function expectSentOnce(numbers: readonly number[]): void {
  const all = partNumbers();
  for (const number of numbers) expect(all.filter((sent) => sent === number)).toEqual([number]);
}

describe.each(['react', 'plain'] as const)('the example %s', (name) => {
  beforeEach(async () => {
    const url = await serveExample(name);
    page = await (await stage.browser.newContext()).newPage();
    page.setDefaultTimeout(STEP_MILLISECONDS);
    await page.goto(url);
    await signIn();
  });

  it('uploads with a pause and a reload, and sends nothing twice', async () => {
    const path = await makeSound('film.wav', 8 * MEBIBYTE);
    const before = await beginSlowly(path);
    await press('film.wav', 'Pause');
    await reaches('film.wav', 'paused');
    await press('film.wav', 'Resume');
    await reaches('film.wav', 'uploading');
    await page.reload();
    await page.getByText('Choose film.wav again').waitFor();

    await limitSpeed(null);
    await signIn();
    await page.setInputFiles('#files', path);
    await reaches('film.wav', 'ready');

    expectSentOnce(before);
  });

  it('refuses a file before a byte is sent', async () => {
    await page.setInputFiles('#files', await makeSound('large.wav', 20 * MEBIBYTE));
    await reaches('large.wav', 'failed');

    expect(await row('large.wav').textContent()).toContain('20000000 are allowed');
    expect(seen(stage.stack, 'function')).toEqual([]);
    expect(seen(stage.stack, 'ugc')).toEqual([]);
  });

  it('uploads two files at the same time', async () => {
    const paths = [
      await makeSound('one.wav', 2 * MEBIBYTE),
      await makeSound('other.wav', 2 * MEBIBYTE),
    ];
    await limitSpeed(MEBIBYTE);
    await page.setInputFiles('#files', paths);
    await Promise.all([reaches('one.wav', 'uploading'), reaches('other.wav', 'uploading')]);
    await limitSpeed(null);

    await Promise.all([reaches('one.wav', 'ready'), reaches('other.wav', 'ready')]);
  });

  it('holds an upload at a sign-out, and goes on after the next sign-in', async () => {
    await beginSlowly(await makeSound('film.wav', 8 * MEBIBYTE));
    await toggleSession();
    await limitSpeed(null);
    await reaches('film.wav', 'failed');
    expect(await row('film.wav').textContent()).toContain('nobody is signed in');
    const before = partNumbers();

    await signIn();
    await press('film.wav', 'Resume');
    await reaches('film.wav', 'ready');

    expectSentOnce(before);
  });
});
