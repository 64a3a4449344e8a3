import { describe, expect, it, vi } from 'vitest';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import {
  bearer,
  contextOf,
  ENVIRONMENT,
  JWT_SECRET,
  mint,
  NOW,
  useSignature,
} from './signature-stage.ts';

const log = captureLog();

describe.each(EVENT_SHAPES)('callers of POST /signature behind a $name', ({ toEvent }) => {
  const { ask, load } = useSignature(toEvent);

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
    const { statusCode, headers, json } = await ask({
      headers: await bearer({ scope: 'upload:signature upload' }),
      body: {},
    });

    expect(statusCode).toBe(403);
    expect(json.code).toBe('insufficient_scope');
    expect(headers['WWW-Authenticate']).toContain('scope="upload:sign"');
  });

  it('refuses a token that it has accepted once that expires', async () => {
    const headers = await bearer({ exp: NOW / 1_000 + 60 });
    expect((await ask({ headers, body: {} })).statusCode).toBe(200);

    vi.spyOn(Date, 'now').mockReturnValue(NOW + 66_000);

    expect((await ask({ headers, body: {} })).statusCode).toBe(401);
  });

  it('accepts every caller under AUTH=none, as the owner "anybody"', async () => {
    const { AUTH_JWT_SECRET: _secret, ...open } = ENVIRONMENT;
    const ask = await load({ ...open, AUTH: 'none' });

    const { statusCode, json } = await ask({ body: {} });

    expect(statusCode).toBe(200);
    expect(contextOf(json.signature).envelope?.owner).toBe('anybody');
  });

  it('answers 500 where callers are not configured, and logs the missing variables', async () => {
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
