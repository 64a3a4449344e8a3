import { randomInt } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { createSignatureRoute } from '../../functions/signature.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { parseSettings } from '../../lib/policy/settings.ts';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES } from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import {
  bearer,
  contextOf,
  ENVIRONMENT,
  NOW,
  SECRET_KEY,
  useSignature,
  verify,
} from './signature-stage.ts';

captureLog();

describe.each(EVENT_SHAPES)('POST /signature behind a $name', ({ toEvent }) => {
  const { ask, load } = useSignature(toEvent);

  it('continues an upload of the same owner, and of no other', async () => {
    const first = await ask({ headers: await bearer(), body: {} });
    const { uploadId } = first.json;

    const again = await ask({ headers: await bearer(), body: { uploadId } });
    const stranger = await ask({ headers: await bearer({ sub: 'user-43' }), body: { uploadId } });

    expect(again.json.uploadId).toBe(uploadId);
    expect(contextOf(again.json.signature).envelope?.uploadId).toBe(uploadId);
    expect(stranger.statusCode).toBe(400);
    expect(stranger.json.errors).toEqual([
      {
        path: 'uploadId',
        message: 'was not issued to this caller; leave it out to begin a new upload',
      },
    ]);
  });

  it('continues an upload for 90 days, the longest life of its first signature', async () => {
    const { uploadId } = (await ask({ headers: await bearer(), body: {} })).json;
    const askLater = async (seconds: number) => {
      vi.spyOn(Date, 'now').mockReturnValue(NOW + seconds * 1_000);
      const headers = await bearer({ exp: NOW / 1_000 + seconds + 600 });
      return ask({ headers, body: { uploadId } });
    };

    const last = await askLater(7_776_000);
    const late = await askLater(7_776_001);

    expect(last.json).toMatchObject({ uploadId });
    expect(late.statusCode).toBe(409);
    expect(late.json).toMatchObject({
      code: 'upload_finished',
      detail: 'The upload has ended: its state is "expired".',
    });
    // Years later as well.
    expect((await askLater(5 * 365 * 86_400)).statusCode).toBe(409);
  });

  it('continues an upload that began before the key was replaced', async () => {
    const { uploadId } = (await ask({ headers: await bearer(), body: {} })).json;

    const after = await load({
      ...ENVIRONMENT,
      VOD_SECRET_KEY: 'the-next-key-example',
      VOD_PREVIOUS_SECRET_KEY: SECRET_KEY,
    });
    const { statusCode, json } = await after({ headers: await bearer(), body: { uploadId } });

    expect(statusCode).toBe(200);
    expect(verify(json.signature, 'the-next-key-example')['secretId']).toBe('AKIDexample');
  });
});

describe('createSignatureRoute() without a ledger', () => {
  it.each([
    ['the longest life of a profile', { maxExpiresIn: 600 }, 600],
    ['90 days where it bounds none', {}, 7_776_000],
  ])('continues no upload after %s', async (_, profile, seconds) => {
    let time = NOW + 7;
    const { settings } = parseSettings({ policy: { profiles: { default: profile } } });
    const route = createSignatureRoute({
      settings: settings ?? NO_SETTINGS,
      config: readSignatureConfig({ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: SECRET_KEY, AUTH: 'none' }),
      clock: { now: () => time },
      random: { integer: randomInt },
    });
    const ask = (body: object) =>
      route(
        { headers: {}, body: JSON.stringify(body) },
        { requestId: 'r1', log: {}, deadline: { left: () => 3_000 } },
      );
    const { uploadId } = (await ask({})).body as { uploadId: string };

    time += seconds * 1_000;
    expect(await ask({ uploadId, expiresIn: 1 })).toMatchObject({ status: 200 });
    time += 1;
    await expect(ask({ uploadId })).rejects.toMatchObject({ code: 'upload_finished' });
  });
});
