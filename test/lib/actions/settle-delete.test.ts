import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import { DONE, losing, MINUTE, useActionStage } from './action-stage.ts';

const stage = useActionStage();

describe('delete', () => {
  it('deletes a file once, also where it is requested several times', async () => {
    const fileId = await stage.makeMedia();
    await stage.arrive(fileId, 'rejected');
    await stage.arrive(fileId, 'rejected');

    const other = stage.settle();
    const settled = [...(await stage.settle()), ...(await other)];
    await stage.arrive(fileId, 'rejected');
    stage.pass(24 * 60 * MINUTE);
    await stage.settle();

    expect(settled).toEqual([DONE]);
    expect(stage.media()).toEqual([]);
    expect(stage.calls).toEqual(['DeleteMedia']);
  });

  it('is done where an earlier attempt, whose answer was lost, has deleted the file', async () => {
    const fileId = await stage.makeMedia();
    await stage.arrive(fileId, 'rejected');

    expect(
      await stage.settle({ api: { deleteMedia: losing(stage.api.deleteMedia) } }),
    ).toMatchObject([{ kind: 'retry', error: 'upstream_timeout' }]);
    stage.pass(MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
  });

  it.each(['FailedOperation.InvalidVodUser', 'ResourceNotFound.UserNotExist', 'InternalError'])(
    'is retried after %s',
    async (code) => {
      await stage.arrive(await stage.makeMedia(), 'rejected');
      const deny = new Problem('No.', { code: 'upstream_denied', vod: { code, requestId: '' } });
      const api = { deleteMedia: () => Promise.reject(deny) };

      expect(await stage.settle({ api })).toMatchObject([
        { kind: 'retry', error: code, cause: deny },
      ]);
      expect(await stage.actions()).toMatchObject([{ state: 'pending', lastError: code }]);
    },
  );
});
