import { describe, expect, it } from 'vitest';
import { eventOf } from '../support/use-ledger.ts';
import { ADMIN, id, READ, useUploads } from './uploads-stage.ts';

const { ledger, ask, issue, load } = useUploads();

describe('access to uploads', () => {
  it('answers 404 for uploads of other owners and of no owner, except to administrators', async () => {
    await issue('a', 'bob');
    await ledger.recordEvent(
      eventOf([{ key: { fileId: 'file-1' }, fact: 'uploaded', method: 'console' }]),
    );
    const ownerless = (await ledger.listUploads({ method: 'console', limit: 1 })).items[0]
      ?.uploadId;

    const absent = await ask('GET', `/uploads/${id('absent')}`);
    expect(absent).toMatchObject({ statusCode: 404, json: { code: 'not_found' } });
    for (const uploadId of [id('a'), ownerless]) {
      for (const [method, path] of [
        ['GET', `/uploads/${uploadId}`],
        ['GET', `/uploads/${uploadId}/events`],
        ['DELETE', `/uploads/${uploadId}`],
      ] as const) {
        const answer = await ask(method, path);
        expect({ ...answer.json, requestId: '' }, path).toEqual({ ...absent.json, requestId: '' });
      }
    }
    for (const uploadId of [id('a'), ownerless]) {
      const path = `/uploads/${uploadId}`;
      expect((await ask('GET', path, { scope: ADMIN })).statusCode).toBe(200);
    }
    expect((await ledger.findUpload(id('a')))?.state).toBe('issued');
  });

  it.each([
    ['GET', '/uploads', 'upload:cancel', 'upload:read'],
    ['GET', `/uploads/${id('a')}`, 'upload:cancel', 'upload:read'],
    ['GET', `/uploads/${id('a')}/events`, 'upload:cancel', 'upload:read'],
    ['DELETE', `/uploads/${id('a')}`, 'upload:read', 'upload:cancel'],
    ['POST', `/uploads/${id('a')}/replay`, READ, 'upload:admin'],
    ['GET', '/uploads/dead-deliveries', READ, 'upload:admin'],
    ['GET', '/uploads/dead-items', READ, 'upload:admin'],
    ['POST', '/uploads/dead-items/replay', READ, 'upload:admin'],
    ['POST', '/uploads/dead-deliveries/replay', READ, 'upload:admin'],
    ['GET', '/uploads/endpoints', READ, 'upload:admin'],
    ['POST', '/uploads/endpoints/orders/resume', READ, 'upload:admin'],
  ])('refuses %s %s with the scopes "%s"', async (method, path, scope, needed) => {
    await issue('a');

    const { statusCode, headers } = await ask(method, path, { scope });

    expect(statusCode).toBe(403);
    expect(headers['WWW-Authenticate']).toContain(needed);
    expect((await ledger.findUpload(id('a')))?.state).toBe('issued');
  });

  it('requires a token, and under AUTH=none accepts every caller, but never as administrator', async () => {
    await issue('a', 'anybody');
    await issue('b', 'ann');
    const open = load({ environment: { AUTH: 'none' } });

    expect((await ask('GET', '/uploads', { headers: { authorization: '' } })).statusCode).toBe(401);
    const { json } = await open('GET', '/uploads');
    expect(json.items.map(({ uploadId }: { uploadId: string }) => uploadId)).toEqual([id('a')]);
    expect((await open('DELETE', `/uploads/${id('a')}`)).statusCode).toBe(200);
    expect((await open('GET', `/uploads/${id('b')}`)).statusCode).toBe(404);
    expect((await open('GET', '/uploads/dead-deliveries')).statusCode).toBe(403);
    expect((await open('GET', '/uploads', { query: { owner: 'ann' } })).statusCode).toBe(403);
  });
});
