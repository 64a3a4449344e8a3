import { describe, expect, it } from 'vitest';
import { localAccount } from '../../../../tools/local/emulator/account.ts';
import type { Recording } from '../../../../tools/local/emulator/recording.ts';
import { perTest } from '../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api/api-stage.ts';
import { expectedSign, openReceiver } from './events/callback-receiver.ts';

const OWN = localAccount().subAppId;
const OTHERS_KEY = 'KeyOfTheOtherOne';
const OTHER = 1_500_000_002;
const THIRD = 1_500_000_003;
const TONE = 'http://samples.example.com/tone.wav';
const recording: Recording = {
  ...{ sourceType: 'WebPageRecord', recordUrl: 'https://board.example.com', recordTaskId: 'task' },
};
const film = { name: 'film', type: 'mp4', seconds: 1, classId: 0, procedure: null } as const;

/** The ids of one application, with which it can be queried. */
interface Belongings {
  readonly FileId: string;
  readonly TaskId: string;
  readonly EventHandle: string;
  readonly VodSessionKey: string;
}

/** Ids that no application has. */
const NOTHING: Belongings = {
  FileId: '5285890000000000000',
  TaskId: `${OWN}-pull-${'0'.repeat(32)}`,
  EventHandle: 'none',
  VodSessionKey: 'none',
};

const others = { otherSubAppIds: [OTHER, THIRD], otherSignKeys: { [OTHER]: OTHERS_KEY } };
const stage = perTest(() =>
  openApiStage({ account: { ...localAccount(), ...others }, names: { procedures: ['flow'] } }),
);

/** Pulls a media into an application and returns the finished task. */
async function pull(SubAppId: number, change: object = {}) {
  const ended = stage.next(({ type }) => type === 'media');
  const { TaskId = '' } = await stage.client.PullUpload({ MediaUrl: TONE, SubAppId, ...change });
  await ended;
  const { PullUploadTask } = await stage.client.DescribeTaskDetail({ TaskId, SubAppId });
  return { TaskId, FileId: PullUploadTask?.FileId ?? '' };
}

/** Creates one of each in an application. */
async function provide(SubAppId: number): Promise<Belongings> {
  await stage.client.ModifyEventConfig({ SubAppId, Mode: 'PULL' });
  const ids = await pull(SubAppId);
  const { EventSet } = await stage.client.PullEvents({ SubAppId });
  const { VodSessionKey = '' } = await stage.client.ApplyUpload({ SubAppId, MediaType: 'mp4' });
  return { ...ids, EventHandle: EventSet?.[0]?.EventHandle ?? '', VodSessionKey };
}

/** Returns the result of a call: the code of its refusal, or its answer with the names of ids instead of the ids. */
async function outcomeOf(call: Promise<object>, ids: Belongings): Promise<unknown> {
  const answer = await call.catch((error: unknown) => ({
    refused: Reflect.get(Object(error), 'code'),
  }));
  const masked = Object.entries(ids).reduce(
    (text, [name, id]) => text.replaceAll(id, name),
    JSON.stringify({ ...answer, RequestId: undefined }),
  );
  return JSON.parse(masked);
}

type Ask = (ids: Belongings & { readonly SubAppId: number }) => Promise<object>;

const ASKED: readonly (readonly [action: string, ask: Ask, unknown: object])[] = [
  [
    'DescribeMediaInfos',
    ({ SubAppId, FileId }) => stage.client.DescribeMediaInfos({ SubAppId, FileIds: [FileId] }),
    { MediaInfoSet: [], NotExistFileIdSet: ['FileId'] },
  ],
  [
    'SearchMedia',
    ({ SubAppId, FileId }) => stage.client.SearchMedia({ SubAppId, FileIds: [FileId] }),
    { MediaInfoSet: [], TotalCount: 0 },
  ],
  [
    'ModifyMediaInfo',
    ({ SubAppId, FileId }) => stage.client.ModifyMediaInfo({ SubAppId, FileId, Name: 'mine' }),
    { refused: 'ResourceNotFound.FileNotExist' },
  ],
  [
    'DeleteMedia',
    ({ SubAppId, FileId }) => stage.client.DeleteMedia({ SubAppId, FileId }),
    { refused: 'ResourceNotFound' },
  ],
  [
    'ProcessMediaByProcedure',
    ({ SubAppId, FileId }) =>
      stage.client.ProcessMediaByProcedure({ SubAppId, FileId, ProcedureName: 'flow' }),
    { refused: 'InvalidParameterValue.FileId' },
  ],
  [
    'DescribeTaskDetail',
    ({ SubAppId, TaskId }) => stage.client.DescribeTaskDetail({ SubAppId, TaskId }),
    { refused: 'ResourceNotFound' },
  ],
  [
    'DescribeTasks by FileId',
    ({ SubAppId, FileId }) => stage.client.DescribeTasks({ SubAppId, FileId }),
    { TaskSet: [], ScrollToken: '' },
  ],
  [
    'DescribeTasks by ScrollToken',
    ({ SubAppId, TaskId }) => stage.client.DescribeTasks({ SubAppId, ScrollToken: TaskId }),
    { refused: 'InvalidParameterValue' },
  ],
  [
    'ConfirmEvents',
    ({ SubAppId, EventHandle }) =>
      stage.client.ConfirmEvents({ SubAppId, EventHandles: [EventHandle] }),
    { refused: 'InvalidParameterValue' },
  ],
  [
    'CommitUpload',
    ({ SubAppId, VodSessionKey }) => stage.client.CommitUpload({ SubAppId, VodSessionKey }),
    { refused: 'InvalidParameterValue.VodSessionKey' },
  ],
];

