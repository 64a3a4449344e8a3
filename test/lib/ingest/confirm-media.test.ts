import { describe, expect, it } from 'vitest';
import { parseVodEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import { succeed, type VodCall } from '../../support/vod-server.ts';
import { confirm, DENIED, deletion, MEDIA, upload, useVodAnswers } from './confirm-stage.ts';

const { answering, serving, calls } = useVodAnswers();

describe('confirmEvent() of an uploaded file', () => {
  it.each([
    ['a flow', 'ProcedureTaskId', { ProcedureTask: { FileId: '1' } }],
    ['a review', 'ReviewAudioVideoTaskId', { ReviewAudioVideoTask: { Input: { FileId: '1' } } }],
  ])('keeps %s that belongs to the file', async (_name, field, detail) => {
    const api = await answering({ DescribeMediaInfos: MEDIA, DescribeTaskDetail: detail });

    expect(await confirm(upload('1', { [field]: 'task-1' }), api)).toEqual({
      kind: 'done',
      confirmed: true,
      event: {
        eventType: 'NewFileUpload',
        task: { FileId: '1', MediaBasicInfo: { Name: 'a' }, [field]: 'task-1' },
      },
    });
    expect(calls()?.sort()).toEqual([
      ['DescribeMediaInfos', { FileIds: ['1'], Filters: ['basicInfo', 'metaData'] }],
      ['DescribeTaskDetail', { TaskId: 'task-1' }],
    ]);
  });

  it.each<[string, object | string]>([
    ['belongs to another file', { ProcedureTask: { FileId: '2' } }],
    ['is of another kind', { PullUploadTask: { FileId: '1' } }],
    ['does not exist', 'ResourceNotFound'],
    ['has a malformed id', 'InvalidParameterValue.TaskId'],
  ])('replaces a claimed flow that %s by the one of the file', async (_name, detail) => {
    const TaskSet = [
      { TaskId: 'other', TaskType: 'Procedure', FileId: '2' },
      { TaskId: 'edit', TaskType: 'EditMedia', FileId: '1' },
      { TaskId: 'own', TaskType: 'Procedure', FileId: '1' },
      { TaskId: 'later', TaskType: 'Procedure', FileId: '1' },
      { TaskId: 'review', TaskType: 'ReviewAudioVideo', FileId: '1' },
    ];
    const api = await answering({
      DescribeMediaInfos: MEDIA,
      DescribeTaskDetail: detail,
      DescribeTasks: { TaskSet },
    });

    expect(await confirm(upload('1', { ProcedureTaskId: 'claimed' }), api)).toMatchObject({
      event: { task: { ProcedureTaskId: 'own', ReviewAudioVideoTaskId: 'review' } },
    });
  });

  it.each<[string, object | string]>([
    ['is empty', { TaskSet: null }],
    ['is refused', 'UnauthorizedOperation'],
  ])('confirms the file without a task where the list of tasks %s', async (_name, list) => {
    const api = await answering({ DescribeMediaInfos: MEDIA, DescribeTasks: list });

    const confirmation = await confirm(upload('1'), api);

    expect(confirmation).toEqual({
      kind: 'done',
      confirmed: true,
      event: { eventType: 'NewFileUpload', task: { FileId: '1', MediaBasicInfo: { Name: 'a' } } },
    });
  });

  it('asks again for a file with a claimed flow that VOD does not know yet, where the list of tasks fails', async () => {
    const api = await answering({
      DescribeMediaInfos: MEDIA,
      DescribeTaskDetail: 'ResourceNotFound',
      DescribeTasks: 'UnauthorizedOperation',
    });

    for (const field of ['ProcedureTaskId', 'ReviewAudioVideoTaskId']) {
      expect(await confirm(upload('1', { [field]: 'claimed' }), api)).toMatchObject({
        ...{ kind: 'retry', error: 'upstream_denied' },
      });
    }
  });

  it.each<[string, object | string]>([
    ['describes another file', { MediaInfoSet: [{ FileId: '2', BasicInfo: {} }] }],
    ['is empty', {}],
    ['refuses its id', 'InvalidParameterValue.FileIds'],
  ])('denies the file where the answer %s', async (_name, answer) => {
    expect(await confirm(upload('1'), await answering({ DescribeMediaInfos: answer }))).toEqual(
      DENIED,
    );
  });
});

it('looks again at a file that VOD has without a description', async () => {
  const answer = { MediaInfoSet: [{ FileId: '1', BasicInfo: null }] };
  const api = await answering({ DescribeMediaInfos: answer });

  expect(await confirm(upload('1', { Other: 1 }), api)).toEqual({
    ...{ kind: 'unshown', event: parseVodEvent(upload('1')) },
  });
});

describe('confirmEvent() of a deletion', () => {
  it.each([
    [20, [20]],
    [21, [20, 1]],
    [45, [20, 20, 5]],
  ])(
    'asks about %d deleted files, 20 at a time, and confirms those that do not exist',
    async (length, groups) => {
      const ids = Array.from({ length }, (_, index) => String(index));
      const isUnknown = (id: string) => id === '3' || id === '44';
      const api = await serving((response, { parameters }: VodCall) => {
        const asked = parameters['FileIds'];
        const NotExistFileIdSet = Array.isArray(asked) ? asked.filter((id) => !isUnknown(id)) : [];
        succeed(response, { MediaInfoSet: [], NotExistFileIdSet });
      });

      const confirmation = await confirm(deletion(ids), api);

      expect(confirmation).toEqual({
        kind: 'done',
        confirmed: true,
        event: {
          eventType: 'FileDeleted',
          task: { FileIdSet: ids.filter((id) => !isUnknown(id)) },
        },
      });
      const asked = calls()?.map(([, parameters]) => Object(Object(parameters)['FileIds']).length);
      expect(asked).toEqual(groups);
    },
  );

  it('denies a deletion where the answer does not mention the file', async () => {
    const api = await answering({});

    expect(await confirm(deletion(['1']), api)).toEqual(DENIED);
  });

  it.each([
    ['all of them', ['1', '2'], undefined],
    ['one of them', ['2'], ['1']],
  ])('looks again at the files while VOD still has %s', async (_name, shown, gone) => {
    const MediaInfoSet = shown.map((FileId) => ({ FileId, BasicInfo: { Name: 'a' } }));
    const NotExistFileIdSet = gone ?? null;
    const api = await answering({ DescribeMediaInfos: { MediaInfoSet, NotExistFileIdSet } });
    const body = deletion(['1', '2']);

    expect(await confirm(body, api)).toEqual({
      ...{ kind: 'unshown', event: parseVodEvent(body) },
      otherwise: gone && {
        ...{ kind: 'done', confirmed: true },
        event: { eventType: 'FileDeleted', task: { FileIdSet: gone } },
      },
    });
  });

  it('has the same event id as the notification', async () => {
    const api = await answering({ DescribeMediaInfos: { NotExistFileIdSet: ['1'] } });
    const body = deletion(['1'], [{ FileId: '1', DeleteParts: [] }]);

    const confirmation = await confirm(body, api);

    expect(confirmation.kind === 'done' && identifyEvent(confirmation.event)).toBe(
      identifyEvent(parseVodEvent(body)),
    );
  });
});
