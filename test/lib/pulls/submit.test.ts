import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import type { BatchResult } from '../../../lib/pulls/submit.ts';
import type { PullRequest } from '../../../lib/validation/pull-request.ts';
import { decodeContext } from '../../support/source-contexts.ts';
import { OWN_SUB_APP_ID, pullOf, STORES, setPullStage } from './pull-stage.ts';

const idsOf = (results: readonly BatchResult[]) =>
  results.map((result) => ('uploadId' in result ? result.uploadId : undefined));

const refuse = async () => {
  throw new Problem('VOD refused the call.', {
    code: 'upstream_rejected',
    errors: [{ path: 'mediaUrl', message: 'is not one that VOD takes' }],
  });
};

describe.each(STORES)('a pull, %s', (_, store) => {
  const stage = setPullStage(store);

  it('is sent under the id of its upload, with a source context that proves it', async () => {
    const submitted = await stage.open().one(pullOf('film'), { subAppId: 1_500_000_002 });

    const { uploadId } = submitted;
    expect(submitted).toEqual({ uploadId, taskId: `task-${uploadId}`, state: 'issued' });
    expect(stage.sent).toEqual([
      {
        MediaUrl: 'https://media.example.com/film.mp4',
        MediaType: 'mp4',
        SessionId: uploadId,
        SourceContext: expect.any(String),
      },
    ]);
    const context = stage.sent[0]?.SourceContext ?? '';
    expect(decodeContext(context, { subAppId: 1_500_000_002 }).envelope).toEqual({
      ...{ uploadId, owner: 'ann', method: 'pull' },
    });
  });

  it('is sent once for many simultaneous requests', async () => {
    const instance = stage.open();

    const submitted = await Promise.all(
      Array.from({ length: 100 }, () => instance.one(pullOf('film'), { key: 'job-7' })),
    );

    expect(stage.sent).toHaveLength(1);
    expect(submitted[0]).toHaveProperty('taskId');
    // With a database, the other requests do not wait for the first.
    const [{ uploadId } = { uploadId: '' }] = submitted;
    const later = store === 'durable' ? { uploadId, state: 'issued' } : submitted[0];
    expect(submitted.slice(1)).toEqual(Array.from({ length: 99 }, () => later));
  });

  it('is refused as a conflict if its key was used for another request, also one in progress', async () => {
    const instance = stage.open();
    let end: () => void = () => undefined;
    const { answer } = stage;
    const sent = new Promise<void>((resolve) => {
      stage.answer = (request) => {
        resolve();
        return new Promise<void>((finish) => {
          end = finish;
        }).then(() => answer(request));
      };
    });
    const first = instance.one(pullOf('film'), { key: 'job-7' });
    await sent;

    const message = expect.stringContaining('use a new key');
    const conflict = { code: 'idempotency_conflict', status: 409, message };
    await expect(
      instance.one(pullOf('film', { classId: 1 }), { key: 'job-7' }),
    ).rejects.toMatchObject(conflict);
    end();
    const { uploadId } = await first;
    await expect(instance.one(pullOf('other'), { key: 'job-7' })).rejects.toMatchObject(conflict);
    expect((await instance.one(pullOf('film'), { key: 'job-7' })).uploadId).toBe(uploadId);
    expect(stage.sent).toHaveLength(1);
  });

  it('has a key that belongs to its owner alone', async () => {
    const instance = stage.open();
    const anns = await instance.one(pullOf('film'), { key: 'job-7' });
    const bobs = await instance.one(pullOf('other'), { key: 'job-7', owner: 'bob' });

    expect(bobs.uploadId).not.toBe(anns.uploadId);
    expect(bobs.taskId).toBe(`task-${bobs.uploadId}`);
  });

  it('is sent again after a refusal, also with other fields under the same key', async () => {
    const { answer } = stage;
    stage.answer = refuse;
    const instance = stage.open();
    await expect(instance.one(pullOf('film'), { key: 'job-7' })).rejects.toMatchObject({
      code: 'upstream_rejected',
    });
    stage.answer = answer;

    const again = await instance.one(pullOf('film', { classId: 1 }), { key: 'job-7' });

    expect(again).toHaveProperty('taskId');
    expect(stage.sent).toHaveLength(2);
  });

  it('is validated before its key is recorded', async () => {
    const instance = stage.open();
    const wrong = [{ storageRegion: 'ap-tokyo' }, { sourceContext: 'x'.repeat(240) }];
    const paths = wrong.map((fields) =>
      instance.one(pullOf('film', fields), { key: 'job-7' }).catch(({ errors }) => errors[0].path),
    );

    expect(await Promise.all(paths)).toEqual(['storageRegion', 'sourceContext']);
    expect(await stage.listStates()).toEqual([]);
    expect(await instance.one(pullOf('film'), { key: 'job-7' })).toHaveProperty('taskId');
    await expect(
      instance.one(pullOf('film', { storageRegion: 'ap-tokyo' }), { key: 'job-7' }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe.each(STORES)('a batch, %s', (_, store) => {
  const stage = setPullStage(store);

  it('returns a result for each item in its place, and errors with its path', async () => {
    const { answer } = stage;
    stage.answer = (request) =>
      request.MediaUrl.endsWith('/bad.mp4') ? refuse() : answer(request);
    const denied = new Problem('No.', {
      code: 'invalid_request',
      errors: [{ path: 'items.1.mediaUrl', message: 'must be a URL' }],
    });

    const results = await stage
      .open()
      .many([
        pullOf('bad'),
        { refusal: denied },
        pullOf('c', { storageRegion: 'ap-tokyo' }),
        pullOf('d', { sourceContext: 'x'.repeat(240) }),
        pullOf('e', { storageRegion: 'ap-seoul' }),
      ]);

    const paths = results.map((result) =>
      'problem' in result ? result.problem.errors?.map(({ path }) => path) : [],
    );
    expect(paths).toEqual([
      ...[['items.0.mediaUrl'], ['items.1.mediaUrl']],
      ...[['items.2.storageRegion'], ['items.3.sourceContext'], []],
    ]);
    expect(results[0]).toMatchObject({
      problem: { code: 'upstream_rejected', status: 422, requestId: 'call-1' },
    });
    expect(results[4]).toMatchObject({ state: 'issued', taskId: expect.any(String) });
    expect(stage.sent).toHaveLength(2);
    const states = await stage.listStates();
    expect(states.toSorted()).toEqual(store === 'durable' ? ['failed', 'issued'] : []);
  });

  it('sends nothing again if items with their own keys are reordered', async () => {
    const [a, b] = [pullOf('a', { idempotencyKey: 'a' }), pullOf('b', { idempotencyKey: 'b' })];
    const placed = pullOf('placed');
    const instance = stage.open();
    const first = await instance.many([a, placed, b], { key: 'batch-1' });
    const count = stage.sent.length;

    const again = await instance.many([b, placed, a], { key: 'batch-1' });

    expect(new Set(idsOf(first)).size).toBe(3);
    expect(idsOf(again)).toEqual(idsOf(first).toReversed());
    expect(stage.sent).toHaveLength(count);

    const alone = await stage.open().one(a, { key: 'a' });
    const byPlace = await stage.open().one(placed, { key: 'batch-1/1' });

    expect([alone.uploadId, byPlace.uploadId]).toEqual(idsOf(first).slice(0, 2));
    // VOD knows repeated requests of another instance by their session.
    expect(stage.sent.every(({ SessionId }) => idsOf(first).includes(SessionId))).toBe(true);
  });

  it('makes one upload of items with the same key, and refuses a third with other fields', async () => {
    const item = pullOf('film', { idempotencyKey: 'one' });

    const results = await stage.open().many([item, item, { ...item, classId: 1 }]);

    expect(results[0]).toHaveProperty('taskId');
    expect(idsOf(results)).toEqual([idsOf(results)[0], idsOf(results)[0], undefined]);
    expect(results[2]).toMatchObject({ problem: { code: 'idempotency_conflict', status: 409 } });
    expect(stage.sent).toHaveLength(1);
    expect(await stage.countWaiting()).toBe(0);
  });
});

describe('keys in the ledger', () => {
  const stage = setPullStage('durable');

  // Databases store these: a later release must find the same. They are SHA-256 in Base64, as `openssl dgst` writes it.
  type Known = readonly [fields: Partial<PullRequest>, fingerprint: string];
  const MINIMAL: Known = [{}, 'iIK+6PoMhAPcG+NLQwMPhBwN6WyJQUMxzCx8Z77ylW4='];
  const WHOLE: Known = [
    {
      ...{ mediaName: '한글', coverUrl: 'https://media.example.com/c.png', classId: 7 },
      ...{ procedure: 'LongVideoPreset', expireTime: 4_070_908_800, tasksPriority: -10 },
      ...{ storageRegion: 'ap-seoul', sessionContext: 's', sourceContext: 'o' },
      mediaStoragePath: '/films/film.mp4',
      limits: { mediaTypes: ['mp4', 'mov'], maxSeconds: 6, maxBytes: 5 },
    },
    'iqxRzc+50jl6/hDihVrm42ZKDMFw2/AWSjdmbeys4vg=',
  ];

  it.each([
    ['the required fields', MINIMAL],
    ['all fields', WHOLE],
  ])('are found if an earlier release wrote them for %s', async (_, [fields, fingerprint]) => {
    const uploadId = '01ARYZ6S410000000000000000';
    await stage.ledger.rememberRequest({ owner: 'ann', key: 'job-7', fingerprint, uploadId });
    const instance = stage.open();
    const asked = pullOf('film', { ...fields, idempotencyKey: 'job-7' });

    const submitted = await instance.one(asked, { key: 'job-7' });

    expect(submitted).toEqual({ uploadId, state: 'issued' });
    expect(await stage.ledger.claimPulls(9, 60)).toMatchObject([
      { uploadId, subAppId: OWN_SUB_APP_ID, request: { SessionId: uploadId } },
    ]);
    await expect(
      instance.one({ ...asked, mediaName: 'other' }, { key: 'job-7' }),
    ).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });

  it('are of one tenant: a caller of another one with the same name may use the same key', async () => {
    const instance = stage.open();
    const pull = (subAppId: number, name = 'film') =>
      instance.one(pullOf(name), { key: 'job-7', subAppId });
    const first = await pull(1_500_000_002);
    const other = await pull(1_500_000_003, 'another film');

    expect(other.uploadId).not.toBe(first.uploadId);
    expect(await pull(1_500_000_002)).toEqual(first);
    expect(await pull(1_500_000_003, 'another film')).toEqual(other);
    await expect(pull(1_500_000_002, 'another film')).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  it("are stored per owner, under the item's own key or the batch key with its place", async () => {
    const own = pullOf('film', { ...WHOLE[0], idempotencyKey: 'own' });
    await stage.open().many([pullOf('film'), own, pullOf('film')], { key: 'batch-1' });

    const rows = await stage.sql`select owner, key, fingerprint from requests order by key`;

    expect([...rows]).toEqual([
      { owner: 'ann', key: 'batch-1/0', fingerprint: MINIMAL[1] },
      { owner: 'ann', key: 'batch-1/2', fingerprint: MINIMAL[1] },
      { owner: 'ann', key: 'own', fingerprint: WHOLE[1] },
    ]);
  });
});

describe('without a database', () => {
  const stage = setPullStage('stateless');

  // VOD remembers these for three days, and every instance, also of a later release, must compute the same. They are
  // the first 128 bits of SHA-256 of the owner's name as JSON and the key, written as a ULID.
  it('derives the same id from a key in every instance', async () => {
    const instance = stage.open();
    await instance.one(pullOf('film'), { key: 'job-7' });
    await instance.one(pullOf('film'), { key: 'job-7', subAppId: 1_500_000_002 });
    await instance.many(
      [{ refusal: new Problem('No.', { code: 'invalid_request' }) }, pullOf('film')],
      {
        key: 'batch-1',
      },
    );

    expect(stage.sent.map(({ SessionId }) => SessionId)).toEqual([
      '1HHPVA0K01JBD0A8PZA2FNX65S',
      '11BMP95DW9BVGTENDRRD0VTFNX',
      '35FGGQ6099GYGZREB7NMV15PR1',
    ]);
  });

  it('reports a failure to all waiting requests, and sends the next one again', async () => {
    const { answer } = stage;
    stage.answer = () => Promise.reject(new Problem('Busy.', { code: 'upstream_busy' }));
    const instance = stage.open();
    const submit = () => instance.one(pullOf('film'), { key: 'job-7' });

    const results = await Promise.allSettled([submit(), submit(), submit()]);
    stage.answer = answer;

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(stage.sent).toHaveLength(1);
    expect(await submit()).toHaveProperty('taskId');
  });

  it('makes eight calls to VOD at the same time', async () => {
    const { answer } = stage;
    let [underWay, most] = [0, 0];
    stage.answer = async (request) => {
      underWay += 1;
      most = Math.max(most, underWay);
      // Everything else that can start has started by then.
      await new Promise(setImmediate);
      underWay -= 1;
      return answer(request);
    };

    const items = Array.from({ length: 20 }, (_, i) => pullOf(i));
    await stage.open().many(items);

    expect(stage.sent).toHaveLength(20);
    expect(most).toBe(8);
  });

  it('forgets the oldest request beyond 10,000', async () => {
    const instance = stage.open();
    for (let i = 0; i <= 10_000; i += 1) await instance.one(pullOf('film'), { key: `key-${i}` });

    await instance.one(pullOf('film'), { key: 'key-10000' });
    await instance.one(pullOf('film'), { key: 'key-1' });
    expect(stage.sent).toHaveLength(10_001);
    await instance.one(pullOf('other'), { key: 'key-0' });
    expect(stage.sent).toHaveLength(10_002);
  });

  it('reports invalid items without time to send, and neither remembers nor counts the others', async () => {
    const instance = stage.open();
    const particulars = { key: 'batch-1', quotas: { signaturesPerMinute: 1 } };
    const items = [pullOf('a'), { refusal: new Problem('No.', { code: 'invalid_request' }) }];

    const results = await instance.many(items, {
      ...particulars,
      deadline: { left: () => 3_000 },
    });
    const later = await instance.many(items, {
      ...particulars,
      deadline: { left: () => 3_001 },
    });

    expect(results).toMatchObject([{ queued: false }, { problem: { code: 'invalid_request' } }]);
    expect(later).toMatchObject([{ state: 'issued' }, { problem: { code: 'invalid_request' } }]);
    expect(stage.sent).toHaveLength(1);
  });
});