describe.each([
  ['a further application', OTHER, [OWN, THIRD]],
  ['the own application', OWN, [OTHER]],
])('what belongs to %s', (_name, owner, others) => {
  it.each(ASKED)('is unknown in other applications to %s', async (_action, ask, unknown) => {
    const ids = await provide(owner);

    for (const SubAppId of others) {
      expect(await outcomeOf(ask({ ...ids, SubAppId }), ids)).toEqual(unknown);
      expect(await outcomeOf(ask({ ...NOTHING, SubAppId }), NOTHING)).toEqual(unknown);
    }
    expect(await outcomeOf(ask({ ...ids, SubAppId: owner }), ids)).not.toEqual(unknown);
  });

  it('still belongs to it after a restart', async () => {
    const ids = await provide(owner);
    await stage.reopen();

    for (const [, ask, unknown] of ASKED.filter(([action]) => action !== 'DeleteMedia')) {
      for (const SubAppId of others) {
        expect(await outcomeOf(ask({ ...ids, SubAppId }), ids)).toEqual(unknown);
      }
      expect(await outcomeOf(ask({ ...ids, SubAppId: owner }), ids)).not.toEqual(unknown);
    }
  });

  it('is in no list of other applications', async () => {
    await provide(owner);
    await pull(owner);

    const count = async (SubAppId: number) => [
      (await stage.client.SearchMedia({ SubAppId })).TotalCount,
      (await stage.client.DescribeTasks({ SubAppId })).TaskSet?.length,
      (await stage.client.DescribeEventsState({ SubAppId })).CountOfEventsToPull,
    ];
    // The first event has been pulled, and is hidden for now.
    expect(await count(owner)).toEqual([2, 2, 1]);
    for (const SubAppId of others) expect(await count(SubAppId)).toEqual([0, 0, 0]);
    expect(stage.emulator().media()).toHaveLength(2);
  });
});

