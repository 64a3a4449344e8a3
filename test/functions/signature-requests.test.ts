import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main_handler } from '../../functions/signature.ts';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { bearer, useSignature } from './signature-stage.ts';

const log = captureLog();

describe.each(EVENT_SHAPES)('refusals of POST /signature behind a $name', ({ toEvent }) => {
  const { ask } = useSignature(toEvent);

  it('names every wrong field at once', async () => {
    const { statusCode, headers, json } = await ask({
      headers: await bearer(),
      body: {
        classId: 'x',
        expiresIn: 0,
        colour: 'red',
        size: 1,
        limits: { maxBytes: 0, weight: 1 },
        mediaExpireTime: '2000-01-01T00:00:00Z',
        uploadId: '01ARYZ6S410000000000000000',
      },
    });

    expect(statusCode).toBe(400);
    expect(headers['Content-Type']).toBe('application/problem+json; charset=utf-8');
    expect(json).toMatchObject({
      status: 400,
      code: 'invalid_request',
      requestId: SCF_CONTEXT.request_id,
    });
    expect(json.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      'classId',
      'colour',
      'expiresIn',
      'limits.maxBytes',
      'limits.weight',
      'mediaExpireTime',
      'size',
      'uploadId',
    ]);
  });

  it.each(['[]', '7', '"text"'])('refuses the body %s', async (body) => {
    const { statusCode, json } = await ask({ headers: await bearer(), body });

    expect(statusCode).toBe(400);
    expect(json.code).toBe('invalid_request');
  });

  it('refuses malformed JSON without quoting it', async () => {
    const { statusCode, json } = await ask({
      headers: await bearer(),
      body: '{"sourceContext":"canary',
    });

    expect(statusCode).toBe(400);
    expect(json.code).toBe('invalid_json');
    expect(JSON.stringify(json) + log.text).not.toContain('canary');
  });

  it.each([
    { size: 256 * 1024, statusCode: 400 },
    { size: 256 * 1024 + 1, statusCode: 413 },
    { size: 300_000, statusCode: 413 },
  ])('answers $statusCode to a body of $size bytes', async ({ size, statusCode }) => {
    const frame = '{"colour":""}';
    const body = `{"colour":"${'x'.repeat(size - frame.length)}"}`;

    expect((await ask({ headers: await bearer(), body })).statusCode).toBe(statusCode);
  });

  it('bounds its answer where thousands of values are wrong', async () => {
    const mediaTypes = Array.from({ length: 20_000 }, () => 'exe');

    const { statusCode, body, json } = await ask({
      headers: await bearer(),
      body: { limits: { mediaTypes } },
    });

    expect(statusCode).toBe(400);
    expect(json.detail).toContain('and 19999 more');
    expect(body.length).toBeLessThan(100_000);
  });

  it.each(['GET', 'PUT', 'DELETE', 'HEAD'])('refuses the method %s', async (method) => {
    const { statusCode, headers, json } = await ask({ method, headers: await bearer() });

    expect(statusCode).toBe(405);
    expect(headers['Allow']).toBe('POST, OPTIONS');
    expect(json.code).toBe('method_not_allowed');
  });
});

describe('main_handler()', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('answers any event and context, and never throws', async () => {
    vi.stubEnv('AUTH', 'none');
    vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
    vi.stubEnv('VOD_SECRET_KEY', createSecretKey(Buffer.from('k')).export().toString());
    const anyField = fc.oneof(fc.anything(), fc.string(), fc.json());
    const anyEvent = fc.oneof(
      fc.anything(),
      fc.record(
        {
          httpMethod: fc.oneof(fc.constantFrom('POST', 'OPTIONS', 'GET'), fc.anything()),
          headers: fc.oneof(fc.dictionary(fc.string(), fc.anything()), fc.anything()),
          queryString: fc.anything(),
          body: fc.oneof(
            anyField,
            fc
              .dictionary(
                fc.constantFrom(
                  'classId',
                  'limits',
                  'uploadId',
                  'sourceContext',
                  'mediaExpireTime',
                  'x',
                ),
                fc.anything(),
              )
              .map((fields) => JSON.stringify(fields)),
          ),
          isBase64Encoded: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    );

    await fc.assert(
      fc.asyncProperty(anyEvent, fc.anything(), async (event, context) => {
        const response = await main_handler(event, context);

        expect([200, 204, 400, 405, 413]).toContain(response.statusCode);
        expect(response.statusCode === 204 || JSON.parse(response.body)).toBeTruthy();
      }),
      { numRuns: 2_000 },
    );
  });
});
