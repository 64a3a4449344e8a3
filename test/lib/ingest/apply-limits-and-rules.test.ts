import { describe, expect, it } from 'vitest';
import { planEvent } from '../../../lib/ingest/plan-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import type { Envelope } from '../../../lib/model/source-context.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { settingsOf } from '../../support/settings.ts';
import { encodeContext, NOWHERE } from '../../support/source-contexts.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';
const RECEIVED_AT = Date.UTC(2026, 0, 1);
const META = { Size: 100, Container: 'mov,mp4,m4a,3gp,3g2,mj2', Duration: 60.5 };

function contextOf(envelope: Partial<Envelope> = {}): string {
  return encodeContext({ uploadId: UPLOAD_ID, owner: 'ann', method: 'client', ...envelope });
}

interface Told {
  readonly context?: string;
  readonly sourceType?: string;
  readonly basic?: object;
  readonly meta?: object | null;
  readonly task?: object;
}

const TYPES = {
  NewFileUpload: 'FileUploadEvent',
  PullComplete: 'PullCompleteEvent',
} as const;

function arrival(told: Told, type: keyof typeof TYPES = 'NewFileUpload'): RawEvent {
  const { context = '', sourceType = 'Upload', basic, meta = META, task } = told;
  const SourceInfo = { SourceType: sourceType, SourceContext: context };
  const MediaBasicInfo = { Type: 'mp4', SourceInfo, ...basic };
  const pulled = type === 'PullComplete' ? { TaskId: 'p-1', Status: 'FINISH', ErrCode: 0 } : {};
  return {
    EventType: type,
    [TYPES[type]]: { FileId: '1', MediaBasicInfo, MetaData: meta, ...pulled, ...task },
  };
}

function settle(body: RawEvent, input: object = {}, confirmed = true, isOnlyChance = false) {
  const settings = settingsOf(input);
  const received = receiveEvent(parseVodEvent(body), NOWHERE);
  const reception = { ...NOWHERE, receivedAt: RECEIVED_AT, confirmed, settings, isOnlyChance };
  const { changes, actions = [] } = planEvent(received, reception);
  return { change: changes[0], changes, actions };
}

const rule = (set: object, match: object = {}, name = 'r') => ({ name, match, set });

describe.each(['NewFileUpload', 'PullComplete'] as const)(
  '%s of a file over its limits',
  (type) => {
    it('rejects the file, and does nothing else to it', () => {
      const context = contextOf({ limits: { maxBytes: 99, maxSeconds: 60 }, mediaExpireTime: 9 });

      const { changes, actions } = settle(arrival({ context }, type), {
        rules: [rule({ classId: 1, procedure: { name: 'p' } })],
      });

      expect(changes).toMatchObject([
        {
          key: { uploadId: UPLOAD_ID },
          fact: 'rejected',
          fields: {
            fileId: '1',
            size: 100,
            problem: {
              ...{ code: 'limits_exceeded', rule: 'maxBytes', limit: 99, actual: 100 },
              violations: [{ rule: 'maxBytes' }, { rule: 'maxSeconds', limit: 60, actual: 60.5 }],
            },
          },
        },
      ]);
      expect(actions).toEqual([]);
    });

    it('changes nothing before VOD confirms it', () => {
      const context = contextOf({ limits: { maxBytes: 1 } });
      expect(settle(arrival({ context }, type), {}, false)).toMatchObject({
        changes: [],
        actions: [],
      });
    });
  },
);

