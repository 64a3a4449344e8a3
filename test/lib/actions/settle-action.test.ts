import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { InspectDetail, ProcedureDetail } from '../../../lib/actions/media-action.ts';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { LENGTHLESS } from '../../support/lengthless-media.ts';
import { blackPng } from '../../tools/local/emulator/ugc/media-samples.ts';
import { EXECUTABLE, UPLOAD_ID, useActionStage } from './action-stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DONE = { kind: 'done' };

const stage = useActionStage();

const mediaOfVod = () => stage.vod.emulator().media();
const upload = () => stage.ledger.findUpload(UPLOAD_ID);
const actionsOf = () => stage.ledger.listActions(UPLOAD_ID);

/** VOD, whose answer to this call is lost after it was carried out. */
function losing(name: 'deleteMedia' | 'modifyMediaInfo' | 'processMediaByProcedure'): VodApi {
  const { api } = stage;
  const lose = async (call: Promise<unknown>) => {
    await call;
    throw new Problem('Lost.', { code: 'upstream_timeout' });
  };
  return {
    ...api,
    ...(name === 'deleteMedia' && { deleteMedia: (request) => lose(api.deleteMedia(request)) }),
    ...(name === 'modifyMediaInfo' && {
      modifyMediaInfo: (request) => lose(api.modifyMediaInfo(request)),
    }),
    ...(name === 'processMediaByProcedure' && {
      processMediaByProcedure: (request) => lose(api.processMediaByProcedure(request)),
    }),
  };
}

function refusing(code: string): VodApi {
  const refuse = () =>
    Promise.reject(
      new Problem('No.', { code: 'upstream_rejected', vod: { code, requestId: 'r-1' } }),
    );
  return {
    ...stage.api,
    ...{ deleteMedia: refuse, modifyMediaInfo: refuse, processMediaByProcedure: refuse },
  };
}