describe('the application of an API request', () => {
  it.each([
    ['no SubAppId', undefined],
    ['0', 0],
    ['the AppId', localAccount().appId],
    ['its own number', OWN],
  ])('is the account’s own one for %s', async (_name, named) => {
    const { FileId } = await pull(OWN);

    const { MediaInfoSet } = await stage.client.DescribeMediaInfos({
      FileIds: [FileId],
      ...(named === undefined ? {} : { SubAppId: named }),
    });

    expect(MediaInfoSet).toHaveLength(1);
  });

  it('is refused if the account does not have it', async () => {
    expect(await refusalOf(stage.client.SearchMedia({ SubAppId: 1_500_000_009 }))).toEqual({
      code: 'InvalidParameterValue.SubAppId',
      message: expect.stringContaining('SubAppId 1500000009'),
    });
  });

  it('is one of those that DescribeSubAppIds lists, with the regions of the account', async () => {
    const { SubAppIdInfoSet = [], TotalCount } = await stage.client.DescribeSubAppIds({});
    const named = await stage.client.DescribeSubAppIds({ Name: SubAppIdInfoSet[1]?.Name ?? '' });

    expect(TotalCount).toBe(3);
    expect(SubAppIdInfoSet.map(({ SubAppId }) => SubAppId)).toEqual([OWN, OTHER, THIRD]);
    expect(named.SubAppIdInfoSet?.map(({ SubAppId }) => SubAppId)).toEqual([OTHER]);
    expect((await stage.client.DescribeSubAppIds({ Offset: 2 })).SubAppIdInfoSet).toHaveLength(1);
    expect(await stage.client.DescribeStorageRegions({ SubAppId: OTHER })).toMatchObject({
      StorageRegionInfos: (await stage.client.DescribeStorageRegions({})).StorageRegionInfos,
    });
  });

  it('is the beginning of the ids of its tasks', async () => {
    const { TaskId, FileId } = await pull(OTHER, { Procedure: 'flow' });
    const { TaskSet = [] } = await stage.client.DescribeTasks({ SubAppId: OTHER, FileId });
    const flow = { ProcedureName: 'flow', SubAppId: OTHER, FileId };
    const { TaskId: asked } = await stage.client.ProcessMediaByProcedure(flow);

    expect(TaskId).toMatch(/^1500000002-pull-[0-9a-f]{32}$/);
    expect(asked).toMatch(/^1500000002-Procedure-[0-9a-f]{32}$/);
    expect(TaskSet.map(({ TaskId: id = '' }) => id.split('-').slice(0, 2)).sort()).toEqual([
      ['1500000002', 'Procedure'],
      ['1500000002', 'pull'],
    ]);
  });

  it('has separate categories', async () => {
    const create = (SubAppId: number, ClassName: string) =>
      stage.client.CreateClass({ SubAppId, ParentId: -1, ClassName });
    const { ClassId = 0 } = await create(OTHER, 'a');
    await create(OWN, 'a');
    await create(OTHER, 'b');
    await stage.reopen();

    const namesOf = async (SubAppId: number) => {
      const { ClassInfoSet = [] } = await stage.client.DescribeAllClass({ SubAppId });
      return ClassInfoSet.map(({ Name }) => Name);
    };
    expect(await namesOf(OTHER)).toEqual(['Other', 'a', 'b']);
    expect(await namesOf(OWN)).toEqual(['Other', 'a']);
    const { FileId } = await pull(OTHER, { ClassId });
    const { MediaInfoSet } = await stage.client.DescribeMediaInfos({
      ...{ SubAppId: OTHER, FileIds: [FileId] },
    });
    expect(MediaInfoSet?.[0]?.BasicInfo?.ClassName).toBe('a');
  });

  it('has separate SessionIds', async () => {
    const ask = (SubAppId: number) =>
      stage.client.PullUpload({ SubAppId, MediaUrl: TONE, SessionId: 'once' });
    await ask(OWN);
    await ask(OTHER);

    for (const SubAppId of [OWN, OTHER]) {
      expect((await refusalOf(ask(SubAppId))).code).toBe('InvalidParameterValue.SessionId');
    }
  });
});

describe('the notifications of an application', () => {
  it('are sent to the address of the own one by default, with a parameter for the application', async () => {
    await pull(OTHER);
    const others = await stage.receiver.next();
    await pull(OWN);
    const own = await stage.receiver.next();

    expect(others.target).toBe(`/callback?subAppId=${OTHER}`);
    expect(own.target).toBe('/callback');
    expect(others.body['Sign']).toBe(expectedSign(OTHERS_KEY, others));
    expect(own.body['Sign']).toBe(expectedSign(localAccount().signKey, own));
  });

  it('keep the other parameters of the address', async () => {
    await stage.reopen({ callbackUrl: `${stage.receiver.url}?stage=local` });

    await pull(OTHER);

    expect((await stage.receiver.next()).target).toBe(`/callback?stage=local&subAppId=${OTHER}`);
  });

  it('are sent to the address and with the key of the application, and do not change those of others', async () => {
    const receiver = await openReceiver();
    const before = await stage.client.DescribeEventConfig({ SubAppId: OWN });
    await stage.client.ModifyEventConfig({
      ...{ SubAppId: OTHER, NotificationUrl: receiver.url, SignKey: 'AnotherKey7' },
      DeleteMediaCompleteEventSwitch: 'OFF',
    });
    await stage.reopen();

    const { FileId } = await pull(OTHER);
    const others = await receiver.next();
    await stage.client.DeleteMedia({ SubAppId: OTHER, FileId });
    await pull(OTHER);
    const next = await receiver.next();
    await pull(OWN);
    await stage.receiver.next();
    await pull(THIRD);
    const thirds = await stage.receiver.next();

    expect(others.target).toBe('/callback');
    expect(others.body['Sign']).toBe(expectedSign('AnotherKey7', others));
    expect(thirds.target).toBe(`/callback?subAppId=${THIRD}`);
    expect(thirds.body['Sign']).toBe(expectedSign(localAccount().signKey, thirds));
    expect(next.body['EventType']).toBe('PullComplete');
    expect(receiver.received).toHaveLength(2);
    const after = await stage.client.DescribeEventConfig({ SubAppId: OWN });
    expect({ ...after, RequestId: '' }).toEqual({ ...before, RequestId: '' });
    expect(await stage.client.DescribeEventConfig({ SubAppId: OTHER })).toMatchObject({
      NotificationUrl: receiver.url,
      DeleteMediaCompleteEventSwitch: 'OFF',
    });
    expect(await stage.client.DescribeEventConfig({ SubAppId: THIRD })).toMatchObject({
      NotificationUrl: `${stage.receiver.url}?subAppId=${THIRD}`,
      DeleteMediaCompleteEventSwitch: 'ON',
    });
    await receiver.close();
  });

  it('are sent after a restart if they were not received before', async () => {
    await stage.reopen({ callbackUrl: 'http://127.0.0.1:1/', attemptWaits: [0, 600_000] });
    const failed = stage.next(({ type }) => type === 'notification');
    const { FileId } = await pull(OTHER);
    await failed;

    await stage.reopen();
    const { target, body } = await stage.receiver.next();

    expect(target).toBe(`/callback?subAppId=${OTHER}`);
    expect(body).toMatchObject({ PullCompleteEvent: { FileId } });
  });
});

