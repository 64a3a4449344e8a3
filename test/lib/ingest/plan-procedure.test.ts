import { describe, expect, it } from 'vitest';
import type { RawEvent } from '../../../lib/vod/event.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import { changesOf } from './plan-stage.ts';

function procedure(fields: object): RawEvent {
  const task = { TaskId: 'proc-1', Status: 'FINISH', FileId: '1' };
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: { ...task, ...fields } };
}

describe('ProcedureStateChanged', () => {
  const part = (Status: string, fields: object = {}) => ({
    Type: 'Transcode',
    TranscodeTask: { Status, ErrCode: 0, ErrCodeExt: '', Input: { Definition: 20 }, ...fields },
    CoverBySnapshotTask: null,
  });
  const FAILED = part('FAIL', {
    ErrCode: 60_000,
    ErrCodeExt: 'SourceFileError',
    Message: 'canary',
  });
  const FAILURE = {
    type: 'Transcode',
    definition: 20,
    vodErrCode: 60_000,
    vodErrCodeExt: 'SourceFileError',
  };

  it('records the start of a flow', () => {
    expect(changesOf(events.ProcedureStep)).toEqual([
      {
        key: { fileId: '5285890700000000001' },
        fact: 'processingStarted',
        fields: { taskId: '1500000001-Procedure-4d5e6f70t0', sessionContext: 'ctx' },
      },
    ]);
  });

  it.each([
    ['no tasks', {}, 'processingSucceeded', undefined],
    ['empty sets', { MediaProcessResultSet: [] }, 'processingSucceeded', undefined],
    [
      'tasks that succeeded, whatever the code of the flow',
      { ErrCode: 70_000, MediaProcessResultSet: [part('SUCCESS')] },
      'processingSucceeded',
      undefined,
    ],
    [
      'a code and no tasks',
      { ErrCode: 70_000 },
      'processingFailed',
      {
        code: 'processing_failed',
        detail: 'VOD could not process the media.',
        vodErrCode: 70_000,
      },
    ],
    [
      'tasks that all failed',
      { MediaProcessResultSet: [FAILED], AiAnalysisResultSet: [{ Tag: { Status: 'FAIL' } }] },
      'processingFailed',
      {
        code: 'processing_failed',
        detail: 'None of the tasks of the flow succeeded.',
        parts: [FAILURE, {}],
      },
    ],
    [
      'tasks of which some failed',
      {
        MediaProcessResultSet: [FAILED, part('SUCCESS')],
        AiContentReviewResultSet: [{ Type: 'Porn', PornTask: { Status: 'SUCCESS' } }],
      },
      'processingSucceeded',
      {
        code: 'processing_incomplete',
        detail: 'Some of the tasks of the flow failed.',
        parts: [FAILURE],
      },
    ],
    ['malformed sets', { MediaProcessResultSet: 7 }, 'processingSucceeded', undefined],
  ])('records the end of a flow with %s', (_name, fields, fact, problem) => {
    expect(changesOf(procedure(fields))).toEqual([
      {
        key: { fileId: '1' },
        fact,
        fields: { taskId: 'proc-1', sessionContext: undefined, problem },
      },
    ]);
  });

  it.each([
    ['without a file', { FileId: '' }],
    ['in an unknown state', { Status: 'PAUSED' }],
  ])('plans no changes for a flow %s', (_name, fields) => {
    expect(changesOf(procedure(fields))).toEqual([]);
  });
});

describe('ReviewAudioVideoComplete', () => {
  it('records that the file is uploaded', () => {
    const task = { TaskId: 'r-1', Status: 'FINISH', Input: { FileId: '1' } };

    expect(
      changesOf({ EventType: 'ReviewAudioVideoComplete', ReviewAudioVideoCompleteEvent: task }),
    ).toEqual([{ key: { fileId: '1' }, fact: 'uploadedForProcessing' }]);
  });

  it('plans no changes for a review without a file', () => {
    const task = { TaskId: 'r-1', Status: 'FINISH' };

    expect(
      changesOf({ EventType: 'ReviewAudioVideoComplete', ReviewAudioVideoCompleteEvent: task }),
    ).toEqual([]);
  });
});
