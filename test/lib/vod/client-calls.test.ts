import { afterEach, describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import { connectVod } from '../../support/connect-vod.ts';
import {
  type AnswerVodCall,
  refuse,
  startVodServer,
  succeed,
  type VodServer,
} from '../../support/vod-server.ts';

let server: VodServer | undefined;

afterEach(() => server?.close());

async function open(answer: AnswerVodCall): Promise<VodApi> {
  server = await startVodServer(answer);
  return connectVod(server.endpoint, { subAppId: 1_500_000_001 });
}

describe('createVodApi()', () => {
  it.each([
    ['DescribeTasks', (vod: VodApi) => vod.describeTasks({ FileId: '1' }), { FileId: '1' }],
    ['SearchMedia', (vod: VodApi) => vod.searchMedia({ Limit: 100 }), { Limit: 100 }],
    ['DeleteMedia', (vod: VodApi) => vod.deleteMedia({ FileId: '1' }), { FileId: '1' }],
    [
      'ModifyMediaInfo',
      (vod: VodApi) => vod.modifyMediaInfo({ FileId: '1', ClassId: 7 }),
      { FileId: '1', ClassId: 7 },
    ],
    [
      'ProcessMediaByProcedure',
      (vod: VodApi) =>
        vod.processMediaByProcedure({ FileId: '1', ProcedureName: 'p', SessionId: 's' }),
      { FileId: '1', ProcedureName: 'p', SessionId: 's' },
    ],
    [
      'ConfirmEvents',
      (vod: VodApi) => vod.confirmEvents({ EventHandles: ['h-1', 'h-2'] }),
      { EventHandles: ['h-1', 'h-2'] },
    ],
  ])('calls %s for the configured application', async (action, call, parameters) => {
    const vod = await open((response) => succeed(response));

    await expect(call(vod)).resolves.toEqual({ RequestId: 'request-1' });

    expect(server?.calls).toMatchObject([
      { action, parameters: { ...parameters, SubAppId: 1_500_000_001 } },
    ]);
  });

  it('calls VOD for the application that the options name', async () => {
    const vod = await open((response, { action }) =>
      succeed(response, action === 'PullUpload' ? { TaskId: 'task-1' } : {}),
    );
    const options = { subAppId: 1_500_000_002 };

    await vod.describeMediaInfos({ FileIds: ['1'] }, options);
    await vod.describeStorageRegions(options);
    await vod.pullEvents(options);
    await vod.pullUpload({ MediaUrl: 'https://a.example.com/b.mp4', SessionId: 's' }, options);
    await vod.describeMediaInfos({ FileIds: ['1'] }, { subAppId: undefined });

    expect(server?.calls.map(({ action, parameters }) => [action, parameters['SubAppId']])).toEqual(
      [
        ['DescribeMediaInfos', 1_500_000_002],
        ['DescribeStorageRegions', 1_500_000_002],
        ['PullEvents', 1_500_000_002],
        ['PullUpload', 1_500_000_002],
        ['DescribeMediaInfos', 1_500_000_001],
      ],
    );
  });

  it('retries ModifyMediaInfo only if VOD has refused it', async () => {
    let count = 0;
    const vod = await open((response) => {
      count += 1;
      if (count === 1) refuse(response, 'InternalError');
      else response.destroy();
    });

    await expect(vod.modifyMediaInfo({ FileId: '1', ClassId: 7 })).rejects.toMatchObject({
      code: 'upstream_failed',
    });

    expect(count).toBe(2);
  });

  it.each([
    ['is a string', { MediaInfoSet: 'none' }],
    ['has a gap', { MediaInfoSet: [null] }],
    ['is an object', { NotExistFileIdSet: {} }],
  ])('fails on an answer whose list %s', async (_, fields) => {
    const vod = await open((response) => succeed(response, fields));

    await expect(vod.describeMediaInfos({ FileIds: ['1'] })).rejects.toMatchObject({
      code: 'upstream_failed',
    });
  });

  it('reads `null` as an empty list', async () => {
    const vod = await open((response) => succeed(response, { MediaInfoSet: null }));

    await expect(vod.describeMediaInfos({ FileIds: ['1'] })).resolves.toMatchObject({
      MediaInfoSet: null,
    });
  });

  it('returns the pulled events', async () => {
    const EventSet = [{ EventHandle: 'h-1', EventType: 'FileDeleted' }];
    const vod = await open((response) => succeed(response, { EventSet }));

    await expect(vod.pullEvents()).resolves.toEqual(EventSet);
    expect(server?.calls).toMatchObject([
      { action: 'PullEvents', parameters: { SubAppId: 1_500_000_001 } },
    ]);
  });

  it.each<[string, AnswerVodCall]>([
    ['null', (response) => succeed(response, { EventSet: null })],
    ['an empty list', (response) => succeed(response, { EventSet: [] })],
    ['an absent member', (response) => succeed(response)],
    ['ResourceNotFound', (response) => refuse(response, 'ResourceNotFound')],
  ])('reads an empty queue from %s', async (_spelling, answer) => {
    const vod = await open(answer);

    await expect(vod.pullEvents()).resolves.toEqual([]);
  });

  it.each(['FailedOperation', 'ResourceNotFound.UserNotExist', 'UnauthorizedOperation'])(
    'does not read %s as an empty queue',
    async (code) => {
      const vod = await open((response) => refuse(response, code));

      await expect(vod.pullEvents()).rejects.toMatchObject({ vod: { code } });
    },
  );

  it('waits longer for events than for other answers', async () => {
    const vod = await open((response) => {
      setTimeout(() => succeed(response, { EventSet: [{ EventHandle: 'h-1' }] }), 5_500);
    });

    await expect(vod.pullEvents()).resolves.toEqual([{ EventHandle: 'h-1' }]);
    expect(server?.calls).toHaveLength(1);
  });
});