describe('the queue of an application in PULL mode', () => {
  it('contains only its own events, while other applications are notified', async () => {
    await stage.client.ModifyEventConfig({ SubAppId: OTHER, Mode: 'PULL' });
    const { FileId } = await pull(OTHER);
    await pull(OWN);

    const { EventSet } = await stage.client.PullEvents({ SubAppId: OTHER });
    const nothing = await stage.client.PullEvents({ SubAppId: OWN });

    expect(EventSet).toMatchObject([{ PullCompleteEvent: { FileId } }]);
    expect(nothing.EventSet).toBeNull();
    expect((await stage.receiver.next()).target).toBe('/callback');
    expect(stage.receiver.received).toHaveLength(1);
  });

  it('exists from the beginning if every application begins in this mode', async () => {
    await stage.reopen({ eventMode: 'PULL' });
    const own = await pull(OWN);
    const other = await pull(OTHER);

    const filesOf = async (SubAppId: number) => {
      const { EventSet } = await stage.client.PullEvents({ SubAppId });
      return EventSet?.map(({ PullCompleteEvent }) => PullCompleteEvent?.FileId);
    };
    expect(await filesOf(OWN)).toEqual([own.FileId]);
    expect(await filesOf(OTHER)).toEqual([other.FileId]);
    expect((await stage.client.PullEvents({ SubAppId: THIRD })).EventSet).toBeNull();
  });
});

describe('media that no program uploads', () => {
  it('arrive in the named application', async () => {
    const { arrivals } = stage.emulator();
    const uploaded = await arrivals.uploadFromConsole({ ...film, subAppId: OTHER });
    const recorded = await arrivals.record({
      ...{ recording, name: 'recorded', seconds: 1, keepSeconds: null, subAppId: OTHER },
    });
    const pulled = stage.next((activity) => activity.type === 'pull' && 'errCode' in activity);
    const { taskId } = await arrivals.pullFromConsole(TONE, OTHER);
    await pulled;
    const own = await arrivals.uploadFromConsole(film);

    const found = await stage.client.SearchMedia({ SubAppId: OTHER });
    const ofOwn = await stage.client.SearchMedia({});
    const { PullUploadTask } = await stage.client.DescribeTaskDetail({
      ...{ SubAppId: OTHER, TaskId: taskId },
    });

    expect(new Set(found.MediaInfoSet?.map(({ FileId }) => FileId))).toEqual(
      new Set([uploaded.fileId, recorded.fileId, PullUploadTask?.FileId]),
    );
    expect(ofOwn.MediaInfoSet?.map(({ FileId }) => FileId)).toEqual([own.fileId]);
    expect(taskId).toMatch(/^1500000002-pull-/);
  });

  it('are refused if the account does not have the application', async () => {
    const { arrivals } = stage.emulator();

    for (const call of [
      arrivals.uploadFromConsole({ ...film, subAppId: 7 }),
      arrivals.pullFromConsole(TONE, 7),
    ]) {
      expect((await refusalOf(call)).code).toBe('InvalidParameterValue.SubAppId');
    }
    expect(stage.emulator().media()).toEqual([]);
  });
});