describe('delete', () => {
  it('deletes a file once, however often it is asked for', async () => {
    const fileId = await stage.makeMedia();
    await stage.arrive(fileId, 'rejected');
    await stage.arrive(fileId, 'rejected');

    const other = stage.settle();
    const settled = [...(await stage.settle()), ...(await other)];
    await stage.arrive(fileId, 'rejected');
    stage.pass(24 * HOUR);
    await stage.settle();

    expect(settled).toEqual([DONE]);
    expect(mediaOfVod()).toEqual([]);
    expect(stage.calls).toEqual(['DeleteMedia']);
  });

  it('is done where the file is gone, also by a try whose answer was lost', async () => {
    const fileId = await stage.makeMedia();
    await stage.arrive(fileId, 'rejected');

    expect(await stage.settle({ api: losing('deleteMedia') })).toMatchObject([
      { kind: 'retry', error: 'upstream_timeout' },
    ]);
    stage.pass(MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
  });

  it.each([
    ['FailedOperation.InvalidVodUser', 'retry'],
    ['ResourceNotFound.UserNotExist', 'retry'],
    ['InternalError', 'retry'],
  ])('is tried again after %s', async (code, kind) => {
    await stage.arrive(await stage.makeMedia(), 'rejected');
    const deny = new Problem('No.', { code: 'upstream_denied', vod: { code, requestId: '' } });
    const api: VodApi = { ...stage.api, deleteMedia: () => Promise.reject(deny) };

    expect(await stage.settle({ api })).toMatchObject([{ kind, error: code, cause: deny }]);
    expect(await actionsOf()).toMatchObject([{ state: 'pending', lastError: code }]);
  });
});

describe('modify', () => {
  const detail = {
    rules: ['archive'],
    parameters: { ExpireTime: '2099-01-01T00:00:00Z', ClassId: 7, AddTags: ['a', 'b'] },
  };

  it('sets everything, and tells it of the upload', async () => {
    const fileId = await stage.makeMedia();
    await stage.arrive(fileId, 'uploaded', { kind: 'modify', detail });

    expect(await stage.settle()).toEqual([DONE]);

    expect(mediaOfVod()).toMatchObject([
      { fileId, classId: 7, tags: ['a', 'b'], expireTime: '2099-01-01T00:00:00Z' },
    ]);
    expect(await upload()).toMatchObject({
      ...{ state: 'ready', classId: 7, mediaExpireTime: Date.UTC(2099, 0, 1) },
    });
    expect(await actionsOf()).toMatchObject([
      { kind: 'modify', state: 'done', rules: ['archive'], attempts: 1 },
    ]);
  });

  it('sees that it was done where an answer was lost', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail });

    expect(await stage.settle({ api: losing('modifyMediaInfo') })).toEqual([DONE]);

    expect(mediaOfVod()).toMatchObject([{ classId: 7, tags: ['a', 'b'] }]);
    expect(await upload()).toMatchObject({ classId: 7, mediaExpireTime: Date.UTC(2099, 0, 1) });
  });

  describe('that VOD may not have heard of', () => {
    const parameters = { AddTags: ['a'] };
    /** The time of VOD's last update of the media, where that is not the one that it has. */
    let updateTime: string | undefined;
    let tasks: readonly object[];

    const telling = (): VodApi => ({
      ...stage.api,
      describeMediaInfos: async (...call) => {
        const answer = await stage.api.describeMediaInfos(...call);
        for (const { BasicInfo } of answer.MediaInfoSet ?? []) {
          if (BasicInfo && updateTime !== undefined) BasicInfo.UpdateTime = updateTime;
        }
        return answer;
      },
      describeTasks: async (request) => ({
        TaskSet: tasks.map((task) => ({ ...task, FileId: request.FileId ?? '' })),
      }),
    });
    const deaf = (): VodApi => ({
      ...telling(),
      modifyMediaInfo: () => Promise.reject(new Problem('Late.', { code: 'upstream_timeout' })),
    });

    beforeEach(async () => {
      updateTime = undefined;
      tasks = [];
      const wanted = { kind: 'modify', detail: { rules: [], parameters } };
      await stage.arrive(await stage.makeMedia(), 'uploaded', wanted);
      expect(await stage.settle({ api: deaf() })).toMatchObject([
        { kind: 'retry', error: 'upstream_timeout' },
      ]);
      stage.pass(MINUTE);
    });

    it('is done by another try', async () => {
      expect(await stage.settle()).toEqual([DONE]);
      expect(mediaOfVod()).toMatchObject([{ tags: ['a'] }]);
    });

    it.each([
      ['ended then', { Status: 'FINISH', FinishTime: '2030-01-01T00:00:03Z' }],
      ['began then', { Status: 'FINISH', BeginProcessTime: '2030-01-01T00:00:00Z' }],
      ['still runs', { Status: 'PROCESSING', CreateTime: '2029-12-31T00:00:00Z' }],
    ])('is done although the media was updated, by a task that %s', async (_when, task) => {
      updateTime = '2030-01-01T00:00:00Z';
      tasks = [task];

      expect(await stage.settle({ api: telling() })).toEqual([DONE]);
      expect(mediaOfVod()).toMatchObject([{ tags: ['a'] }]);
    });

    it('is left where the media was updated by somebody: it may have been taken back', async () => {
      updateTime = '2030-01-01T00:00:00Z';
      tasks = [{ Status: 'FINISH', FinishTime: '2029-12-31T23:59:00Z' }];

      expect(await stage.settle({ api: telling() })).toEqual([DONE]);
      expect(mediaOfVod()).toMatchObject([{ tags: [] }]);
    });
  });

  it('is done once more where VOD says that it has not done it', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail });
    const busy = new Problem('No.', {
      ...{ code: 'upstream_busy', vod: { code: 'RequestLimitExceeded', requestId: '' } },
    });
    const api: VodApi = { ...stage.api, modifyMediaInfo: () => Promise.reject(busy) };

    expect(await stage.settle({ api })).toMatchObject([{ kind: 'retry' }]);
    await stage.vod.client.ModifyMediaInfo({
      ...{ FileId: mediaOfVod()[0]?.fileId ?? '', Description: 'A person was here.' },
    });
    stage.pass(MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
    expect(mediaOfVod()).toMatchObject([{ classId: 7, tags: ['a', 'b'] }]);
  });

  it('goes on after what it has set itself, which updates the media too', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail });
    stage.vod.passSeconds(60);
    const dying: VodApi = {
      ...stage.api,
      modifyMediaInfo: (request, options) =>
        'AddTags' in request
          ? Promise.reject(new Problem('Late.', { code: 'upstream_timeout' }))
          : stage.api.modifyMediaInfo(request, options),
    };

    expect(await stage.settle({ api: dying })).toMatchObject([{ kind: 'retry' }]);
    stage.pass(MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
    expect(mediaOfVod()).toMatchObject([{ classId: 7, tags: ['a', 'b'] }]);
    expect(stage.calls).toEqual(Array(3).fill('ModifyMediaInfo'));
  });

  it('leaves class and end that a person has chosen before the first try', async () => {
    const fileId = await stage.makeMedia();
    await stage.arrive(fileId, 'uploaded', { kind: 'modify', detail });
    const chosen = { ClassId: 8, ExpireTime: '2050-01-01T00:00:00Z', AddTags: ['mine'] };
    await stage.vod.client.ModifyMediaInfo({ FileId: fileId, ...chosen });

    expect(await stage.settle()).toEqual([DONE]);

    expect(mediaOfVod()).toMatchObject([
      { classId: 8, expireTime: '2050-01-01T00:00:00Z', tags: ['mine', 'a', 'b'] },
    ]);
  });

  it('sends nothing more where its lease has run out', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail });
    const slow: VodApi = {
      ...stage.api,
      describeMediaInfos: async (request) => {
        const answer = await stage.api.describeMediaInfos(request);
        stage.pass(MINUTE);
        await stage.ledger.claimActions(1, 60);
        return answer;
      },
    };

    await stage.settle({ api: slow });

    expect(stage.calls).toEqual([]);
  });

  it('sets what VOD takes although it refuses the rest, which ends it', async () => {
    const parameters = { ExpireTime: '1999-01-01T00:00:00Z', ClassId: 7 };
    const wrong = { rules: ['old'], parameters, coverUrl: 'https://a.example.com/c.png' };
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail: wrong });

    const settled = await stage.settle();

    const error = 'InvalidParameterValue.ExpireTime';
    expect(settled).toMatchObject([{ kind: 'failed', error }]);
    expect(mediaOfVod()).toMatchObject([{ classId: 7 }]);
    expect(await actionsOf()).toMatchObject([{ state: 'dead', lastError: error, rules: ['old'] }]);
    expect(await upload()).toMatchObject({ state: 'ready', classId: 7 });
  });

  it('ends at once where there would be too many tags', async () => {
    const fileId = await stage.makeMedia();
    const AddTags = Array.from({ length: 16 }, (_, i) => `t${i}`);
    await stage.vod.client.ModifyMediaInfo({ FileId: fileId, AddTags });
    await stage.arrive(fileId, 'uploaded', { kind: 'modify', detail });

    expect(await stage.settle()).toMatchObject([
      { kind: 'failed', error: 'LimitExceeded.TagCountReachMax' },
    ]);
  });

  it('has nothing to do where the file is gone', async () => {
    await stage.arrive('5285890700000000404', 'uploaded', { kind: 'modify', detail });
    expect(await stage.settle()).toEqual([DONE]);
  });

  it('is tried again where VOD fails, and ends it after three days', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail });
    stage.vod.faults.arm('internal-error', 10_000);
    const kinds: string[] = [];
    for (let hour = 0; hour < 80; hour += 1) {
      kinds.push(...(await stage.settle()).map(({ kind }) => kind));
      stage.pass(HOUR);
    }
    stage.vod.faults.clear();

    expect(kinds.at(-1)).toBe('failed');
    expect(kinds.slice(0, -1).every((kind) => kind === 'retry')).toBe(true);
    expect(kinds.length).toBeGreaterThan(5);
    expect(await stage.settle()).toEqual([]);
  });

  it('sets a cover that was fetched', async () => {
    const asked: string[] = [];
    const coverUrl = 'https://a.example.com/c.png';
    const cover = { rules: ['cover'], parameters: {}, coverUrl };
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail: cover });

    const settled = await stage.settle({
      fetchCover: async (url) => {
        asked.push(url);
        return { kind: 'fetched', bytes: blackPng(8, 4) };
      },
    });

    expect([settled, asked]).toEqual([[DONE], [coverUrl]]);
    const [media] = mediaOfVod();
    expect(media?.coverUrl).toMatch(/\.png$/);
    expect(await upload()).toMatchObject({ coverUrl: media?.coverUrl });
  });

  it('is tried again for a cover that could not be fetched now, and not for one that never can', async () => {
    const cover = { ...detail, coverUrl: 'https://a.example.com/c.png' };
    await stage.arrive(await stage.makeMedia(), 'uploaded', { kind: 'modify', detail: cover });

    const failed = await stage.settle({
      fetchCover: async () => ({ kind: 'failed', error: 'cover_http_503' }),
    });
    stage.pass(MINUTE);
    const refused = await stage.settle();

    expect(failed).toMatchObject([{ kind: 'retry', error: 'cover_http_503' }]);
    expect(refused).toMatchObject([{ kind: 'failed', error: 'cover_no_image' }]);
    expect(mediaOfVod()).toMatchObject([{ classId: 7 }]);
  });
});

