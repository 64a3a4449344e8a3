import { describe, expect, it } from 'vitest';
import { EVENT_SHAPES } from '../support/http-events.ts';
import { id, NOW, useUploads } from './uploads-stage.ts';

const { ledger, ask, issue, load } = useUploads();

describe.each(EVENT_SHAPES)('GET /uploads/{uploadId} behind a $name', ({ toEvent }) => {
  it('answers every field that is recorded, with times in ISO 8601', async () => {
    await ledger.issueUpload({
      uploadId: id('a'),
      method: 'client',
      owner: 'ann',
      fields: {
        classId: 7,
        sourceContext: 'mine',
        limits: { maxBytes: 5 },
        mediaExpireTime: NOW + 86_400_000,
        expiresAt: NOW + 3_600_000,
      },
    });

    const { statusCode, headers, json } = await load({ toEvent })('GET', `/uploads/${id('a')}`);

    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'Cache-Control': 'no-store', ETag: expect.any(String) });
    expect(json).toEqual({
      uploadId: id('a'),
      method: 'client',
      state: 'issued',
      owner: 'ann',
      classId: 7,
      sourceContext: 'mine',
      limits: { maxBytes: 5 },
      mediaExpireTime: '2026-11-23T08:00:00Z',
      createdAt: '2026-11-22T08:00:00.000Z',
      updatedAt: '2026-11-22T08:00:00.000Z',
      expiresAt: '2026-11-22T09:00:00Z',
    });
  });

  it.each(['/uploads/', '/', '/release/uploads/', '//uploads//'])(
    'finds the upload below %s',
    async (root) => {
      await issue('a');

      expect((await load({ toEvent })('GET', `${root}${id('a')}`)).statusCode).toBe(200);
      expect((await load({ toEvent })('GET', `${root}${id('a')}/`)).statusCode).toBe(200);
    },
  );

  it('answers 304 without a body while the ETag matches, and 200 after a change', async () => {
    await issue('a');
    const ask = load({ toEvent });
    const path = `/uploads/${id('a')}`;
    const tag = (await ask('GET', path)).headers['ETag'] ?? '';
    const statusFor = async (condition: string) =>
      (await ask('GET', path, { headers: { 'if-none-match': condition } })).statusCode;

    expect(tag).toMatch(/^"[\w-]+"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, `"other",W/${tag} , "more"`, '*']) {
      expect(await statusFor(known), known).toBe(304);
    }
    for (const other of ['"other"', 'W/"other"', tag.slice(1, -1), '']) {
      expect(await statusFor(other), other).toBe(200);
    }
    const unchanged = await ask('GET', path, { headers: { 'if-none-match': tag } });
    expect(unchanged).toMatchObject({ body: '', headers: { ETag: tag } });
    expect(unchanged.headers).not.toHaveProperty('Content-Type');

    await ledger.transition(id('a'), 'uploadedForProcessing');
    expect(await statusFor(tag)).toBe(200);
  });
});

describe.each(EVENT_SHAPES)('HEAD behind a $name', ({ toEvent }) => {
  it.each(['/uploads', `/uploads/${id('a')}`, `/uploads/${id('a')}/events`])(
    'answers the status and headers of GET %s without a body',
    async (path) => {
      await issue('a');
      const ask = load({ toEvent });
      const [head, get] = [await ask('HEAD', path), await ask('GET', path)];

      expect([head.statusCode, head.body]).toEqual([200, '']);
      expect(head.headers).toEqual(get.headers);
      const known = { headers: { 'if-none-match': String(get.headers['ETag']) } };
      expect((await ask('HEAD', path, known)).statusCode).toBe(304);
    },
  );

  it('answers 404 without a body for an unknown upload', async () => {
    const { statusCode, body } = await load({ toEvent })('HEAD', `/uploads/${id('b')}`);
    expect([statusCode, body]).toEqual([404, '']);
  });
});

describe('GET /uploads/{uploadId} with a malformed id', () => {
  it.each([
    'not-an-id',
    'constructor',
    'undefined',
    '{uploadId}',
    '5285890674567950183',
    id('a').toLowerCase(),
    'x'.repeat(5_000),
  ])('answers 404 and describes the format of an id: %s', async (text) => {
    await issue('a');
    const { statusCode, json } = await ask('GET', `/uploads/${text}`);

    expect([statusCode, json.code]).toEqual([404, 'not_found']);
    expect(json.detail).toContain('an uploadId has 26 digits and capital letters');
  });
});
