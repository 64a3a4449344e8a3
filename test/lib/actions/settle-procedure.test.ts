import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProcedureDetail } from '../../../lib/actions/media-action.ts';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { DONE, losing, MINUTE, UPLOAD_ID, useActionStage } from './action-stage.ts';

const stage = useActionStage();

const refusing = (code: string): Partial<VodApi> => ({
  processMediaByProcedure: () =>
    Promise.reject(
      new Problem('No.', { code: 'upstream_rejected', vod: { code, requestId: 'r-1' } }),
    ),
});

describe('procedure', () => {
  beforeEach(async () => {
    const detail: ProcedureDetail = {
      rules: ['preview'],
      parameters: {
        ...{ ProcedureName: 'LongVideoPreset', TasksPriority: 3, TasksNotifyMode: 'Change' },
        ...{ SessionContext: 'mine', SessionId: randomUUID() },
      },
    };
    const wanted = { kind: 'procedure', detail: { ...detail } };
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', wanted);
  });

  const flows = async () =>
    (await stage.vod.client.DescribeTasks({})).TaskSet?.filter(
      ({ TaskType }) => TaskType === 'Procedure',
    ) ?? [];

  it('starts a task flow, and records its task of the upload', async () => {
    expect(await stage.settle()).toEqual([DONE]);

    const [flow, ...others] = await flows();
    expect(others).toEqual([]);
    expect(await stage.upload()).toMatchObject({ state: 'uploaded', taskId: flow?.TaskId });
    expect(flow?.SessionContext).toBe('mine');
  });

  it('starts the flow once, and finds its task, where the answer was lost', async () => {
    expect(
      await stage.settle({
        api: { processMediaByProcedure: losing(stage.api.processMediaByProcedure) },
      }),
    ).toMatchObject([{ kind: 'retry', error: 'upstream_timeout' }]);
    stage.pass(MINUTE);
    expect(await stage.settle()).toEqual([DONE]);

    const [flow, ...others] = await flows();
    expect(others).toEqual([]);
    expect(await stage.upload()).toMatchObject({ taskId: flow?.TaskId });
    expect(stage.calls.filter((name) => name === 'ProcessMediaByProcedure')).toHaveLength(1);
  });

  it('starts the flow once where VOD lists its task late', async () => {
    await stage.settle({
      api: { processMediaByProcedure: losing(stage.api.processMediaByProcedure) },
    });
    stage.pass(MINUTE);
    const answers = [{ TaskSet: [] }];
    const late: Partial<VodApi> = {
      describeTasks: async (request) => answers.shift() ?? stage.api.describeTasks(request),
    };

    expect(await stage.settle({ api: late })).toEqual([DONE]);

    const [flow, ...others] = await flows();
    expect(others).toEqual([]);
    expect(await stage.upload()).toMatchObject({ taskId: flow?.TaskId });
  });

  it('starts the flow once where the instance is killed before it is recorded', async () => {
    const dying = { ...stage.ledger, finishAction: () => Promise.reject(new Error('Killed.')) };

    await expect(stage.settle({ ledger: dying })).rejects.toThrow('Killed.');
    expect(await stage.settle()).toEqual([]);
    stage.pass(MINUTE);
    expect(await stage.settle()).toEqual([DONE]);

    expect(await flows()).toHaveLength(1);
    expect(await stage.actions()).toMatchObject([{ state: 'done', attempts: 2 }]);
  });

  it('fails its upload where VOD refuses the procedure', async () => {
    const error = 'InvalidParameterValue.ProcedureName';

    expect(await stage.settle({ api: refusing(error) })).toMatchObject([{ kind: 'failed', error }]);

    expect(await stage.upload()).toMatchObject({
      state: 'failed',
      problem: { code: 'rule_failed', rule: 'preview', reason: error },
    });
    expect(await stage.actions()).toMatchObject([{ state: 'dead', lastError: error }]);
    expect(stage.media()).toHaveLength(1);
  });

  it('fails its upload where the flow could not be started for three days', async () => {
    stage.pass(72 * 60 * MINUTE);
    stage.vod.faults.arm('internal-error', 10);

    expect(await stage.settle()).toMatchObject([{ kind: 'failed', error: 'InternalError' }]);

    expect(await stage.upload()).toMatchObject({
      state: 'failed',
      problem: { code: 'rule_failed' },
    });
  });

  it('fails its upload by the next attempt where the instance is killed in the first', async () => {
    const api = refusing('InvalidParameterValue.ProcedureName');
    const dying = { ...stage.ledger, transition: () => Promise.reject(new Error('Killed.')) };

    await expect(stage.settle({ api, ledger: dying })).rejects.toThrow('Killed.');
    stage.pass(MINUTE);
    await stage.settle({ api });

    expect(await stage.upload()).toMatchObject({
      state: 'failed',
      problem: { code: 'rule_failed' },
    });
  });

  it.each(['cancelled', 'rejected', 'deleted'] as const)(
    'is not started for an upload that was %s since',
    async (fact) => {
      await stage.ledger.transition(UPLOAD_ID, fact);

      await stage.settle();

      expect(stage.calls).not.toContain('ProcessMediaByProcedure');
    },
  );
});
