import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_MEMBERS, parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { canonicalJson, identifyEvent, nameVodEvent } from '../../../lib/vod/event-id.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };

function identify(body: RawEvent): string {
  return identifyEvent(parseVodEvent(body));
}

function nameFact(fact: string): string {
  return `evt_${createHash('sha256').update(fact).digest('base64url')}`;
}

/** Returns a copy of `body` after `change` was applied to it. */
function changed<T>(body: T, change: (copy: T) => unknown): T {
  const copy = structuredClone(body);
  change(copy);
  return copy;
}

/** Returns the same JSON with its members in another order and additional null members. */
function reword(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => reword(item, seed));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, reword(part, seed)] as const);
  const turn = entries.length === 0 ? 0 : seed % entries.length;
  const turned = [...entries.slice(turn), ...entries.slice(0, turn)];
  const ordered = seed % 2 === 0 ? turned : turned.reverse();
  return Object.fromEntries([[`Unused${seed}`, null], ...ordered]);
}

const FIXTURES = Object.entries<RawEvent>(events);
const anyFixture = fc.constantFrom(...FIXTURES.map(([, body]) => body));

describe('identifyEvent()', () => {
  // Ids are stored and sent to consumers: their input must never change.
  it.each([
    [events.NewFileUpload, '["NewFileUpload","5285890700000000001"]'],
    [events.FileDeleted, '["FileDeleted",["5285890700000000001","5285890700000000002"],[]]'],
    [
      events.PartsDeleted,
      String.raw`["FileDeleted",["5285890700000000001"],["[\"5285890700000000001\",\"TranscodeFiles\",20]","[\"5285890700000000001\",\"TranscodeFiles\",30]"]]`,
    ],
    [
      events.PullComplete,
      '["PullComplete",{"Status":"FINISH","TaskId":"1500000001-pull-9f8e7d6c","states":[]}]',
    ],
    [
      events.ProcedureStep,
      String.raw`["ProcedureStateChanged",{"Status":"PROCESSING","TaskId":"1500000001-Procedure-4d5e6f70t0","states":["[\"AiContentReviewResultSet\",\"Porn\",\"PornTask\",\"PROCESSING\",10]","[\"MediaProcessResultSet\",\"SnapshotByTimeOffset\",\"SnapshotByTimeOffsetTask\",\"PROCESSING\",10]","[\"MediaProcessResultSet\",\"Transcode\",\"TranscodeTask\",\"SUCCESS\",20]"]}]`,
    ],
    [events.MediaCast, '["MediaCastStatusChanged",{"CastId":"cast-1a2b3c","Status":"Working"}]'],
    [
      { Sign: '2f97', EventType: 'HologramComplete', B: null, A: [null] },
      '{"A":[null],"EventType":"HologramComplete"}',
    ],
  ])('returns the hash of what identifies the fact: event %#', (body, fact) => {
    expect(identify(body)).toBe(nameFact(fact));
    const other = identifyEvent(parseVodEvent(body), 1_500_000_002);
    expect(other).toBe(nameFact(`[1500000002,${fact}]`));
  });

  it('differs for all fixtures', () => {
    expect(new Set(FIXTURES.map(([, body]) => identify(body))).size).toBe(FIXTURES.length);
  });

  it('is the same in both event modes, for any order of members and with null for absent ones', () => {
    fc.assert(
      fc.property(anyFixture, fc.nat(50), fc.string(), fc.integer(), (body, seed, text, number) => {
        const same = Object(reword(body, seed));
        const id = identify(body);

        expect(identify({ ...same, Sign: text, T: number })).toBe(id);
        expect(identify({ EventHandle: text, ...same })).toBe(id);
        expect(identify(JSON.parse(JSON.stringify(same)))).toBe(id);
      }),
    );
  });

  describe('of a NewFileUpload', () => {
    it('does not change unless the file changes', () => {
      const later = changed(events.NewFileUpload, ({ FileUploadEvent: task }) => {
        task.MediaBasicInfo.MediaUrl += '?t=68b0&sign=ab12';
        task.MediaBasicInfo.Name = 'renamed';
        task.ProcedureTaskId = '';
        Object.assign(task, { MetaData: null });
        Object.assign(task.MediaBasicInfo, { UpdateTime: '2026-01-01T00:00:09Z' });
      });

      expect(identify(later)).toBe(identify(events.NewFileUpload));
    });

    it('changes with the file', () => {
      const other = changed(events.NewFileUpload, (copy) => {
        copy.FileUploadEvent.FileId = '5285890700000000099';
      });

      expect(identify(other)).not.toBe(identify(events.NewFileUpload));
    });
  });

  describe('of a PullComplete', () => {
    it('does not change with metadata, progress or messages', () => {
      const later = changed(events.PullComplete, ({ PullCompleteEvent: task }) => {
        Object.assign(task, { MetaData: { Size: 777 }, Progress: 99, Message: 'ok', FileUrl: 'u' });
      });

      expect(identify(later)).toBe(identify(events.PullComplete));
    });

    it.each([
      ['TaskId', '1500000001-pull-other'],
      ['Status', 'PROCESSING'],
    ])('changes with %s', (field, value) => {
      const other = changed(events.PullComplete, (copy) => {
        Object.assign(copy.PullCompleteEvent, { [field]: value });
      });

      expect(identify(other)).not.toBe(identify(events.PullComplete));
    });
  });

  describe('of a ProcedureStateChanged', () => {
    type Step = (typeof events.ProcedureStep)['ProcedureStateChangeEvent'];
    const step = (change: (task: Step) => unknown) =>
      identify(changed(events.ProcedureStep, (copy) => change(copy.ProcedureStateChangeEvent)));

    it.each<[string, (task: Step) => unknown]>([
      ['progress', (task) => Object.assign(task.MediaProcessResultSet[1] ?? {}, { Progress: 41 })],
      [
        'an output',
        (task) =>
          Object.assign(task.MediaProcessResultSet[0]?.TranscodeTask ?? {}, {
            Output: null,
            FinishTime: '2026-01-01T00:02:01Z',
          }),
      ],
      ['the order of results', (task) => task.MediaProcessResultSet.reverse()],
      ['an empty set', (task) => Object.assign(task, { AiRecognitionResultSet: [] })],
      ['metadata', (task) => Object.assign(task, { MetaData: { Size: 1 }, FileUrl: 'u' })],
    ])('does not change with %s', (_what, change) => {
      expect(step(change)).toBe(identify(events.ProcedureStep));
    });

    it.each<[string, (task: Step) => unknown]>([
      ['the task', (task) => Object.assign(task, { TaskId: 'other' })],
      ['the status', (task) => Object.assign(task, { Status: 'FINISH' })],
      [
        'the status of one result',
        (task) =>
          Object.assign(task.MediaProcessResultSet[1]?.SnapshotByTimeOffsetTask ?? {}, {
            Status: 'SUCCESS',
          }),
      ],
      [
        'the status of a review',
        (task) =>
          Object.assign(task.AiContentReviewResultSet[0]?.PornTask ?? {}, { Status: 'FAIL' }),
      ],
      [
        'the template of a result',
        (task) =>
          Object.assign(task.MediaProcessResultSet[0]?.TranscodeTask?.Input ?? {}, {
            Definition: 21,
          }),
      ],
      ['the number of results', (task) => task.MediaProcessResultSet.pop()],
    ])('changes with %s', (_what, change) => {
      expect(step(change)).not.toBe(identify(events.ProcedureStep));
    });

    it('distinguishes which of two results is done', () => {
      const flow = (first: string, second: string) =>
        identify({
          EventType: 'ProcedureStateChanged',
          ProcedureStateChangeEvent: {
            TaskId: 't',
            Status: 'PROCESSING',
            MediaProcessResultSet: [
              { Type: 'Transcode', TranscodeTask: { Status: first, Input: { Definition: 20 } } },
              { Type: 'Transcode', TranscodeTask: { Status: second, Input: { Definition: 30 } } },
            ],
          },
        });

      expect(flow('SUCCESS', 'PROCESSING')).not.toBe(flow('PROCESSING', 'SUCCESS'));
    });
  });

  describe('of a FileDeleted', () => {
    const deletion = (FileIdSet: string[], FileDeleteResultInfo?: unknown) =>
      identify({ EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet, FileDeleteResultInfo } });
    const parts = (FileId: string, ...DeleteParts: unknown[]) => ({ FileId, DeleteParts });

    it('does not change with order and repetition', () => {
      const a = parts('1', { Type: 'TranscodeFiles', Definition: 20 }, { Type: 'OriginalFiles' });
      const b = parts('1', { Type: 'OriginalFiles' }, { Definition: 20, Type: 'TranscodeFiles' });
      const c = parts('2', { Type: 'OriginalFiles' });

      expect(deletion(['2', '1', '2'], [c, b, c])).toBe(deletion(['1', '2'], [a, c]));
    });

    it.each([
      [undefined],
      [null],
      [[]],
      [[null]],
      ['text'],
      [[{ FileId: '1', DeleteParts: null }]],
    ])('reads %j as no parts', (results) => {
      expect(deletion(['1'], results)).toBe(deletion(['1'], [parts('1')]));
    });

    it('distinguishes a missing definition from 0, which means all', () => {
      expect(deletion(['1'], [parts('1', { Type: 'TranscodeFiles', Definition: 0 })])).toBe(
        deletion(['1'], [parts('1', { Type: 'TranscodeFiles' })]),
      );
    });

    it('changes with the files, the parts and the files of the parts', () => {
      const original = { Type: 'OriginalFiles' };
      const ids = [
        deletion(['1']),
        deletion(['1', '2']),
        deletion(['12']),
        deletion(['1', '2'], [parts('1', original)]),
        deletion(['1', '2'], [parts('2', original)]),
        deletion(['1', '2'], [parts('1', original), parts('2', original)]),
        deletion(['1', '2'], [parts('1', { Type: 'TranscodeFiles' })]),
        deletion(['1', '2'], [parts('1', { Type: 'TranscodeFiles', Definition: 20 })]),
      ];

      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  describe('of another type', () => {
    it.each(
      Object.entries(EVENT_MEMBERS).filter(
        ([type]) => !['NewFileUpload', 'FileDeleted'].includes(type),
      ),
    )('changes with the task and status of %s', (EventType, member) => {
      const of = (task: RawEvent) => identify({ EventType, [member]: task });
      const ids = [
        of({ TaskId: '1', Status: 'PROCESSING' }),
        of({ TaskId: '1', Status: 'FINISH' }),
        of({ TaskId: '2', Status: 'FINISH' }),
        of({ Status: 'FINISH' }),
      ];

      expect(new Set(ids).size).toBe(ids.length);
      expect(of({ TaskId: '1', Status: 'FINISH', Progress: 100, Output: { FileId: '1' } })).toBe(
        ids[1],
      );
    });

    it('includes parts with their own status', () => {
      const of = (transcode: string, encrypt: string) =>
        identify({
          EventType: 'ProcessMediaByMPSComplete',
          ProcessMediaByMPSCompleteEvent: {
            TaskId: '1',
            Status: 'PROCESSING',
            SubTaskSet: [
              { TaskType: 'Transcode', Status: transcode },
              { TaskType: 'Encrypt', Status: encrypt },
            ],
          },
        });

      expect(new Set([of('A', 'A'), of('A', 'B'), of('B', 'A'), of('B', 'B')]).size).toBe(4);
    });

    it.each([
      ['WechatPublishComplete', 'WechatStatus', 'SUCCESS', 'AUDITNOTPASS'],
      ['WechatMiniProgramPublishComplete', 'PublishResult', 'Pass', 'Rejected'],
      ['CreateSnapshotByTimeOffsetComplete', 'Definition', 10, 11],
    ] as const)('changes for a %s with %s', (EventType, field, one, other) => {
      const of = (value: unknown) =>
        identify({ EventType, [EVENT_MEMBERS[EventType]]: { TaskId: '1', [field]: value } });

      expect(of(one)).not.toBe(of(other));
    });

    it('hashes the whole event if it has no task id', () => {
      const of = (task: RawEvent) =>
        identify({ EventType: 'MediaCastStatusChanged', MediaCastStatusChangedEvent: task });

      expect(of({ TaskId: '', CastId: '1' })).not.toBe(of({ TaskId: '', CastId: '2' }));
      expect(of({ CastId: '1', Status: 'Idle' })).toBe(of({ Status: 'Idle', CastId: '1' }));
      expect(of({ CastId: '1', Status: 'Idle' })).not.toBe(of({ CastId: '2', Status: 'Idle' }));
      expect(of({ CastId: '1', Status: 'Idle' })).not.toBe(of({ CastId: '1', Status: 'Working' }));
    });
  });

  it('differs for any two different unknown events', () => {
    // These belong to the transport, and not to the event.
    const names = fc.string().filter((name) => !['Sign', 'T', 'EventHandle'].includes(name));
    const bodies = fc.dictionary(names, fc.jsonValue()).map((any) => ({ EventType: 'X', ...any }));
    fc.assert(
      fc.property(bodies, bodies, (one, other) => {
        expect(identify(one) === identify(other)).toBe(canonicalJson(one) === canonicalJson(other));
      }),
    );
  });

  it('returns an id for any JSON', () => {
    const task = fc.oneof(
      fc.jsonValue(),
      fc.record({
        FileId: fc.constant('1'),
        TaskId: fc.constantFrom('1', ''),
        Status: fc.constant('FINISH'),
        FileIdSet: fc.constant(['1']),
        FileDeleteResultInfo: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ DeleteParts: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())) })),
        ),
        MediaProcessResultSet: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ Type: fc.jsonValue(), Task: fc.jsonValue() })),
        ),
      }),
    );
    const body = fc
      .tuple(fc.constantFrom(...Object.entries(EVENT_MEMBERS)), task)
      .map(([[EventType, member], value]) => ({ EventType, [member]: value }));
    fc.assert(
      fc.property(body, (any) => {
        expect(identify(any)).toMatch(/^evt_[\w-]{43}$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['FileUploadEvent', 'MediaCastStatusChangedEvent', 'Hologram'])(
    'handles 10,000 levels in %s',
    (member) => {
      const deep: unknown = JSON.parse(`${'{"a":['.repeat(5_000)}${']}'.repeat(5_000)}`);
      const body = { EventType: 'MediaCastStatusChanged', [member]: deep };

      expect(identify(body)).toMatch(/^evt_/);
    },
  );

  it('returns different ids for 10,000 events', () => {
    const types = Object.entries(EVENT_MEMBERS);
    const ids = Array.from({ length: 10_000 }, (_, index) => {
      const [EventType, member] = types[index % types.length] ?? ['', ''];
      const name = String(index);
      return identify({
        EventType,
        [member]: { FileId: name, TaskId: name, Status: 'FINISH', FileIdSet: [name] },
      });
    });

    expect(new Set(ids).size).toBe(10_000);
  });
});

describe('nameVodEvent()', () => {
  it.each([
    ['NewFileUpload', 'vod.NewFileUpload'],
    ['x'.repeat(64), `vod.${'x'.repeat(64)}`],
    ['x'.repeat(65), 'vod.unknown'],
    ['a.b', 'vod.unknown'],
    ['', 'vod.unknown'],
    [7, 'vod.unknown'],
  ])('names the VOD event %j %s', (name, type) => {
    expect(nameVodEvent(name)).toBe(type);
  });
});
