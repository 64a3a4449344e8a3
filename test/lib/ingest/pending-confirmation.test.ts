import { describe, expect, it } from 'vitest';
import {
  limitUnconfirmed,
  postpone,
  reduceEvent,
  storePending,
} from '../../../lib/ingest/pending-confirmation.ts';
import { Problem } from '../../../lib/problem.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { parseVodEvent, writeVodEvent } from '../../../lib/vod/event.ts';
import { NOWHERE } from '../../support/source-contexts.ts';

const reduce = (event: Readonly<Record<string, unknown>>) =>
  writeVodEvent(reduceEvent(parseVodEvent(event)));

const LONG = Array.from({ length: 10_000 }, () => ({ Text: 'speech' }));

it('a large notification is reduced to the ids that VOD can describe', () => {
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

it('an arrival keeps its tasks and its source', () => {
  const SourceInfo = { SourceType: 'Upload', SourceContext: 'context' };
  const MediaBasicInfo = { Name: 'film', SourceInfo: { ...SourceInfo, LiveRecordInfo: {} } };
  const ids = { FileId: '7', ProcedureTaskId: '1-Procedure-2', ReviewAudioVideoTaskId: '' };
  const upload = { ...ids, MediaBasicInfo, MetaData: { Other: LONG } };

  expect(reduce({ EventType: 'NewFileUpload', FileUploadEvent: upload })).toEqual({
    EventType: 'NewFileUpload',
    FileUploadEvent: { ...ids, MediaBasicInfo: { SourceInfo } },
  });
});

it('invalid task ids are removed, and long states are truncated', () => {
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
  for (const [EventType, member] of [
    ['PullComplete', 'PullCompleteEvent'],
    ['ProcedureStateChanged', 'ProcedureStateChangeEvent'],
  ] as const) {
    expect(reduce({ EventType, [member]: { TaskId: '1-Pull-2', Status } })).toEqual({
      EventType,
      [member]: { TaskId: '1-Pull-2', Status: 'F'.repeat(64) },
    });
  }
});

it('values of the maximum length are kept', () => {
  const SourceInfo = { SourceType: 'x'.repeat(64), SourceContext: 'x'.repeat(250) };
  const ids = { FileId: '7', ProcedureTaskId: '1'.repeat(128) };
  const event = {
    EventType: 'NewFileUpload',
    FileUploadEvent: { ...ids, MediaBasicInfo: { SourceInfo } },
  };
  expect(reduce(event)).toEqual(event);
});

it.each([
  ['a source context longer than VOD accepts', { SourceContext: '가'.repeat(84) }],
  ['a source context that is not a string', { SourceContext: { vu: 2 } }],
  ['an invalid source type', { SourceType: 'x'.repeat(65) }],
])('%s is removed', (_what, SourceInfo) => {
  const upload = { FileId: '7', MediaBasicInfo: { SourceInfo } };
  expect(reduce({ EventType: 'NewFileUpload', FileUploadEvent: upload })).toEqual({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: '7' },
  });
});

it('events that VOD may not be able to describe are kept whole', () => {
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

const PENDING = {
  event: parseVodEvent({ EventType: 'NewFileUpload', FileUploadEvent: { FileId: '7', Any: 1 } }),
  origin: { ...NOWHERE, subAppId: 1, own: 1 },
  receivedAt: 5,
};

it.each([{}, { dueAt: 9 }])(
  'an event is recorded until VOD is called again, with %j',
  async (due) => {
    const kept: object[] = [];
    const ledger = {
      storePendingConfirmation: async (event: object) => {
        kept.push(event);
        return true;
      },
    };

    const fields = await storePending({ ...PENDING, ...due }, ledger);

    const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '7' } };
    const { eventId } = fields;
    expect(kept).toStrictEqual([{ eventId, subAppId: 1, raw, receivedAt: 5, ...due }]);
    expect(fields).toMatchObject({ fileId: '7', fresh: true, confirmation: 'kept' });
  },
);

it("without a ledger VOD has to send the event again, and the error has VOD's code", async () => {
  const vod = { code: 'InternalError', requestId: 'r' };
  const busy = new Problem('Busy.', { code: 'upstream_busy', vod });

  await expect(postpone(PENDING, busy, undefined)).rejects.toMatchObject({
    ...{ code: 'confirmation_unavailable', vod, cause: busy },
    message: expect.stringContaining('send it again'),
  });
});

describe('limitUnconfirmed()', () => {
  /** Returns a limiter for events of applications; other instances have let `others` in during the same minute. */
  function limit(others?: number) {
    let [time, asked] = [60_000, 0];
    const ledger = {
      incrementUnconfirmed: async () => {
        asked += 1;
        return Number(others) + asked;
      },
    };
    const admit = limitUnconfirmed(others === undefined ? undefined : (count) => count(ledger), {
      now: () => time,
    });
    return {
      async admit(subAppId = 1) {
        const log: LogFields = {};
        const refusal = await admit(subAppId, log).catch((error: unknown) => error);
        return { refusal, surplus: log.surplusEvents };
      },
      pass: (milliseconds: number) => {
        time += milliseconds;
      },
      asked: () => asked,
    };
  }
  const ADMITTED = { refusal: undefined, surplus: undefined };
  const refusedBy = (surplus: number) => ({
    surplus,
    refusal: expect.objectContaining({
      ...{ code: 'unconfirmed_exceeded', headers: { 'Retry-After': '60' } },
      message: expect.stringContaining('At most 600'),
    }),
  });

  it.each([
    ['without a ledger', undefined, 0],
    ['with a ledger', 0, 600],
  ])('admits 600 events of an application per minute, %s', async (_where, others, asked) => {
    const gate = limit(others);
    for (let i = 0; i < 600; i += 1) {
      expect(await gate.admit()).toEqual(ADMITTED);
      gate.pass(99);
    }

    expect([await gate.admit(), await gate.admit()]).toEqual([refusedBy(1), refusedBy(2)]);
    expect(gate.asked()).toBe(asked);
  });

  it('counts each application and each minute separately', async () => {
    const gate = limit();
    for (let i = 0; i < 601; i += 1) await gate.admit();

    expect(await gate.admit(2)).toEqual(ADMITTED);
    gate.pass(60_000);
    expect(await gate.admit()).toEqual(ADMITTED);
  });

  it('counts what other instances admit', async () => {
    const gate = limit(599);

    expect([await gate.admit(), await gate.admit()]).toEqual([ADMITTED, refusedBy(1)]);
  });
});
