import { describe, expect, it } from 'vitest';
import { parseVodEvent } from '../../../lib/vod/event.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import { confirm, DENIED, procedure, useVodAnswers } from './confirm-stage.ts';

const { answering } = useVodAnswers();

describe('confirmEvent() of a task', () => {
  it('confirms a task of any kind', async () => {
    const task = { ...events.MediaEdited.EditMediaCompleteEvent, Message: 'as VOD says' };
    const api = await answering({ DescribeTaskDetail: { EditMediaTask: task } });

    expect(await confirm(events.MediaEdited, api)).toMatchObject({
      kind: 'done',
      confirmed: true,
      event: { eventType: 'EditMediaComplete', task: { Message: 'as VOD says' } },
    });
  });

  it('cannot confirm a task that VOD no longer knows, and denies one that concerns an upload', async () => {
    const api = await answering({ DescribeTaskDetail: 'ResourceNotFound' });

    expect(await confirm(events.MediaEdited, api)).toMatchObject({
      kind: 'done',
      confirmed: false,
    });
    expect(await confirm(events.PullComplete, api)).toMatchObject(DENIED);
    expect(await confirm(events.ProcedureStateChanged, api)).toMatchObject(DENIED);
  });

  const edited = (fields: object = {}) => ({
    ...{ EventType: 'EditMediaComplete' },
    EditMediaCompleteEvent: { TaskId: 'edit-1', Status: 'FINISH', FileId: '1', ...fields },
  });
  const editing = (fields: object = {}) => ({
    EditMediaTask: { TaskId: 'edit-1', Status: 'PROCESSING', ...fields },
  });
  const pulled = (fields: object = {}) => ({
    ...{ EventType: 'PullComplete' },
    PullCompleteEvent: { TaskId: 'pull-1', Status: 'FINISH', ...fields },
  });

  it.each([
    ['an edit that VOD reports as running', edited(), editing()],
    ['an edit of the same file', edited(), editing({ FileId: '1' })],
    ['an edit without a status', edited({ Status: undefined }), editing()],
    ['an edit that VOD reports without its content', edited(), { EditMediaTask: null }],
    ['an edit of which VOD says nothing', edited(), {}],
    [
      'a review that VOD reports as running',
      {
        EventType: 'ReviewAudioVideoComplete',
        ReviewAudioVideoCompleteEvent: { TaskId: 'review-1', Input: { FileId: '1' } },
      },
      { ReviewAudioVideoTask: { TaskId: 'review-1', Status: 'WAITING', Input: { FileId: '1' } } },
    ],
  ])('looks again at %s, and then cannot confirm it', async (_name, body, detail) => {
    const event = parseVodEvent(body);
    expect(await confirm(body, await answering({ DescribeTaskDetail: detail }))).toEqual({
      ...{ kind: 'unshown', event },
      otherwise: { kind: 'done', event, confirmed: false, isUnshown: true },
    });
  });

  it.each([
    [
      'a pull that VOD reports as running',
      pulled({ Other: 1 }),
      { PullUploadTask: { TaskId: 'pull-1', Status: 'PROCESSING' } },
      pulled(),
    ],
    [
      'the end of a flow that VOD reports as running',
      procedure({ MediaProcessResultSet: [{ Type: 'Transcode' }] }),
      { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING', FileId: '1' } },
      procedure({ FileId: undefined }),
    ],
    [
      'a step of a flow that VOD does not report yet',
      procedure({ Status: 'PROCESSING' }),
      { ProcedureTask: null },
      procedure({ Status: 'PROCESSING', FileId: undefined }),
    ],
  ])(
    'looks again at %s, which is never accepted without that',
    async (_name, body, detail, short) => {
      const event = parseVodEvent(short);
      expect(await confirm(body, await answering({ DescribeTaskDetail: detail }))).toEqual({
        ...{ kind: 'unshown', event },
      });
    },
  );

  it.each([
    [
      'a flow where the answer is about another',
      procedure({}),
      { ProcedureTask: { TaskId: 'proc-2', Status: 'FINISH', FileId: '1' } },
    ],
    [
      'a flow of another file that is still running',
      procedure({ FileId: '2' }),
      { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING', FileId: '1' } },
    ],
    [
      'a flow in a state that VOD never reports',
      procedure({ Status: 'Made up' }),
      { ProcedureTask: null },
    ],
    [
      'a pull in a state that VOD never reports',
      pulled({ Status: 'PROCESSING' }),
      { PullUploadTask: { TaskId: 'pull-1', Status: 'PROCESSING' } },
    ],
    ['a running edit of another file', edited(), editing({ FileId: '2' })],
    ['a running edit with another id', edited(), editing({ TaskId: 'edit-2' })],
    [
      'a running task of another type',
      edited({ TaskId: 'proc-1' }),
      { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING' } },
    ],
    [
      'a task of another type that has ended',
      edited({ TaskId: 'proc-1' }),
      { ProcedureTask: { TaskId: 'proc-1', Status: 'FINISH' } },
    ],
    [
      'a running review of another file',
      {
        EventType: 'ReviewAudioVideoComplete',
        ReviewAudioVideoCompleteEvent: { TaskId: 'review-1', Input: { FileId: '1' } },
      },
      { ReviewAudioVideoTask: { TaskId: 'review-1', Status: 'WAITING', Input: { FileId: '2' } } },
    ],
  ])('denies %s', async (_name, body, detail) => {
    expect(await confirm(body, await answering({ DescribeTaskDetail: detail }))).toEqual(DENIED);
  });

  it('reports the state of a flow as VOD has it, not as it was pushed', async () => {
    const steps = [{ Type: 'Transcode', TranscodeTask: { Status: 'SUCCESS' } }];
    const told = { TaskId: 'proc-1', Status: 'PROCESSING', FileId: '1', MediaProcessResultSet: [] };
    const api = await answering({ DescribeTaskDetail: { ProcedureTask: told } });

    expect(
      await confirm(procedure({ Status: 'PROCESSING', MediaProcessResultSet: steps }), api),
    ).toEqual({
      kind: 'done',
      confirmed: true,
      event: { eventType: 'ProcedureStateChanged', task: told },
    });
  });
});
