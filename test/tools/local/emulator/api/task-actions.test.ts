import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import newest from '../../../../fixtures/vod-types.json' with { type: 'json' };
import { omitNulls } from '../../../../support/null-members.ts';
import { perTest } from '../../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api-stage.ts';

const BEGIN = Date.parse('2026-03-01T10:00:00Z');

const stage = perTest(() => openApiStage());

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: BEGIN }));
afterEach(() => void vi.useRealTimers());

/** Pulls a sample, waits for the end, and returns the id of its task. */
async function pull(path = '/tone.wav', SessionId = ''): Promise<string> {
  const ended = stage.next(({ type, ...rest }) => type === 'pull' && 'errCode' in rest);
  const MediaUrl = `http://samples.example.com${path}`;
  const { TaskId } = await stage.client.PullUpload({ MediaUrl, SessionId });
  await ended;
  return TaskId ?? '';
}

const idsOf = (answer: { TaskSet?: { TaskId?: string }[] }) =>
  answer.TaskSet?.map(({ TaskId }) => TaskId);

describe('DescribeTaskDetail', () => {
  it('has a member for each type of task in the newest typings, all but one null', async () => {
    const TaskId = await pull();

    const detail = Object.entries(await stage.client.DescribeTaskDetail({ TaskId }));

    const members = Object.values(newest.tasks);
    expect(Object.keys(Object.fromEntries(detail))).toEqual(expect.arrayContaining(members));
    const filled = detail.filter(([name, task]) => members.includes(name) && task !== null);
    expect(filled.map(([name]) => name)).toEqual(['PullUploadTask']);
  });

  it('returns tasks of the last three days, but no older ones', async () => {
    const TaskId = await pull();

    vi.setSystemTime(BEGIN + 3 * 86_400_000);
    expect(await stage.client.DescribeTaskDetail({ TaskId })).toMatchObject({
      ...{ TaskType: 'PullUpload', Status: 'FINISH', CreateTime: '2026-03-01T10:00:00Z' },
      ...{ BeginProcessTime: '2026-03-01T10:00:00Z', FinishTime: '2026-03-01T10:00:00Z' },
      ...{ ProcedureTask: null, EditMediaTask: null, AigcVideoTask: null },
    });
    vi.setSystemTime(BEGIN + 3 * 86_400_000 + 1_000);
    expect(await refusalOf(stage.client.DescribeTaskDetail({ TaskId }))).toMatchObject({
      code: 'ResourceNotFound',
    });
  });

  it.each(['/video.mp4', '/missing.mp4'])(
    'describes a pull of %s with the same data as its event',
    async (path) => {
      const { TaskId = '' } = await stage.client.PullUpload({
        MediaUrl: `http://samples.example.com${path}`,
        ...{ SessionId: 'id-7', SessionContext: 'context', SourceContext: 'source' },
      });
      const { body } = await stage.receiver.next();

      const { PullUploadTask } = await stage.client.DescribeTaskDetail({ TaskId });

      expect(omitNulls(PullUploadTask)).toEqual(body['PullCompleteEvent']);
      expect(PullUploadTask).toMatchObject({ SessionId: 'id-7', SessionContext: 'context' });
    },
  );

  it('describes a flow at each step with the same data as its events', async () => {
    await pull('/video.mp4');
    await stage.receiver.next();
    const FileId = stage.emulator().media()[0]?.fileId ?? '';
    const { TaskId = '' } = await stage.client.ProcessMediaByProcedure({
      ...{ FileId, ProcedureName: 'LongVideoPreset', TasksNotifyMode: 'Change' },
      ...{ SessionId: 'id-7', SessionContext: 'context' },
    });

    const details: unknown[] = [];
    const events: unknown[] = [];
    for (let step = 0; step < 3; step += 1) {
      events.push((await stage.receiver.next()).body['ProcedureStateChangeEvent']);
      details.push(omitNulls((await stage.client.DescribeTaskDetail({ TaskId })).ProcedureTask));
    }

    // A flow continues between the queries, so each answer equals one of the events, and the last answer the last
    // event.
    for (const detail of details) expect(events).toContainEqual(detail);
    expect(details.at(-1)).toEqual(events.at(-1));
    expect(details.at(-1)).toMatchObject({
      ...{ Status: 'FINISH', SessionId: 'id-7', SessionContext: 'context' },
      MetaData: { Duration: 2 },
    });
  });

  it('distinguishes an unknown task from an invalid id', async () => {
    const call = (TaskId: string) => refusalOf(stage.client.DescribeTaskDetail({ TaskId }));

    expect(await call('1500000001-pull-00')).toMatchObject({ code: 'ResourceNotFound' });
    expect(await call('my task')).toMatchObject({ code: 'InvalidParameterValue.TaskId' });
  });
});

describe('DescribeTasks', () => {
  it('pages through the tasks, newest first', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      vi.setSystemTime(BEGIN + index * 1_000);
      ids.unshift(await pull());
    }

    const first = await stage.client.DescribeTasks({ Limit: 2 });
    const second = await stage.client.DescribeTasks({
      Limit: 2,
      ScrollToken: first.ScrollToken ?? '',
    });

    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(idsOf(second)).toEqual(ids.slice(2));
    expect(second.ScrollToken).toBe('');
  });

  it('returns only the requested tasks', async () => {
    const failed = await pull('/missing.mp4', 'failed');
    vi.setSystemTime(BEGIN + 5_000);
    const good = await pull('/tone.wav', 'good');
    const fileId = stage.emulator().media()[0]?.fileId ?? '';

    const tasks = (request: Parameters<typeof stage.client.DescribeTasks>[0]) =>
      stage.client.DescribeTasks(request).then(idsOf);

    expect(await tasks({ Status: 'FINISH' })).toEqual([good, failed]);
    expect(await tasks({ Status: 'WAITING' })).toEqual([]);
    expect(await tasks({ FileId: fileId })).toEqual([good]);
    expect(await tasks({ CreateTime: { After: '2026-03-01T10:00:05Z' } })).toEqual([good]);
    expect(await tasks({ FinishTime: { Before: '2026-03-01T10:00:05Z' } })).toEqual([failed]);
    expect(await tasks({ Sort: { Field: 'FinishTime', Order: 'Asc' } })).toEqual([failed, good]);
    expect((await stage.client.DescribeTasks({ FileId: fileId })).TaskSet).toMatchObject([
      { TaskType: 'PullUpload', Status: 'FINISH', SessionId: 'good', FileId: fileId },
    ]);
  });

  it.each([
    [{ Limit: 101 }, 'InvalidParameterValue.Limit'],
    [{ Limit: 0 }, 'InvalidParameterValue.Limit'],
    [{ ScrollToken: 'x' }, 'InvalidParameterValue'],
    [{ Status: 'DONE' }, 'InvalidParameterValue'],
    [{ CreateTime: { After: 'yesterday' } }, 'InvalidParameterValue'],
  ])('refuses %j', async (request, code) => {
    expect(await refusalOf(stage.client.DescribeTasks(request))).toMatchObject({ code });
  });
});
