import fc from 'fast-check';
import type { EventContent } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { EVENT_MEMBERS, parseVodEvent, readLegacyEvent } from '../../../lib/vod/event.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };

/** Copied from the comments of `EventContent`, https://cloud.tencent.com/document/product/266/31773. */
const DOCUMENTED = [
  ['NewFileUpload', 'FileUploadEvent'],
  ['ProcedureStateChanged', 'ProcedureStateChangeEvent'],
  ['FileDeleted', 'FileDeleteEvent'],
  ['PullComplete', 'PullCompleteEvent'],
  ['EditMediaComplete', 'EditMediaCompleteEvent'],
  ['SplitMediaComplete', 'SplitMediaCompleteEvent'],
  ['ComposeMediaComplete', 'ComposeMediaCompleteEvent'],
  ['WechatPublishComplete', 'WechatPublishCompleteEvent'],
  ['WechatMiniProgramPublishComplete', 'WechatMiniProgramPublishCompleteEvent'],
  ['RemoveWatermark', 'RemoveWatermarkCompleteEvent'],
  ['RestoreMediaComplete', 'RestoreMediaCompleteEvent'],
  ['RebuildMediaComplete', 'RebuildMediaCompleteEvent'],
  ['ExtractTraceWatermarkComplete', 'ExtractTraceWatermarkCompleteEvent'],
  ['ExtractCopyRightWatermarkComplete', 'ExtractCopyRightWatermarkCompleteEvent'],
  ['ReviewAudioVideoComplete', 'ReviewAudioVideoCompleteEvent'],
  ['DescribeFileAttributesComplete', 'DescribeFileAttributesCompleteEvent'],
  ['QualityInspectComplete', 'QualityInspectCompleteEvent'],
  ['QualityEnhanceComplete', 'QualityEnhanceCompleteEvent'],
  ['MediaCastStatusChanged', 'MediaCastStatusChangedEvent'],
  ['PersistenceComplete', 'PersistenceCompleteEvent'],
  ['ComplexAdaptiveDynamicStreamingComplete', 'ComplexAdaptiveDynamicStreamingCompleteEvent'],
  ['ProcessMediaByMPSComplete', 'ProcessMediaByMPSCompleteEvent'],
  ['AigcImageTaskComplete', 'AigcImageCompleteEvent'],
  ['AigcVideoTaskComplete', 'AigcVideoCompleteEvent'],
  ['AigcHunyuan3DTaskComplete', 'AigcHunyuan3DCompleteEvent'],
  ['ExtractBlindWatermarkComplete', 'ExtractBlindWatermarkComplete'],
  ['SceneAigcImageCompleteEvent', 'SceneAigcImageCompleteEvent'],
  ['ProcessImageAsyncCompleteEvent', 'ProcessImageAsyncCompleteEvent'],
  ['CreateAigcAdvancedCustomElementCompleteEvent', 'CreateAigcAdvancedCustomElementCompleteEvent'],
  ['CreateAigcCustomVoiceCompleteEvent', 'CreateAigcCustomVoiceCompleteEvent'],
  ['DescribeAigcFaceInfoAsyncComplete', 'DescribeAigcFaceInfoAsyncCompleteEvent'],
  ['TranscodeComplete', 'TranscodeCompleteEvent'],
  ['ConcatComplete', 'ConcatCompleteEvent'],
  ['ClipComplete', 'ClipCompleteEvent'],
  ['CreateImageSpriteComplete', 'CreateImageSpriteCompleteEvent'],
  ['CreateSnapshotByTimeOffsetComplete', 'SnapshotByTimeOffsetCompleteEvent'],
] as const;

/** The members that the four checked types are checked for. */
const TASK = { FileId: '1', TaskId: 't', Status: 'FINISH', FileIdSet: ['1'] };

describe('EVENT_MEMBERS', () => {
  it('has exactly the documented rows', () => {
    expect(Object.entries(EVENT_MEMBERS).sort()).toEqual(
      [...DOCUMENTED].map((row) => [...row]).sort(),
    );
  });

  it('has every member of the SDK that belongs to a type', () => {
    type Listed = (typeof EVENT_MEMBERS)[keyof typeof EVENT_MEMBERS];
    type Unlisted = Exclude<keyof EventContent, Listed>;

    expectTypeOf<Unlisted>().toEqualTypeOf<
      'EventType' | 'EventHandle' | 'ReduceMediaBitrateCompleteEvent'
    >();
  });
});

