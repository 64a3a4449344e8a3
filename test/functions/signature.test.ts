import { describe, expect, it } from 'vitest';
import { createSignatureRoute } from '../../functions/signature.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import type { LogFields } from '../../lib/runtime/invocation.ts';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { bearer, contextOf, NOW, SECRET_KEY, useSignature, verify } from './signature-stage.ts';

const log = captureLog();

describe.each(EVENT_SHAPES)('POST /signature behind a $name', ({ toEvent }) => {
  const { ask } = useSignature(toEvent);

  it('signs with every documented parameter', async () => {
    const { statusCode, headers, json } = await ask({
      headers: await bearer(),
      body: {
        classId: 7,
        procedure: 'LongVideoPreset',
        taskPriority: -10,
        taskNotifyMode: 'Change',
        sourceContext: '{"a":"한글 & =+/"}',
        sessionContext: 'x'.repeat(1_000),
        storageRegion: 'ap-seoul',
        oneTimeValid: true,
        expiresIn: 7_776_000,
        mediaExpireTime: '2027-01-01T09:00:00+09:00',
        limits: { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['MP4', 'mov'] },
      },
    });

    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': SCF_CONTEXT.request_id,
    });
    expect(json.expiresAt).toBe('2027-02-20T08:00:00Z');
    const { random, sourceContext, ...rest } = verify(json.signature);
    expect(rest).toEqual({
      secretId: 'AKIDexample',
      currentTimeStamp: String(NOW / 1_000),
      expireTime: String(NOW / 1_000 + 7_776_000),
      classId: '7',
      procedure: 'LongVideoPreset',
      taskPriority: '-10',
      taskNotifyMode: 'Change',
      oneTimeValid: '1',
      vodSubAppId: '1500000001',
      sessionContext: 'x'.repeat(1_000),
      storageRegion: 'ap-seoul',
    });
    expect(Number(random)).toBeLessThan(2 ** 32);
    expect(Buffer.byteLength(sourceContext ?? '')).toBeLessThanOrEqual(250);
    expect(contextOf(json.signature)).toEqual({
      sourceContext: '{"a":"한글 & =+/"}',
      envelope: {
        uploadId: json.uploadId,
        owner: 'user-42',
        method: 'client',
        limits: { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['mp4', 'mov'] },
        mediaExpireTime: Date.UTC(2027, 0, 1) / 1_000,
      },
    });
  });

  it('answers with the limits that the file has to keep, and with none if there are none', async () => {
    const headers = await bearer();
    const limits = { maxBytes: 1_000, mediaTypes: ['MP4', 'mov'] };

    const [limited, free] = await Promise.all([
      ask({ headers, body: { limits } }),
      ask({ headers, body: {} }),
    ]);

    expect(limited.json.limits).toEqual({ maxBytes: 1_000, mediaTypes: ['mp4', 'mov'] });
    expect(free.json).not.toHaveProperty('limits');
  });

  it.each([undefined, {}])('signs no parameter that the request %j does not name', async (body) => {
    const { json } = await ask({ headers: await bearer(), body });

    expect(Object.keys(verify(json.signature)).sort()).toEqual([
      'currentTimeStamp',
      'expireTime',
      'random',
      'secretId',
      'sourceContext',
      'vodSubAppId',
    ]);
    expect(json.expiresAt).toBe('2026-11-22T09:00:00Z');
  });

  it('answers a different signature and uploadId each time', async () => {
    const headers = await bearer();

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask({ headers, body: {} })));

    expect(new Set(answers.map(({ json }) => json.signature)).size).toBe(50);
    expect(new Set(answers.map(({ json }) => json.uploadId)).size).toBe(50);
  });

  it('logs one line, without the token, the key or the signature', async () => {
    const headers = await bearer();

    const { json } = await ask({ headers, body: { sourceContext: 'canary-context' } });

    expect(log.line).toEqual({
      level: 'info',
      function: 'signature',
      requestId: SCF_CONTEXT.request_id,
      method: 'POST',
      status: 200,
      milliseconds: expect.any(Number),
      owner: 'user-42',
      uploadId: json.uploadId,
    });
  });
});

describe('createSignatureRoute()', () => {
  it('chooses random from the whole unsigned 32-bit range', async () => {
    const ranges: number[] = [];
    const route = createSignatureRoute({
      settings: NO_SETTINGS,
      config: readSignatureConfig({ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: SECRET_KEY, AUTH: 'none' }),
      clock: { now: () => NOW + 999 },
      random: {
        integer: (range) => {
          ranges.push(range);
          return range - 1;
        },
      },
    });
    const log: LogFields = {};

    const { body } = await route(
      { headers: {}, body: '{}' },
      { requestId: 'r1', log, deadline: { left: () => 3_000 } },
    );

    const { signature } = body as { signature: string };
    const { random, currentTimeStamp } = verify(signature);
    expect(ranges).toContain(2 ** 32);
    expect(random).toBe('4294967295');
    expect(currentTimeStamp).toBe(String(NOW / 1_000));
  });
});
