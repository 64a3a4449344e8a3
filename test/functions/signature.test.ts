import { createSecretKey, randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSignatureRoute, main_handler } from '../../functions/signature.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { parseSettings } from '../../lib/policy/settings.ts';
import type { LogFields } from '../../lib/runtime/invocation.ts';
import { captureLog } from '../support/capture-log.ts';
import { askHandler, EVENT_SHAPES, SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { readSignature } from '../support/read-signature.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { contextKeysOf, openContext } from '../support/source-contexts.ts';
import { mintToken } from '../support/tokens.ts';

const SECRET_KEY = 'vod-secret-key-example';
const SIGNER = { keys: contextKeysOf(SECRET_KEY), subAppId: 1_500_000_001 };
// Long enough for HS512 too, so that nothing but the pinned algorithm stands in its way.
const JWT_SECRET = 'jwt-secret-example-of-at-least-32-bytes-and-here-of-more-than-64-bytes';
const ENVIRONMENT = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: SECRET_KEY,
  VOD_SUB_APP_ID: '1500000001',
  AUTH_JWT_SECRET: JWT_SECRET,
  AUTH_JWT_ISSUER: 'https://login.example.com',
  AUTH_JWT_AUDIENCE: 'vod-upload',
  CORS_ORIGINS: 'https://app.example.com, http://localhost:5173',
};
const NOW = Date.UTC(2026, 10, 22, 8, 0, 0);

interface Claims {
  readonly sub?: string;
  readonly scope?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly exp?: number;
  readonly nbf?: number;
}

function mint(claims: Claims = {}, secret = JWT_SECRET, alg = 'HS256'): Promise<string> {
  const payload = {
    ...{ sub: 'user-42', scope: 'openid upload:sign', iss: 'https://login.example.com' },
    ...{ aud: 'vod-upload', exp: NOW / 1_000 + 600, ...claims },
  };
  return mintToken(payload, { secret, alg });
}

const verify = (signature: string, secretKey = SECRET_KEY) => readSignature(signature, secretKey);

const log = captureLog();

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

