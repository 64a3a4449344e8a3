import { beforeEach, describe, expect, it } from 'vitest';
import { happens, seen } from '../support/activities.ts';
import { useBrowserStage } from './browser-stage.ts';
import { type ClientPage, openClientPage } from './client-page.ts';

const MEBIBYTE = 1024 * 1024;

const stage = useBrowserStage(() => ({
  custom: {
    upload: { policy: { profiles: { default: { maxBytes: 20 * MEBIBYTE, maxSeconds: 2 } } } },
  },
}));
let app: ClientPage;

beforeEach(async () => {
  app = await openClientPage(stage);
});

/** Resolves with the id of the upload that is cancelled first. */
async function cancellation(): Promise<unknown> {
  const { status, log } = await happens(
    stage.stack,
    'function',
    (call) => call.function === 'uploads' && call.method === 'DELETE',
  );
  expect(status).toBe(200);
  return log[0]?.['uploadId'];
}

describe('the client, for a caller with a profile,', () => {
  it.each([
    ['size', { file: { name: 'large.mp4', bytes: 20 * MEBIBYTE + 1, seed: 1 } }, 'maxBytes'],
    ['duration', { file: { name: 'long.wav', seconds: 3 } }, 'maxSeconds'],
  ])('refuses a file for its %s, by the profile, before a byte is sent', async (_, plan, rule) => {
    await app.begin('a', plan);
    const { problem } = await app.reaches('a', 'failed');

    expect(problem).toMatchObject({ code: 'limits_exceeded', rule });
    expect([...seen(stage.stack, 'ugc'), ...seen(stage.stack, 'storage')]).toEqual([]);
    expect(await cancellation()).toBe((await app.see('a')).id);
  });

  it('accepts a file that is as long as the profile allows', async () => {
    await app.begin('a', { file: { name: 'short.wav', seconds: 2 } });

    expect((await app.reaches('a', 'ready')).upload).toMatchObject({ duration: 2 });
  });
});
