import { describe, expect, it } from 'vitest';
import { Problem, type ProblemCode } from '../../../lib/problem.ts';
import { OWN_SUB_APP_ID, pullOf, STORES, setPullStage } from './pull-stage.ts';

describe.each(STORES)('VOD, %s', (_, store) => {
  const stage = setPullStage(store);

  it('is called for the application and within the deadline of the request', async () => {
    const deadline = { left: () => 30_000 };
    const pull = pullOf('film', { storageRegion: 'ap-seoul' });

    await stage.open().one(pull, { deadline });
    await stage.open().one(pull, { deadline, subAppId: 2 });

    expect(stage.asked).toEqual([
      ...[{ deadline }, { deadline, subAppId: OWN_SUB_APP_ID }],
      ...[
        { deadline, subAppId: 2 },
        { deadline, subAppId: 2 },
      ],
    ]);
  });
});

describe.each(STORES)('a pull that VOD has already, %s', (_, store) => {
  const stage = setPullStage(store);

  it('is accepted without a task id', async () => {
    stage.answer = async () => ({ kind: 'duplicate', requestId: 'r' });

    const submitted = await stage.open().one(pullOf('film'));

    expect(submitted).toStrictEqual({ uploadId: expect.any(String), state: 'issued' });
  });
});

describe('a pull that VOD does not accept, with a database', () => {
  const stage = setPullStage('durable');
  const answer = (code: ProblemCode) => async () => {
    throw new Problem('No.', { code });
  };

  it.each<ProblemCode>(['upstream_busy', 'upstream_failed', 'upstream_timeout'])(
    'is queued after %s',
    async (code) => {
      stage.answer = answer(code);

      const submitted = await stage.open().one(pullOf('film'));

      expect(submitted).toEqual({ uploadId: expect.any(String), state: 'issued' });
      expect([await stage.countWaiting(), await stage.listStates()]).toEqual([1, ['issued']]);
    },
  );

  it.each<ProblemCode>(['upstream_rejected', 'upstream_denied'])('fails after %s', async (code) => {
    stage.answer = answer(code);

    await expect(stage.open().one(pullOf('film'))).rejects.toMatchObject({ code });

    expect([await stage.countWaiting(), await stage.listStates()]).toEqual([0, ['failed']]);
  });

  it.each([
    [259_199_999, 1],
    [259_200_000, 0],
  ])(
    'is queued again as long as VOD remembers its session: after %i ms, %i',
    async (later, count) => {
      stage.answer = async () => ({ kind: 'duplicate', requestId: 'r' });
      const submitted = await stage.open().one(pullOf('film'), { key: 'a' });
      stage.time += later;

      expect(await stage.open().one(pullOf('film'), { key: 'a' })).toEqual(submitted);
      expect(await stage.countWaiting()).toBe(count);
    },
  );

  it('is not sent again if it failed after VOD had accepted it, or was cancelled', async () => {
    const one = (key: string) => stage.open().one(pullOf('film'), { key });
    const { uploadId, taskId } = await one('a');
    await stage.ledger.transition(uploadId, 'pullFailed', {});
    stage.answer = answer('upstream_busy');
    const waiting = await one('b');
    await stage.ledger.transition(waiting.uploadId, 'cancelled');

    expect(await one('a')).toEqual({ uploadId, taskId, state: 'failed' });
    expect(await one('b')).toStrictEqual({ uploadId: waiting.uploadId, state: 'cancelled' });
    expect(stage.sent).toHaveLength(2);
  });
});