describe('parseVodEvent()', () => {
  it.each(DOCUMENTED)('finds the task of %s in %s', (eventType, member) => {
    const others = Object.fromEntries(DOCUMENTED.map(([, other]) => [other, null]));

    const event = parseVodEvent({ ...others, EventType: eventType, [member]: TASK });

    expect(event).toEqual({ eventType, task: TASK });
  });

  it.each(DOCUMENTED)('keeps the whole body of %s if %s is not an object', (EventType, member) => {
    for (const task of ['text', 7, true, [], [TASK]]) {
      const raw = { EventType, [member]: task };

      expect(parseVodEvent(raw)).toEqual({ eventType: 'unknown', name: EventType, raw });
    }
    expect(parseVodEvent({ EventType, Other: TASK }).eventType).toBe('unknown');
  });

  it.each([
    ['NewFileUpload', 'FileUploadEvent', { FileId: '' }],
    ['NewFileUpload', 'FileUploadEvent', { FileId: 7 }],
    ['ProcedureStateChanged', 'ProcedureStateChangeEvent', { TaskId: 't' }],
    ['ProcedureStateChanged', 'ProcedureStateChangeEvent', { TaskId: '', Status: 'FINISH' }],
    ['PullComplete', 'PullCompleteEvent', { TaskId: null, Status: 'FINISH' }],
    ['PullComplete', 'PullCompleteEvent', { TaskId: 't', Status: 7 }],
    ['FileDeleted', 'FileDeleteEvent', { FileIdSet: [] }],
    ['FileDeleted', 'FileDeleteEvent', { FileIdSet: [null] }],
    ['FileDeleted', 'FileDeleteEvent', { FileIdSet: '1' }],
  ])('keeps the whole body of %s if %s is %j', (EventType, member, task) => {
    expect(parseVodEvent({ EventType, [member]: task })).toMatchObject({
      eventType: 'unknown',
      name: EventType,
    });
  });

  it.each([
    [
      'an unknown type',
      { EventType: 'HologramComplete', HologramEvent: { A: 1 } },
      'HologramComplete',
    ],
    ['the name of a method', { EventType: 'constructor' }, 'constructor'],
    ['a type that is not a string', { EventType: { a: 1 } }, ''],
    ['an event without a type', {}, ''],
  ])('keeps the whole body of %s', (_name, raw, name) => {
    expect(parseVodEvent(raw)).toEqual({ eventType: 'unknown', name, raw });
  });

  it.each(Object.entries(events))('removes how %s was delivered', (_name, body) => {
    const pushed = { ...body, Sign: '2f97', T: 1_767_225_600 };
    const pulled = { EventHandle: 'eh-1', ReduceMediaBitrateCompleteEvent: null, ...body };

    expect(parseVodEvent(pushed)).toEqual(parseVodEvent(body));
    expect(parseVodEvent(pulled)).toEqual(parseVodEvent(body));
    expect(JSON.stringify(parseVodEvent(pulled))).not.toContain('null');
  });

  it('does not modify its input', () => {
    const body = structuredClone(events.ProcedureStep);

    parseVodEvent(body);

    expect(body).toEqual(events.ProcedureStep);
  });

  it('narrows the type of the task by the event type', () => {
    const event = parseVodEvent(events.MediaCast);

    if (event.eventType === 'MediaCastStatusChanged') {
      expectTypeOf(event.task.CastId).toEqualTypeOf<string | undefined>();
    }
    if (event.eventType === 'PullComplete') {
      expectTypeOf(event.task.TaskId).toEqualTypeOf<string>();
      expectTypeOf(event.task.Progress).toEqualTypeOf<number | undefined>();
    }
    expect(event.eventType).toBe('MediaCastStatusChanged');
  });

  it('never throws on JSON', () => {
    const members = fc.record(
      {
        EventType: fc.oneof(fc.constantFrom(...DOCUMENTED.map(([type]) => type)), fc.jsonValue()),
        FileUploadEvent: fc.jsonValue(),
        ProcedureStateChangeEvent: fc.jsonValue(),
        PullCompleteEvent: fc.jsonValue(),
        FileDeleteEvent: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const body = fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), members);
    fc.assert(
      fc.property(body, ([any, known]) => {
        expect(parseVodEvent({ ...any, ...known })).toHaveProperty('eventType');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('readLegacyEvent()', () => {
  it('reads type and file of format 2.0', () => {
    expect(readLegacyEvent(events.Legacy)).toEqual({
      eventType: 'NewFileUpload',
      fileId: '9031868200000000003',
    });
  });

  it.each([[undefined], [null], [[]], [{}], [{ fileId: '' }], [{ fileId: 9031868200 }]])(
    'does not require a file: data %j',
    (data) => {
      const body = { version: '4.0', eventType: 'TranscodeComplete', data };

      expect(readLegacyEvent(body)).toEqual({ eventType: 'TranscodeComplete' });
    },
  );

  it.each([
    ['format 3.0', events.NewFileUpload],
    ['both formats together', { ...events.Legacy, ...events.NewFileUpload }],
    ['another version', { ...events.Legacy, version: '5.0' }],
    ['a version that is a number', { ...events.Legacy, version: 4 }],
    ['a body without a type', { version: '4.0', data: {} }],
    ['a type that is not a string', { ...events.Legacy, eventType: ['NewFileUpload'] }],
    ['an empty body', {}],
  ])('returns undefined for %s', (_name, body) => {
    expect(readLegacyEvent(body)).toBeUndefined();
  });

  it('never throws on JSON', () => {
    const body = fc.record({
      version: fc.constant('4.0'),
      eventType: fc.string(),
      data: fc.jsonValue(),
    });
    fc.assert(
      fc.property(body, (any) => {
        expect(readLegacyEvent(any)).toBeDefined();
      }),
    );
  });
});