describe('procedure', () => {
  const detailOf = (): ProcedureDetail => ({
    rules: ['preview'],
    parameters: {
      ...{ ProcedureName: 'LongVideoPreset', TasksPriority: 3, TasksNotifyMode: 'Change' },
      ...{ SessionContext: 'mine', SessionId: randomUUID() },
    },
  });
  const procedure = () => ({ kind: 'procedure', detail: { ...detailOf() } });
  const flows = async () =>
    (await stage.vod.client.DescribeTasks({})).TaskSet?.filter(
      ({ TaskType }) => TaskType === 'Procedure',
    ) ?? [];

  it('starts a flow, whose task the upload has then', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());

    expect(await stage.settle()).toEqual([DONE]);

    const [flow, ...others] = await flows();
    expect(others).toEqual([]);
    expect(await upload()).toMatchObject({ state: 'uploaded', taskId: flow?.TaskId });
    expect(flow?.SessionContext).toBe('mine');
  });

  it('starts it once, although the answer was lost, and finds its task', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());

    expect(await stage.settle({ api: losing('processMediaByProcedure') })).toMatchObject([
      { kind: 'retry', error: 'upstream_timeout' },
    ]);
    stage.pass(MINUTE);
    expect(await stage.settle()).toEqual([DONE]);

    const [flow, ...others] = await flows();
    expect(others).toEqual([]);
    expect(await upload()).toMatchObject({ taskId: flow?.TaskId });
    expect(stage.calls.filter((name) => name === 'ProcessMediaByProcedure')).toHaveLength(1);
  });

  it('starts it once, although VOD lists its task too late', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());
    await stage.settle({ api: losing('processMediaByProcedure') });
    stage.pass(MINUTE);
    const answers = [{ TaskSet: [] }];
    const late: VodApi = {
      ...stage.api,
      describeTasks: async (request) => answers.shift() ?? stage.api.describeTasks(request),
    };

    expect(await stage.settle({ api: late })).toEqual([DONE]);

    const [flow, ...others] = await flows();
    expect(others).toEqual([]);
    expect(await upload()).toMatchObject({ taskId: flow?.TaskId });
  });

  it('is started once by somebody who dies before it is written down', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());
    const dying = { ...stage.ledger, finishAction: () => Promise.reject(new Error('Killed.')) };

    await expect(stage.settle({ ledger: dying })).rejects.toThrow('Killed.');
    expect(await stage.settle()).toEqual([]);
    stage.pass(MINUTE);
    expect(await stage.settle()).toEqual([DONE]);

    expect(await flows()).toHaveLength(1);
    expect(await actionsOf()).toMatchObject([{ state: 'done', attempts: 2 }]);
  });

  it('ends its upload where VOD refuses it', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());
    const error = 'InvalidParameterValue.ProcedureName';

    expect(await stage.settle({ api: refusing(error) })).toMatchObject([{ kind: 'failed', error }]);

    expect(await upload()).toMatchObject({
      state: 'failed',
      problem: { code: 'rule_failed', rule: 'preview', reason: error },
    });
    expect(await actionsOf()).toMatchObject([{ state: 'dead', lastError: error }]);
    expect(mediaOfVod()).toHaveLength(1);
  });

  it('ends its upload where it could not be started for three days', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());
    stage.pass(72 * HOUR);
    stage.vod.faults.arm('internal-error', 10);

    expect(await stage.settle()).toMatchObject([{ kind: 'failed', error: 'InternalError' }]);

    expect(await upload()).toMatchObject({ state: 'failed', problem: { code: 'rule_failed' } });
  });

  it('still ends its upload by somebody else where the first one died over it', async () => {
    await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());
    const api = refusing('InvalidParameterValue.ProcedureName');
    const dying = { ...stage.ledger, transition: () => Promise.reject(new Error('Killed.')) };

    await expect(stage.settle({ api, ledger: dying })).rejects.toThrow('Killed.');
    stage.pass(MINUTE);
    await stage.settle({ api });

    expect(await upload()).toMatchObject({ state: 'failed', problem: { code: 'rule_failed' } });
  });

  it.each(['cancelled', 'rejected', 'deleted'] as const)(
    'is not started for an upload that is %s meanwhile',
    async (fact) => {
      await stage.arrive(await stage.makeMedia(), 'uploadedForProcessing', procedure());
      await stage.ledger.transition(UPLOAD_ID, fact);

      await stage.settle();

      expect(stage.calls).not.toContain('ProcessMediaByProcedure');
    },
  );
});

