import { describe, expect, it } from 'vitest';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES } from '../support/http-events.ts';
import { bearer, useSignature } from './signature-stage.ts';

captureLog();

describe.each(EVENT_SHAPES)('CORS of POST /signature behind a $name', ({ toEvent }) => {
  const { ask } = useSignature(toEvent);

  it('answers the preflight of a configured origin', async () => {
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

  it('allows nothing to other origins', async () => {
    const origin = 'https://evil.example.com';
    const preflight = await ask({ method: 'OPTIONS', headers: { origin } });
    const answer = await ask({ headers: { origin, ...(await bearer()) }, body: {} });

    expect(preflight.headers).not.toHaveProperty('Access-Control-Allow-Origin');
    expect(answer.headers).not.toHaveProperty('Access-Control-Allow-Origin');
    expect(answer.headers['Vary']).toBe('Origin');
  });

  it('lets a configured origin read its errors', async () => {
    const { statusCode, headers } = await ask({
      headers: { origin: 'http://localhost:5173' },
      body: {},
    });

    expect(statusCode).toBe(401);
    expect(headers['Access-Control-Allow-Origin']).toBe('http://localhost:5173');
  });
});
