import { describe, expect, it } from 'vitest';
import { openTunnel } from '../support/tunnel.ts';
import { ADMIN, id, useUploads } from './uploads-stage.ts';

const stage = useUploads();
const { ask, load, log } = stage;

describe('requests that cannot be answered', () => {
  it.each([
    ['POST', '/uploads', 'GET, HEAD, OPTIONS'],
    ['POST', `/uploads/${id('a')}`, 'GET, HEAD, DELETE, OPTIONS'],
    ['DELETE', '/uploads/dead-deliveries', 'GET, HEAD, OPTIONS'],
    ['GET', '/uploads/dead-deliveries/replay', 'POST, OPTIONS'],
    ['POST', '/uploads/endpoints', 'GET, HEAD, OPTIONS'],
    ['GET', '/uploads/endpoints/orders/resume', 'POST, OPTIONS'],
    ['DELETE', `/uploads/${id('a')}/events`, 'GET, HEAD, OPTIONS'],
    ['GET', `/uploads/${id('a')}/replay`, 'POST, OPTIONS'],
    ['HEAD', `/uploads/${id('a')}/replay`, 'POST, OPTIONS'],
  ])('answers 405 to %s %s with the allowed methods', async (method, path, allow) => {
    const { statusCode, headers } = await ask(method, path, { scope: ADMIN });

    expect(statusCode).toBe(405);
    expect(headers['Allow']).toBe(allow);
  });

  it.each([
    `/uploads/${id('a')}/parts`,
    `/uploads/${id('a')}/events/1`,
    '/uploads/dead-deliveries/events',
    '/uploads/dead-deliveries/replay/1',
    '/uploads/endpoints/orders',
    '/uploads/endpoints/orders/pause',
    '/uploads/endpoints/orders/resume/1',
  ])('answers 404 to the unknown path %s', async (path) => {
    expect(await ask('GET', path)).toMatchObject({ statusCode: 404, json: { code: 'not_found' } });
  });

  it('answers 501 and names the variable to set where there is no database', async () => {
    const ask = load({ ledger: undefined });

    expect(await ask('GET', '/uploads')).toMatchObject({
      statusCode: 501,
      json: { code: 'ledger_required', detail: expect.stringContaining('DATABASE_URL') },
    });
    expect((await ask('GET', '/uploads', { scope: '' })).statusCode).toBe(403);
  });

  it('answers 503 while the database is unreachable, without its address', async () => {
    const tunnel = await openTunnel(stage.url);
    const ledger = stage.open({ url: tunnel.url });
    await ledger.issueUpload({ uploadId: id('a'), method: 'client', owner: 'ann' });
    await tunnel.cut();

    const { statusCode, headers, body } = await load({ ledger })('GET', `/uploads/${id('a')}`);

    expect(statusCode).toBe(503);
    expect(headers['Retry-After']).toMatch(/^\d+$/);
    expect(JSON.parse(body).code).toBe('ledger_unavailable');
    expect(log.line).toMatchObject({
      level: 'warn',
      code: 'ledger_unavailable',
      databaseCode: expect.stringMatching(/^[A-Z_]+$/),
      uploadId: id('a'),
    });
    expect(body + log.text).not.toContain(new URL(tunnel.url).host);
  });
});