describe.each(EVENT_SHAPES)('POST /signature behind a $name', ({ toEvent }) => {
  /** A freshly loaded function, as in a new instance. */
  async function load(environment: Readonly<Record<string, string>> = ENVIRONMENT) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    vi.spyOn(Date, 'now').mockReturnValue(NOW);
    vi.resetModules();
    const loaded = await import('../../functions/signature.ts');
    const ask = askHandler(loaded.main_handler, toEvent);
    return (request: TestRequest) => ask(request, SCF_CONTEXT);
  }

  async function bearer(claims: Claims = {}) {
    return { authorization: `Bearer ${await mint(claims)}` };
  }

  it('signs with every documented parameter', async () => {
    const ask = await load();

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
    expect(openContext(sourceContext ?? '', SIGNER)).toEqual({
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

  it.each([undefined, {}])('leaves out what the request %j does not name', async (body) => {
    const ask = await load();

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

  it('never gives the same signature twice', async () => {
    const ask = await load();
    const headers = await bearer();

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask({ headers, body: {} })));

    expect(new Set(answers.map(({ json }) => json.signature)).size).toBe(50);
    expect(new Set(answers.map(({ json }) => json.uploadId)).size).toBe(50);
  });

  it('continues an upload of the same owner, and of nobody else', async () => {
    const ask = await load();
    const first = await ask({ headers: await bearer(), body: {} });
    const { uploadId } = first.json;

    const again = await ask({ headers: await bearer(), body: { uploadId } });
    const stranger = await ask({ headers: await bearer({ sub: 'user-43' }), body: { uploadId } });

    expect(again.json.uploadId).toBe(uploadId);
    expect(
      openContext(verify(again.json.signature)['sourceContext'] ?? '', SIGNER).envelope?.uploadId,
    ).toBe(uploadId);
    expect(stranger.statusCode).toBe(400);
    expect(stranger.json.errors).toEqual([
      {
        path: 'uploadId',
        message: 'was not issued to this caller; leave it out to begin a new upload',
      },
    ]);
  });

  it('continues an upload for as long as a signature of its beginning may live, and no longer', async () => {
    const ask = await load();
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
    const before = await load();
    const { uploadId } = (await before({ headers: await bearer(), body: {} })).json;

    const after = await load({
      ...ENVIRONMENT,
      VOD_SECRET_KEY: 'the-next-key-example',
      VOD_PREVIOUS_SECRET_KEY: SECRET_KEY,
    });
    const { statusCode, json } = await after({ headers: await bearer(), body: { uploadId } });

    expect(statusCode).toBe(200);
    expect(verify(json.signature, 'the-next-key-example')['secretId']).toBe('AKIDexample');
  });

  it('names all wrong fields at once', async () => {
    const ask = await load();

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

  it.each(['[]', 'null', '7', '"text"'])('refuses the body %s', async (body) => {
    const ask = await load();

    const { statusCode, json } = await ask({ headers: await bearer(), body });

    expect(statusCode).toBe(400);
    expect(json.code).toBe('invalid_request');
  });

  it('refuses malformed JSON without quoting it', async () => {
    const ask = await load();

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
    const ask = await load();
    const frame = '{"colour":""}';
    const body = `{"colour":"${'x'.repeat(size - frame.length)}"}`;

    expect((await ask({ headers: await bearer(), body })).statusCode).toBe(statusCode);
  });

  it('keeps its answer small however much is wrong', async () => {
    const ask = await load();
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
    const ask = await load();

    const { statusCode, headers, json } = await ask({ method, headers: await bearer() });

    expect(statusCode).toBe(405);
    expect(headers['Allow']).toBe('POST, OPTIONS');
    expect(json.code).toBe('method_not_allowed');
  });

  describe('callers', () => {
    const refusals: [string, () => Promise<string | undefined>][] = [
      ['no token', async () => undefined],
      ['another scheme', async () => 'Basic dXNlcjpwYXNz'],
      [
        'a token of another secret',
        async () => `Bearer ${await mint({}, 'another-secret-of-at-least-32-bytes!')}`,
      ],
      ['another issuer', async () => `Bearer ${await mint({ iss: 'https://evil.example.com' })}`],
      ['another audience', async () => `Bearer ${await mint({ aud: 'another-api' })}`],
      [
        'alg HS512 under the same secret',
        async () => `Bearer ${await mint({}, JWT_SECRET, 'HS512')}`,
      ],
    ];

    it.each(refusals)('refuses %s', async (_name, authorization) => {
      const ask = await load();
      const value = await authorization();

      const { statusCode, headers, json } = await ask({
        headers: value === undefined ? {} : { authorization: value },
        body: {},
      });

      expect(statusCode).toBe(401);
      expect(headers['WWW-Authenticate']).toMatch(/^Bearer/);
      expect(json.code).toBe('unauthorized');
      expect(json.signature).toBeUndefined();
    });

    it('refuses a token without the scope', async () => {
      const ask = await load();

      const { statusCode, headers, json } = await ask({
        headers: await bearer({ scope: 'upload:signature upload' }),
        body: {},
      });

      expect(statusCode).toBe(403);
      expect(json.code).toBe('insufficient_scope');
      expect(headers['WWW-Authenticate']).toContain('scope="upload:sign"');
    });

    it('refuses a token that was good until it expired', async () => {
      const ask = await load();
      const headers = await bearer({ exp: NOW / 1_000 + 60 });
      expect((await ask({ headers, body: {} })).statusCode).toBe(200);

      vi.spyOn(Date, 'now').mockReturnValue(NOW + 66_000);

      expect((await ask({ headers, body: {} })).statusCode).toBe(401);
    });

    it('lets everybody in under AUTH=none, and says so in nothing but the owner', async () => {
      const { AUTH_JWT_SECRET: _secret, ...open } = ENVIRONMENT;
      const ask = await load({ ...open, AUTH: 'none' });

      const { statusCode, json } = await ask({ body: {} });

      expect(statusCode).toBe(200);
      expect(
        openContext(verify(json.signature)['sourceContext'] ?? '', SIGNER).envelope?.owner,
      ).toBe('anybody');
    });

    it('serves nobody where nothing is said about callers, and says why in its log', async () => {
      const { AUTH_JWT_SECRET: _secret, VOD_SECRET_KEY: _key, ...closed } = ENVIRONMENT;
      const ask = await load(closed);

      const { statusCode, json } = await ask({ headers: await bearer(), body: {} });

      expect(statusCode).toBe(500);
      expect(json).toEqual({
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        code: 'internal',
        requestId: SCF_CONTEXT.request_id,
      });
      expect(log.line).toMatchObject({
        level: 'error',
        fields: ['AUTH_JWT_SECRET', 'VOD_SECRET_KEY'],
      });
    });
  });

  describe('other origins', () => {
    it('answers the preflight of a configured origin', async () => {
      const ask = await load();

      const { statusCode, headers, body } = await ask({
        method: 'OPTIONS',
        headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
      });

      expect(statusCode).toBe(204);
      expect(body).toBe('');
      expect(headers).toMatchObject({
        'Access-Control-Allow-Origin': 'https://app.example.com',
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': expect.stringContaining('Authorization'),
        Vary: 'Origin',
      });
      expect(headers).not.toHaveProperty('Access-Control-Allow-Credentials');
    });

    it('allows nothing to others', async () => {
      const origin = 'https://evil.example.com';
      const ask = await load();

      const preflight = await ask({ method: 'OPTIONS', headers: { origin } });
      const answer = await ask({ headers: { origin, ...(await bearer()) }, body: {} });

      expect(preflight.headers).not.toHaveProperty('Access-Control-Allow-Origin');
      expect(answer.headers).not.toHaveProperty('Access-Control-Allow-Origin');
      expect(answer.headers['Vary']).toBe('Origin');
    });

    it('lets a configured origin read its errors', async () => {
      const ask = await load();

      const { statusCode, headers } = await ask({
        headers: { origin: 'http://localhost:5173' },
        body: {},
      });

      expect(statusCode).toBe(401);
      expect(headers['Access-Control-Allow-Origin']).toBe('http://localhost:5173');
    });
  });

  it('logs one line, without the token, the key or the signature', async () => {
    const ask = await load();
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
  it('takes random over the whole unsigned 32-bit range', async () => {
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

describe('createSignatureRoute(), without a ledger', () => {
  it.each([
    ['the longest life of a profile', { maxExpiresIn: 600 }, 600],
    ['90 days where it bounds none', {}, 7_776_000],
  ])('ends an upload id with %s', async (_, profile, seconds) => {
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

describe('main_handler()', () => {
  it('never rejects, whatever it is called with', async () => {
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