const FACT_BEHIND = {
  uploaded: 'issued',
  processing: 'processingStarted',
  ready: 'processingSucceeded',
  failed: 'processingFailed',
} as const;

describe('inspect', () => {
  const inspect = (detail: Omit<InspectDetail, 'limits'> & { readonly limits: object }) => ({
    kind: 'inspect',
    detail,
  });

  it('takes a file that VOD has read meanwhile', async () => {
    const fileId = await stage.makeMedia();
    const limits = { maxSeconds: 2, mediaTypes: ['wav'] };
    await stage.arrive(fileId, 'uploadedForProcessing', inspect({ limits, fact: 'uploaded' }));

    expect(await stage.settle()).toEqual([DONE]);

    expect(await upload()).toMatchObject({ state: 'ready', size: 32_044, duration: 2 });
  });

  it('leaves it to its flow to end the upload, where there is one', async () => {
    const fileId = await stage.makeMedia();
    const detail = { limits: { maxSeconds: 2 }, fact: 'uploadedForProcessing' } as const;
    await stage.arrive(fileId, 'uploadedForProcessing', inspect(detail));

    expect(await stage.settle()).toEqual([DONE]);

    expect(await upload()).toMatchObject({ state: 'uploaded', size: 32_044 });
  });

  it.each(['uploaded', 'processing', 'ready', 'failed'] as const)(
    'rejects a file that proves to be too much, also of an upload that is %s by then',
    async (state) => {
      const fileId = await stage.makeMedia();
      const limits = { maxSeconds: 1 };
      await stage.arrive(fileId, 'uploadedForProcessing', inspect({ limits, fact: 'uploaded' }));
      await stage.ledger.transition(UPLOAD_ID, FACT_BEHIND[state]);

      expect(await stage.settle()).toEqual([DONE]);
      expect(await upload()).toMatchObject({
        state: 'rejected',
        problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 1, actual: 2 },
      });
      expect(await stage.settle()).toEqual([DONE]);
      expect(mediaOfVod()).toEqual([]);
    },
  );

  it('waits for VOD to read a file, and then takes it for none', async () => {
    const fileId = await stage.makeMedia('executable');
    const limits = { maxBytes: EXECUTABLE.length, mediaTypes: ['mp4'] };
    await stage.arrive(fileId, 'uploadedForProcessing', inspect({ limits, fact: 'uploaded' }));
    const seen: unknown[] = [];
    for (let minute = 0; minute <= 10; minute += 1) {
      for (const settled of await stage.settle()) seen.push({ minute, ...settled });
      stage.pass(MINUTE);
    }

    const waiting = { kind: 'retry', error: 'media_unreadable', at: expect.any(Number) };
    expect(seen).toEqual([
      ...[0, 2, 4, 6, 8].map((minute) => ({ minute, ...waiting })),
      { minute: 10, ...DONE },
    ]);
    expect(await upload()).toMatchObject({
      state: 'rejected',
      problem: { code: 'media_unreadable', rules: ['maxBytes', 'mediaTypes'] },
    });
    expect(mediaOfVod()).toHaveLength(1);
    expect(await stage.settle()).toEqual([DONE]);
    expect(mediaOfVod()).toEqual([]);
  });

  it('waits for VOD to tell how long a file lasts, and then takes it for unreadable', async () => {
    const fileId = await stage.makeMedia('lengthless');
    const limits = { maxSeconds: 60 };
    await stage.arrive(fileId, 'uploadedForProcessing', inspect({ limits, fact: 'uploaded' }));

    expect(await stage.settle()).toEqual([
      { kind: 'retry', error: 'media_unreadable', at: expect.any(Number) },
    ]);
    expect(await upload()).toMatchObject({ state: 'uploaded' });
    stage.pass(10 * MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
    expect(await upload()).toMatchObject({
      state: 'rejected',
      size: LENGTHLESS.webm.length,
      problem: { code: 'media_unreadable', rules: ['maxSeconds'] },
    });
    expect(await upload()).not.toHaveProperty('duration');
    expect(await stage.settle()).toEqual([DONE]);
    expect(mediaOfVod()).toEqual([]);
  });

  it.each([
    [1, 'rejected'],
    [3, 'ready'],
  ])(
    'takes VOD at its word where it tells the length in time: of %i seconds',
    async (maxSeconds, state) => {
      const fileId = await stage.makeMedia('lengthless');
      await stage.arrive(
        ...([
          fileId,
          'uploadedForProcessing',
          inspect({ limits: { maxSeconds }, fact: 'uploaded' }),
        ] as const),
      );
      await stage.settle();
      stage.pass(9 * MINUTE);
      const api: VodApi = {
        ...stage.api,
        describeMediaInfos: async (request) => {
          const answer = await stage.api.describeMediaInfos(request);
          const told = (answer.MediaInfoSet ?? []).map(({ MetaData, ...rest }) => ({
            ...rest,
            MetaData: { ...MetaData, VideoDuration: 2.9 },
          }));
          return { ...answer, MediaInfoSet: told };
        },
      };

      expect(await stage.settle({ api })).toEqual([DONE]);

      expect(await upload()).toMatchObject({ state, duration: 2.9 });
    },
  );

  it('deletes nothing while VOD cannot be asked', async () => {
    const fileId = await stage.makeMedia('executable');
    const limits = { mediaTypes: ['mp4'] };
    await stage.arrive(fileId, 'uploadedForProcessing', inspect({ limits, fact: 'uploaded' }));
    stage.pass(HOUR);
    stage.vod.faults.arm('internal-error', 10);

    expect(await stage.settle()).toMatchObject([{ kind: 'retry', error: 'InternalError' }]);

    expect(await upload()).toMatchObject({ state: 'uploaded' });
  });

  it('has nothing to do where the file is gone', async () => {
    const detail = { limits: { maxBytes: 1 }, fact: 'uploaded' } as const;
    await stage.arrive('5285890700000000404', 'uploadedForProcessing', inspect(detail));
    expect(await stage.settle()).toEqual([DONE]);
    expect(await upload()).toMatchObject({ state: 'uploaded' });
  });

  it('comes before a flow is started', async () => {
    const fileId = await stage.makeMedia('executable');
    const detail = { limits: { mediaTypes: ['mp4'] }, fact: 'uploadedForProcessing' } as const;
    const parameters = { ProcedureName: 'p', SessionId: 's' };
    await stage.arrive(fileId, 'uploadedForProcessing', inspect(detail), {
      ...{ kind: 'procedure', detail: { rules: ['r'], parameters } },
    });
    for (let minute = 0; minute <= 11; minute += 1) {
      await stage.settle();
      stage.pass(MINUTE);
    }

    expect(stage.calls).toEqual(['DeleteMedia']);
    expect(await upload()).toMatchObject({ state: 'rejected' });
  });
});

describe('what is not known', () => {
  it.each([
    ['a kind', { kind: 'paint' }],
    ['a detail', { kind: 'modify', detail: { color: 'red' } }],
    ['no detail', { kind: 'procedure' }],
  ])('waits for a version that knows it: %s', async (_name, action) => {
    await stage.arrive('5285890700000000404', 'uploaded', action);
    expect(await stage.settle()).toMatchObject([{ kind: 'retry', error: 'unknown_action' }]);
  });
});
