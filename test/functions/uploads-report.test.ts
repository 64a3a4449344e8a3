import { describe, expect, it } from 'vitest';
import { ADMIN, id, READ, useUploads } from './uploads-stage.ts';

const stage = useUploads();
const SIGN = `${READ} upload:sign`;
const CRC = '11051210869376104954';

const report = (name: string, body: unknown, caller: { owner?: string; scope?: string } = {}) =>
  stage.ask('PUT', `/uploads/${id(name)}/progress`, {
    scope: SIGN,
    ...caller,
    body: JSON.stringify(body),
  });
const show = async (name: string) => (await stage.ask('GET', `/uploads/${id(name)}`)).json;
const find = async (content: string, query: object = {}, caller: object = {}) => {
  const { json } = await stage.ask('GET', '/uploads', { query: { content, ...query }, ...caller });
  return json.items?.map(({ uploadId }: { uploadId: string }) => uploadId) ?? json;
};

describe('PUT /uploads/{uploadId}/progress', () => {
  it('shows how much was sent until the file is there', async () => {
    await stage.issue('a');
    expect(await show('a')).not.toHaveProperty('progress');

    expect(await report('a', { size: 3_000, sent: 0 })).toMatchObject({
      statusCode: 204,
      body: '',
    });
    expect((await show('a')).progress).toBe(0);
    await report('a', { size: 3_000, sent: 2_000 });
    expect((await show('a')).progress).toBe(66);

    await stage.ledger.transition(id('a'), 'uploaded', { fileId: 'f' });
    expect(await show('a')).not.toHaveProperty('progress');
  });

  it('does not go back, unless the file is another one', async () => {
    await stage.issue('a');
    await report('a', { size: 1_000, sent: 900 });
    await report('a', { size: 1_000, sent: 200 });
    expect((await show('a')).progress).toBe(90);

    await report('a', { size: 2_000, sent: 200 });
    expect((await show('a')).progress).toBe(10);
  });

  it('has at most a hundred percent', async () => {
    await stage.issue('a');
    await report('a', { size: 1_000, sent: 5_000 });
    expect((await show('a')).progress).toBe(100);
  });

  it('refuses what is no report, and names each field', async () => {
    await stage.issue('a');
    const wrong = { size: 0, sent: '3', crc64: 7, name: 'film.mp4' };

    const { json } = await report('a', wrong);

    expect(json).toMatchObject({ code: 'invalid_request' });
    expect(json.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(
      Object.keys(wrong).toSorted(),
    );
    for (const crc64 of ['', '-1', '01', '1.0', '0x12', '9'.repeat(21)]) {
      expect(await report('a', { size: 1, sent: 1, crc64 })).toMatchObject({ statusCode: 400 });
    }
    for (const crc64 of ['0', '18446744073709551615', CRC]) {
      expect(await report('a', { size: 1, sent: 1, crc64 })).toMatchObject({ statusCode: 204 });
    }
  });

  it('tells the client that no file is expected any more', async () => {
    await stage.issue('a');
    await stage.ledger.transition(id('a'), 'cancelled');

    expect(await report('a', { size: 1, sent: 1 })).toMatchObject({
      statusCode: 409,
      json: { code: 'upload_finished' },
    });
  });

  it('is for the owner of an upload with the right to upload, and for administrators', async () => {
    await stage.issue('a');
    const body = { size: 2, sent: 1 };

    expect(await report('a', body, { scope: READ })).toMatchObject({ statusCode: 403 });
    expect(await report('a', body, { owner: 'bob' })).toMatchObject({ statusCode: 404 });
    expect(await report('b', body)).toMatchObject({ statusCode: 404 });
    expect(await report('a', body, { owner: 'eve', scope: `${ADMIN} upload:sign` })).toMatchObject({
      statusCode: 204,
    });
  });

  it('needs a database', async () => {
    const ask = stage.load({ ledger: undefined });

    expect(
      await ask('PUT', `/uploads/${id('a')}/progress`, {
        scope: SIGN,
        body: '{"size":1,"sent":1}',
      }),
    ).toMatchObject({ statusCode: 501, json: { code: 'ledger_required' } });
  });
});

describe('GET /uploads?content=', () => {
  const whole = { size: 2_000, sent: 2_000, crc64: CRC };
  const content = `2000-${CRC}`;

  it("finds the caller's uploads of a file, newest first", async () => {
    for (const name of ['a', 'b', 'other', 'unknown']) await stage.issue(name);
    await stage.issue('x', 'bob');
    await report('a', whole);
    await report('b', whole);
    await report('other', { ...whole, size: 2_001 });
    await report('x', whole, { owner: 'bob' });

    expect(await find(content)).toEqual([id('b'), id('a')]);
    expect(await find(content, { limit: '1' })).toEqual([id('b')]);
    expect(await find(`2001-${CRC}`)).toEqual([id('other')]);
    expect(await find('2000-1')).toEqual([]);
    expect(await find(content, {}, { owner: 'bob' })).toEqual([id('x')]);
    expect(await find(content, {}, { owner: 'eve', scope: ADMIN })).toEqual([]);
    expect(await find(content, { owner: 'ann' }, { owner: 'eve', scope: ADMIN })).toHaveLength(2);
  });

  it('is one of the filters of the list', async () => {
    for (const name of ['a', 'b']) {
      await stage.issue(name);
      await report(name, whole);
    }
    await stage.ledger.transition(id('a'), 'uploadedForProcessing', { fileId: 'f' });

    expect(await find(content, { state: 'uploaded' })).toEqual([id('a')]);
    expect(await find(content, { method: 'pull' })).toEqual([]);
  });

  it('knows a file by its checksum after VOD has reported it, too', async () => {
    await stage.issue('a');
    await stage.ledger.transition(id('a'), 'uploaded', { fileId: 'f' });

    await report('a', whole);

    expect(await find(content)).toEqual([id('a')]);
  });

  it('forgets the checksum when the file is another one', async () => {
    await stage.issue('a');
    await report('a', whole);
    await report('a', { size: 2_000, sent: 3 });
    expect(await find(content)).toEqual([id('a')]);

    await report('a', { size: 5, sent: 3 });

    expect(await find(content)).toEqual([]);
  });

  it('says what a content is', async () => {
    for (const wrong of ['', '2000', `0-${CRC}`, `2000-${CRC}1`, '2000-01', '2000_1', '-']) {
      expect(await find(wrong)).toMatchObject({
        code: 'invalid_request',
        errors: [{ path: 'content' }],
      });
    }
  });
});

it('goes with its upload when that is pruned', async () => {
  const DAY = 86_400_000;
  await stage.issue('a');
  await report('a', { size: 2_000, sent: 2_000, crc64: CRC });
  await stage.ledger.transition(id('a'), 'cancelled');
  stage.pass(3 * DAY);
  await stage.sql`insert into pruned_uploads (upload_id, owner, has_media, pruned_at)
    select upload_id, owner, false, ${new Date(stage.now())} from uploads`;
  stage.pass(2 * DAY);

  const bounds = { before: stage.now() - DAY, deliveredBefore: 0 };
  expect(await (await stage.ledger.pruning()).prune('prunedUploads', [[id('a')]], bounds)).toBe(1);

  expect(await stage.sql`select upload_id from upload_contents`).toEqual([]);
});