describe('limits of media without an envelope', () => {
  const policy = { console: { maxBytes: 99 }, live: { maxSeconds: 60 } };

  it.each([
    ['the console', { context: '' }, 'maxBytes'],
    ['another program', { context: 'order-7' }, 'maxBytes'],
    ['a recording', { sourceType: 'Record' }, 'maxSeconds'],
    ['a recording of a page', { sourceType: 'WebPageRecord' }, 'maxSeconds'],
  ])('are those of the policy for %s', (_name, told, violated) => {
    const { change } = settle(arrival(told), { policy });
    expect(change).toMatchObject({
      key: { fileId: '1' },
      fact: 'rejected',
      fields: { problem: { code: 'limits_exceeded', rule: violated } },
    });
  });

  it('are absent without a policy, and never apply to an upload with an envelope', () => {
    expect(settle(arrival({})).change).toMatchObject({ fact: 'uploaded' });
    expect(settle(arrival({ context: contextOf() }), { policy }).change).toMatchObject({
      fact: 'uploaded',
    });
  });
});

describe('a file that VOD has not analysed', () => {
  const limits = { maxSeconds: 60, mediaTypes: ['mp4'] };
  const context = contextOf({ limits });

  it.each([
    ['returns null', null],
    ['returns no metadata', {}],
    ['returns zeros', { Size: 0, Container: '', Duration: 0 }],
    ['returns the size alone', { Size: 5, Container: '', Duration: 0 }],
  ])('is held and inspected later if VOD %s', (_name, meta) => {
    const { change, actions } = settle(arrival({ context, meta }));

    expect(change).toMatchObject({ fact: 'uploadedForProcessing' });
    expect(change?.fields?.problem).toBeUndefined();
    expect(actions).toEqual([
      {
        fileId: '1',
        kind: 'inspect',
        detail: { limits: { ...limits, maxBytes: undefined }, fact: 'uploaded' },
      },
    ]);
  });

  it('also waits for its task, and gets no task flow of a rule before the inspection', () => {
    const rules = [rule({ procedure: { name: 'p' } })];

    const own = settle(arrival({ context, meta: null, task: { ProcedureTaskId: 'proc-1' } }));
    const ruled = settle(arrival({ context, meta: null }), { rules });

    for (const { actions } of [own, ruled]) {
      expect(actions[0]).toMatchObject({
        kind: 'inspect',
        detail: { fact: 'uploadedForProcessing' },
      });
    }
    expect(ruled.actions.map(({ kind }) => kind)).toEqual(['inspect', 'procedure']);
  });

  it('is accepted if its limits do not depend on the analysis', () => {
    const told = arrival({
      context: contextOf({ limits: { maxBytes: 5 } }),
      meta: { Size: 5, Container: '' },
    });
    expect(settle(told)).toMatchObject({ change: { fact: 'uploaded' }, actions: [] });
  });

  it('is rejected immediately if its file type is not allowed', () => {
    const { change, actions } = settle(arrival({ context, meta: null, basic: { Type: 'exe' } }));
    expect(change).toMatchObject({ fact: 'rejected', fields: { problem: { actual: 'exe' } } });
    expect(actions).toEqual([]);
  });
});

describe('a file that has streams and no duration', () => {
  const meta = { Size: 5, Container: 'matroska,webm', Duration: 0, VideoStreamSet: [{}] };
  const basic = { Type: 'webm' };
  const context = contextOf({ limits: { maxSeconds: 60, mediaTypes: ['webm'] } });
  const policy = { console: { maxSeconds: 60 }, live: { maxSeconds: 60 } };

  it.each([
    ['its upload', { context }, {}],
    ['the policy for the console', {}, { policy }],
    ['the policy for live recordings', { sourceType: 'Record' }, { policy }],
  ])('is held if %s limits the duration', (_whose, more, input) => {
    const { change, actions } = settle(arrival({ meta, basic, ...more }), input);
    expect(change).toMatchObject({ fact: 'uploadedForProcessing', fields: { size: 5 } });
    expect([change?.fields?.duration, change?.fields?.problem]).toEqual([undefined, undefined]);
    expect(actions).toMatchObject([{ kind: 'inspect', detail: { fact: 'uploaded' } }]);
  });

  it('is accepted without such a limit', () => {
    const limits = { maxBytes: 5, mediaTypes: ['webm'] };
    for (const more of [{}, { context: contextOf({ limits }) }]) {
      expect(settle(arrival({ meta, basic, ...more }), { policy: {} })).toMatchObject({
        change: { fact: 'uploaded' },
        actions: [],
      });
    }
  });

  it('is rejected immediately if it cannot be inspected later and VOD has analysed it', () => {
    const rejected = settle(arrival({ context, meta, basic }), {}, true, true);
    expect(rejected).toMatchObject({
      change: { fact: 'rejected', fields: { problem: { code: 'media_unreadable' } } },
      actions: [],
    });
    const unread = settle(arrival({ context, meta: null, basic }), {}, true, true);
    expect(unread.actions).toMatchObject([{ kind: 'inspect' }]);
    const fitting = settle(
      arrival({ context: contextOf({ limits: { maxBytes: 100 } }) }),
      {},
      true,
      true,
    );
    expect(fitting).toMatchObject({ change: { fact: 'uploaded' }, actions: [] });
  });
});

