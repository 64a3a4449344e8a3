import { beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { blackPng } from '../../tools/local/emulator/ugc/media-samples.ts';
import { DONE, losing, MINUTE, useActionStage } from './action-stage.ts';

const stage = useActionStage();

/** Has an upload arrive whose media is to be modified; returns the id of the file. */
async function arrive(detail: object): Promise<string> {
  const fileId = await stage.makeMedia();
  await stage.arrive(fileId, 'uploaded', { kind: 'modify', detail: { ...detail } });
  return fileId;
}

describe('modify', () => {
  const detail = {
    rules: ['archive'],
    parameters: { ExpireTime: '2099-01-01T00:00:00Z', ClassId: 7, AddTags: ['a', 'b'] },
  };

  it('sets class, tags and expiry of the media, and records them of the upload', async () => {
    const fileId = await arrive(detail);

    expect(await stage.settle()).toEqual([DONE]);

    expect(stage.media()).toMatchObject([
      { fileId, classId: 7, tags: ['a', 'b'], expireTime: '2099-01-01T00:00:00Z' },
    ]);
    expect(await stage.upload()).toMatchObject({
      ...{ state: 'ready', classId: 7, mediaExpireTime: Date.UTC(2099, 0, 1) },
    });
    expect(await stage.actions()).toMatchObject([
      { kind: 'modify', state: 'done', rules: ['archive'], attempts: 1 },
    ]);
  });

  it('detects that VOD has carried it out where the answer was lost', async () => {
    await arrive(detail);

    expect(
      await stage.settle({ api: { modifyMediaInfo: losing(stage.api.modifyMediaInfo) } }),
    ).toEqual([DONE]);

    expect(stage.media()).toMatchObject([{ classId: 7, tags: ['a', 'b'] }]);
    expect(await stage.upload()).toMatchObject({
      classId: 7,
      mediaExpireTime: Date.UTC(2099, 0, 1),
    });
  });

  describe('whose request VOD may not have received', () => {
    /** The time of VOD's last update of the media, where that is not the one that it has. */
    let updateTime: string | undefined;
    let tasks: readonly object[];

    const telling = (): Partial<VodApi> => ({
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
    const deaf = (): Partial<VodApi> => ({
      ...telling(),
      modifyMediaInfo: () => Promise.reject(new Problem('Late.', { code: 'upstream_timeout' })),
    });

    beforeEach(async () => {
      updateTime = undefined;
      tasks = [];
      await arrive({ rules: [], parameters: { AddTags: ['a'] } });
      expect(await stage.settle({ api: deaf() })).toMatchObject([
        { kind: 'retry', error: 'upstream_timeout' },
      ]);
      stage.pass(MINUTE);
    });

    it('is carried out by the next attempt', async () => {
      expect(await stage.settle()).toEqual([DONE]);
      expect(stage.media()).toMatchObject([{ tags: ['a'] }]);
    });

    it.each([
      ['ended then', { Status: 'FINISH', FinishTime: '2030-01-01T00:00:03Z' }],
      ['began then', { Status: 'FINISH', BeginProcessTime: '2030-01-01T00:00:00Z' }],
      ['still runs', { Status: 'PROCESSING', CreateTime: '2029-12-31T00:00:00Z' }],
    ])('is carried out although a task has updated the media that %s', async (_when, task) => {
      updateTime = '2030-01-01T00:00:00Z';
      tasks = [task];

      expect(await stage.settle({ api: telling() })).toEqual([DONE]);
      expect(stage.media()).toMatchObject([{ tags: ['a'] }]);
    });

    it('is not repeated where a person may have updated the media since', async () => {
      updateTime = '2030-01-01T00:00:00Z';
      tasks = [{ Status: 'FINISH', FinishTime: '2029-12-31T23:59:00Z' }];

      expect(await stage.settle({ api: telling() })).toEqual([DONE]);
      expect(stage.media()).toMatchObject([{ tags: [] }]);
    });
  });

  it('is repeated where VOD has refused the first attempt', async () => {
    await arrive(detail);
    const busy = new Problem('No.', {
      ...{ code: 'upstream_busy', vod: { code: 'RequestLimitExceeded', requestId: '' } },
    });
    const api = { modifyMediaInfo: () => Promise.reject(busy) };

    expect(await stage.settle({ api })).toMatchObject([{ kind: 'retry' }]);
    await stage.vod.client.ModifyMediaInfo({
      ...{ FileId: stage.media()[0]?.fileId ?? '', Description: 'A person was here.' },
    });
    stage.pass(MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
    expect(stage.media()).toMatchObject([{ classId: 7, tags: ['a', 'b'] }]);
  });

  it('continues after an attempt that has set a part', async () => {
    await arrive(detail);
    stage.vod.passSeconds(60);
    const dying: Partial<VodApi> = {
      modifyMediaInfo: (request, options) =>
        'AddTags' in request
          ? Promise.reject(new Problem('Late.', { code: 'upstream_timeout' }))
          : stage.api.modifyMediaInfo(request, options),
    };

    expect(await stage.settle({ api: dying })).toMatchObject([{ kind: 'retry' }]);
    stage.pass(MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
    expect(stage.media()).toMatchObject([{ classId: 7, tags: ['a', 'b'] }]);
    expect(stage.calls).toEqual(Array(3).fill('ModifyMediaInfo'));
  });

  it('keeps the class and expiry that a person has set before the first attempt', async () => {
    const fileId = await arrive(detail);
    const chosen = { ClassId: 8, ExpireTime: '2050-01-01T00:00:00Z', AddTags: ['mine'] };
    await stage.vod.client.ModifyMediaInfo({ FileId: fileId, ...chosen });

    expect(await stage.settle()).toEqual([DONE]);

    expect(stage.media()).toMatchObject([
      { classId: 8, expireTime: '2050-01-01T00:00:00Z', tags: ['mine', 'a', 'b'] },
    ]);
  });

  it('sends nothing once its lease has expired', async () => {
    await arrive(detail);
    const slow: Partial<VodApi> = {
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

  it('sets what VOD accepts and fails for the rest', async () => {
    const parameters = { ExpireTime: '1999-01-01T00:00:00Z', ClassId: 7 };
    const wrong = { rules: ['old'], parameters, coverUrl: 'https://a.example.com/c.png' };
    await arrive(wrong);

    const settled = await stage.settle();

    const error = 'InvalidParameterValue.ExpireTime';
    expect(settled).toMatchObject([{ kind: 'failed', error }]);
    expect(stage.media()).toMatchObject([{ classId: 7 }]);
    expect(await stage.actions()).toMatchObject([
      { state: 'dead', lastError: error, rules: ['old'] },
    ]);
    expect(await stage.upload()).toMatchObject({ state: 'ready', classId: 7 });
  });

  it('fails without a retry where there would be too many tags', async () => {
    const fileId = await stage.makeMedia();
    const AddTags = Array.from({ length: 16 }, (_, i) => `t${i}`);
    await stage.vod.client.ModifyMediaInfo({ FileId: fileId, AddTags });
    await stage.arrive(fileId, 'uploaded', { kind: 'modify', detail });

    expect(await stage.settle()).toMatchObject([
      { kind: 'failed', error: 'LimitExceeded.TagCountReachMax' },
    ]);
  });

  it('is done where the file does not exist', async () => {
    await stage.arrive('5285890700000000404', 'uploaded', { kind: 'modify', detail });
    expect(await stage.settle()).toEqual([DONE]);
  });

  it('is retried while VOD fails, and fails after three days', async () => {
    await arrive(detail);
    stage.vod.faults.arm('internal-error', 10_000);
    const kinds: string[] = [];
    for (let hour = 0; hour < 80; hour += 1) {
      kinds.push(...(await stage.settle()).map(({ kind }) => kind));
      stage.pass(60 * MINUTE);
    }
    stage.vod.faults.clear();

    expect(kinds.at(-1)).toBe('failed');
    expect(kinds.slice(0, -1).every((kind) => kind === 'retry')).toBe(true);
    expect(kinds.length).toBeGreaterThan(5);
    expect(await stage.settle()).toEqual([]);
  });

  it('fetches and sets a cover', async () => {
    const asked: string[] = [];
    const coverUrl = 'https://a.example.com/c.png';
    const cover = { rules: ['cover'], parameters: {}, coverUrl };
    await arrive(cover);

    const settled = await stage.settle({
      fetchCover: async (url) => {
        asked.push(url);
        return { kind: 'fetched', bytes: blackPng(8, 4) };
      },
    });

    expect([settled, asked]).toEqual([[DONE], [coverUrl]]);
    const [media] = stage.media();
    expect(media?.coverUrl).toMatch(/\.png$/);
    expect(await stage.upload()).toMatchObject({ coverUrl: media?.coverUrl });
  });

  it('is retried where a cover cannot be fetched, and fails where it is refused', async () => {
    const cover = { ...detail, coverUrl: 'https://a.example.com/c.png' };
    await arrive(cover);

    const failed = await stage.settle({
      fetchCover: async () => ({ kind: 'failed', error: 'cover_http_503' }),
    });
    stage.pass(MINUTE);
    const refused = await stage.settle();

    expect(failed).toMatchObject([{ kind: 'retry', error: 'cover_http_503' }]);
    expect(refused).toMatchObject([{ kind: 'failed', error: 'cover_no_image' }]);
    expect(stage.media()).toMatchObject([{ classId: 7 }]);
  });
});
