import { describe, expect, it } from 'vitest';
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

  it.each([
    [
      'a pull that is still running',
      events.PullComplete,
      { PullUploadTask: { TaskId: '1500000001-pull-9f8e7d6c', Status: 'PROCESSING' } },
    ],
    [
      'the end of a flow that is still running',
      procedure({}),
      { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING', FileId: '1' } },
    ],
    [
      'a flow where the answer is about another',
      procedure({}),
      { ProcedureTask: { TaskId: 'proc-2', Status: 'FINISH', FileId: '1' } },
    ],
    ['a flow without an answer', procedure({}), { ProcedureTask: null }],
    [
      'a finished task that VOD reports as running',
      events.MediaEdited,
      { EditMediaTask: { TaskId: '1500000001-EditMedia-5a6b7c8dt0', Status: 'PROCESSING' } },
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