describe('rule effects', () => {
  const everything = {
    classId: 7,
    expireAfter: 60,
    tags: ['a', 'b'],
    coverUrl: 'https://a.example.com/c.png',
    procedure: { name: 'p', taskPriority: 3, taskNotifyMode: 'Change', sessionContext: 's' },
  };
  const actionsOf = (told: Told, set: object, match?: object) =>
    settle(arrival(told), { rules: [rule(set, match)] }).actions;

  it('do not change the known fields of an upload', () => {
    const told = arrival({ context: contextOf(), basic: { Name: 'film', ClassId: 5 } });
    const { change } = settle(told);

    const ruled = settle(told, { rules: [rule(everything)] }).change;

    expect(change?.fields).toMatchObject({
      name: 'film',
      classId: 5,
      size: META.Size,
      fileId: '1',
    });
    expect(ruled).toEqual({
      ...change,
      fact: 'uploadedForProcessing',
      fields: { ...change?.fields, procedure: 'p' },
    });
  });

  it('use the parameter names of VOD', () => {
    const basic = { CreateTime: '2026-01-05T00:00:00Z', ExpireTime: '9999-12-31T23:59:59Z' };

    const { change, actions } = settle(arrival({ basic }), { rules: [rule(everything)] });

    expect(change).toMatchObject({ fact: 'uploadedForProcessing', fields: { procedure: 'p' } });
    expect(actions).toEqual([
      {
        fileId: '1',
        kind: 'modify',
        detail: {
          rules: ['r'],
          parameters: { ExpireTime: '2026-01-05T00:01:00Z', ClassId: 7, AddTags: ['a', 'b'] },
          coverUrl: 'https://a.example.com/c.png',
        },
      },
      {
        fileId: '1',
        kind: 'procedure',
        detail: {
          rules: ['r'],
          parameters: {
            ProcedureName: 'p',
            TasksPriority: 3,
            TasksNotifyMode: 'Change',
            SessionContext: 's',
            SessionId: expect.stringMatching(/^[0-9a-f]{50}$/),
          },
        },
      },
    ]);
  });

  it('start a task flow with a session id per file and rule', () => {
    const idOf = (FileId: string, name: string) => {
      const told = arrival({ task: { FileId } });
      const rules = [rule({ procedure: { name: 'p' } }, {}, name)];
      const [action] = settle(told, { rules }).actions;
      return Object(action?.detail?.['parameters']).SessionId;
    };
    const ids = [idOf('1', 'a'), idOf('1', 'b'), idOf('2', 'a')];
    expect(new Set(ids).size).toBe(3);
    expect(idOf('1', 'a')).toBe(ids[0]);
  });

  it('list each rule that contributes, once', () => {
    const rules = [
      rule({ classId: 1 }, {}, 'class'),
      rule({ tags: ['a'], expireTime: '2030-01-01T00:00:00Z' }, {}, 'rest'),
    ];
    expect(settle(arrival({}), { rules }).actions).toMatchObject([
      {
        detail: {
          rules: ['rest', 'class'],
          parameters: { ExpireTime: '2030-01-01T00:00:00Z', ClassId: 1, AddTags: ['a'] },
        },
      },
    ]);
  });

  it.each([
    ['no time', arrival({})],
    ['no source information', arrival({ basic: { SourceInfo: null } })],
    ['no description', { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '1' } }],
  ])('count the expiry from the time of the event if the media has %s', (_what, body) => {
    expect(settle(body, { rules: [rule({ expireAfter: 86_400 })] }).actions).toMatchObject([
      { detail: { parameters: { ExpireTime: '2026-01-02T00:00:00Z' } } },
    ]);
  });

  it('limit the expiry to the latest time that VOD accepts', () => {
    expect(actionsOf({}, { expireAfter: Number.MAX_SAFE_INTEGER })).toMatchObject([
      { detail: { parameters: { ExpireTime: '9999-12-31T23:59:59Z' } } },
    ]);
  });

  it('match the owner and the stream of the event', () => {
    const recorded = {
      sourceType: 'Record',
      basic: {
        SourceInfo: {
          SourceType: 'Record',
          SourceContext: '',
          LiveRecordInfo: { StreamId: 'room-1' },
        },
      },
    };
    expect(
      actionsOf(recorded, { classId: 1 }, { streams: ['room-*'], methods: ['live'] }),
    ).toHaveLength(1);
    expect(actionsOf({ context: contextOf() }, { classId: 1 }, { owners: ['ann'] })).toHaveLength(
      1,
    );
    expect(actionsOf({}, { classId: 1 }, { owners: ['ann'] })).toEqual([]);
  });

  it('do not replace what the upload has requested', () => {
    const basic = {
      ...{ ClassId: 3, CoverUrl: 'http://v.example/c.png', ExpireTime: '2031-01-01T00:00:00Z' },
    };
    const { change, actions } = settle(
      arrival({ context: contextOf(), basic, task: { ProcedureTaskId: 'proc-1' } }),
      { rules: [rule(everything)] },
    );

    expect(actions).toEqual([
      {
        fileId: '1',
        kind: 'modify',
        detail: { rules: ['r'], parameters: { AddTags: ['a', 'b'] } },
      },
    ]);
    expect(change?.fields).toMatchObject({ taskId: 'proc-1' });
    expect(change?.fields?.procedure).toBeUndefined();
  });

  it('are empty if every field is already set', () => {
    expect(actionsOf({ basic: { ClassId: 3 } }, { classId: 1 })).toEqual([]);
  });

  it('set the expiry that an upload requested, which its signature could not', () => {
    const context = contextOf({ mediaExpireTime: 1_800_000_000 });
    const detail = { rules: [], parameters: { ExpireTime: '2027-01-15T08:00:00Z' } };
    expect(actionsOf({ context }, { expireAfter: 60 })).toEqual([
      { fileId: '1', kind: 'modify', detail },
    ]);
    expect(
      actionsOf({ context, basic: { ExpireTime: '2027-01-15T08:00:00Z' } }, { expireAfter: 60 }),
    ).toEqual([]);
  });

  it('are empty for a failed pull and for other events', () => {
    const rules = [rule(everything)];
    const failed = arrival({ task: { ErrCode: 60_000, SessionId: UPLOAD_ID } }, 'PullComplete');
    expect(settle(failed, { rules }).actions).toEqual([]);
    const processed = {
      EventType: 'ProcedureStateChanged',
      ProcedureStateChangeEvent: { TaskId: 'proc-1', Status: 'FINISH', FileId: '1' },
    };
    expect(settle(processed, { rules })).toMatchObject({
      change: { fact: 'processingSucceeded' },
      actions: [],
    });
  });
});
