import { expect, it } from 'vitest';
import { reduceEvent } from '../../../lib/ingest/pending-confirmation.ts';
import { parseVodEvent, writeVodEvent } from '../../../lib/vod/event.ts';

const reduce = (event: Readonly<Record<string, unknown>>) =>
  writeVodEvent(reduceEvent(parseVodEvent(event)));

const LONG = Array.from({ length: 10_000 }, () => ({ Text: 'speech' }));

it('leaves ids of what VOD describes an upload, however much a notification says', () => {
  const task = { TaskId: '1-Procedure-2', Status: 'FINISH', AiRecognitionResultSet: LONG };
  expect(reduce({ EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: task })).toEqual({
    EventType: 'ProcedureStateChanged',
    ProcedureStateChangeEvent: { TaskId: '1-Procedure-2', Status: 'FINISH' },
  });
  const pull = { TaskId: '1-Pull-2', Status: 'FINISH', SessionContext: 'x', Other: LONG };
  expect(reduce({ EventType: 'PullComplete', PullCompleteEvent: pull })).toEqual({
    EventType: 'PullComplete',
    PullCompleteEvent: { TaskId: '1-Pull-2', Status: 'FINISH' },
  });
});

it('leaves the tasks of an arrival, and where it came from', () => {
  const SourceInfo = { SourceType: 'Upload', SourceContext: 'context' };
  const MediaBasicInfo = { Name: 'film', SourceInfo: { ...SourceInfo, LiveRecordInfo: {} } };
  const ids = { FileId: '7', ProcedureTaskId: '1-Procedure-2', ReviewAudioVideoTaskId: '' };
  const upload = { ...ids, MediaBasicInfo, MetaData: { Other: LONG } };

  expect(reduce({ EventType: 'NewFileUpload', FileUploadEvent: upload })).toEqual({
    EventType: 'NewFileUpload',
    FileUploadEvent: { ...ids, MediaBasicInfo: { SourceInfo } },
  });
});

it('leaves out tasks that no id names, and of a state no more than one is long', () => {
  const [ProcedureTaskId, ReviewAudioVideoTaskId, Status] = [
    '1'.repeat(129),
    LONG,
    'F'.repeat(999),
  ];
  const upload = { FileId: '7', ProcedureTaskId, ReviewAudioVideoTaskId };
  expect(reduce({ EventType: 'NewFileUpload', FileUploadEvent: upload })).toEqual({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: '7' },
  });
  const task = { TaskId: '1-Pull-2', Status };
  expect(reduce({ EventType: 'PullComplete', PullCompleteEvent: task })).toEqual({
    EventType: 'PullComplete',
    PullCompleteEvent: { TaskId: '1-Pull-2', Status: 'F'.repeat(64) },
  });
});

it.each([
  ['a context that VOD keeps for nobody', { SourceContext: '가'.repeat(84) }],
  ['a context that is no text', { SourceContext: { vu: 2 } }],
  ['a type that is none', { SourceType: 'x'.repeat(65) }],
])('leaves out %s', (_what, SourceInfo) => {
  const upload = { FileId: '7', MediaBasicInfo: { SourceInfo } };
  expect(reduce({ EventType: 'NewFileUpload', FileUploadEvent: upload })).toEqual({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: '7' },
  });
});

it('leaves whole what VOD may not be able to describe', () => {
  const others = [
    {
      EventType: 'EditMediaComplete',
      EditMediaCompleteEvent: { TaskId: '1', Output: { Url: '' } },
    },
    { EventType: 'MediaCastStatusChanged', MediaCastStatusChangedEvent: { CastId: '1' } },
    { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1'], FileDeleteResultInfo: [] } },
    { EventType: 'Tomorrow', Any: LONG },
  ];
  for (const event of others) expect(reduce(event)).toEqual(event);
});
