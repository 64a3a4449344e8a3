import { describe, expect, it } from 'vitest';
import { ingestBatch } from '../../../lib/ingest/durable.ts';
import { ingestProven } from '../../../lib/ingest/ingest-proven.ts';
import type { Reception } from '../../../lib/ingest/plan-event.ts';
import type { Origin } from '../../../lib/ingest/received-event.ts';
import type { IssuedUpload } from '../../../lib/ledger/uploads/uploads.ts';
import type { Envelope } from '../../../lib/model/source-context.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { CONTEXTS, encodeContext, NOWHERE, writeV1Context } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';

const RECEPTION: Reception = {
  ...NOWHERE,
  receivedAt: Date.now(),
  confirmed: true,
  settings: NO_SETTINGS,
};

const { ledger, sql, open } = useLedger();

function take(bodies: readonly RawEvent[], origin: Partial<Origin> = {}) {
  return ingestBatch(bodies.map(parseVodEvent), ledger, { ...RECEPTION, ...origin });
}

function arrival(fields: object = {}): RawEvent {
  const SourceContext = encodeContext({ uploadId: UPLOAD_ID, owner: 'bob', method: 'client' });
  const FileUploadEvent = {
    FileId: '1',
    MediaBasicInfo: { Name: 'a', SourceInfo: { SourceType: 'Upload', SourceContext } },
    ...fields,
  };
  return { EventType: 'NewFileUpload', FileUploadEvent };
}

function arrivalWith(SourceContext: string, Duration = 1): RawEvent {
  return arrival({
    MediaBasicInfo: { Type: 'mp4', SourceInfo: { SourceType: 'Upload', SourceContext } },
    MetaData: { Size: 10, Duration, Container: 'mov,mp4,m4a,3gp,3g2,mj2' },
  });
}

const REVIEWED: RawEvent = {
  EventType: 'ReviewAudioVideoComplete',
  ReviewAudioVideoCompleteEvent: { TaskId: 'review-1', Status: 'FINISH', Input: { FileId: '1' } },
};

const PROCESSED: RawEvent = {
  EventType: 'ProcedureStateChanged',
  ProcedureStateChangeEvent: { TaskId: 'proc-1', Status: 'FINISH', FileId: '1' },
};

const DELETED: RawEvent = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1', '2'] } };

const stateOf = async () => (await ledger.findUpload(UPLOAD_ID))?.state;

describe('ingestBatch()', () => {
  it('returns the result of each event, in order', async () => {
    const taken = await take([arrival(), PROCESSED, arrival()]);

    expect(taken.map(({ received }) => received.event.eventType)).toEqual([
      'NewFileUpload',
      'ProcedureStateChanged',
      'NewFileUpload',
    ]);
    expect(taken.map(({ recorded }) => recorded.fresh)).toEqual([true, true, false]);
    expect(await stateOf()).toBe('ready');
  });

  it('ends an upload after the review that it waits for', async () => {
    await take([arrival({ ReviewAudioVideoTaskId: 'review-1' })]);
    expect(await stateOf()).toBe('uploaded');

    await take([REVIEWED]);

    expect(await stateOf()).toBe('ready');
  });

  it('does not end an upload after its review while a task flow runs', async () => {
    const tasks = { ProcedureTaskId: 'proc-1', ReviewAudioVideoTaskId: 'review-1' };
    await take([arrival(tasks), REVIEWED]);
    expect(await stateOf()).toBe('uploaded');

    await take([PROCESSED]);

    expect(await stateOf()).toBe('ready');
  });

  it('ends an upload whose review was reported before it, once the review is reported again', async () => {
    await take([REVIEWED]);
    await take([arrival({ ReviewAudioVideoTaskId: 'review-1' })]);
    expect(await stateOf()).toBe('uploaded');

    const [again] = await take([REVIEWED]);

    expect(again?.recorded.fresh).toBe(false);
    expect(await stateOf()).toBe('ready');
  });

  it('remembers the deletion of a file before its arrival', async () => {
    await take([DELETED]);
    await take([arrival()]);

    expect(await stateOf()).toBe('deleted');
  });
});

it('an event other than a review does not end an upload that waits for inspection', async () => {
  const SourceContext = encodeContext({
    ...{ uploadId: UPLOAD_ID, owner: 'bob', method: 'client', limits: { maxSeconds: 1 } },
  });

  await take([arrival({ MediaBasicInfo: { SourceInfo: { SourceContext } } })]);

  expect(await stateOf()).toBe('uploaded');
});

describe('a file whose deletion another application reported', () => {
  const DELETED_THERE = { subAppId: 1, state: 'deleted' };

  it.each<[string, Partial<Reception>, object]>([
    [
      'moves to an application if VOD confirms it there',
      { subAppId: 2 },
      { subAppId: 2, state: 'ready' },
    ],
    ['stays if VOD does not confirm it', { subAppId: 2, confirmed: false }, DELETED_THERE],
    ['stays if no application is given', {}, DELETED_THERE],
  ])('%s', async (_what, change, expected) => {
    await take([DELETED], { subAppId: 1 });
    const told = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '1' } };

    await ingestBatch([parseVodEvent(told)], ledger, { ...RECEPTION, ...change });

    const { items } = await ledger.listUploads({ limit: 9 });
    expect(items.find(({ fileId }) => fileId === '1')).toMatchObject(expected);
  });
});

it('an event from VOD itself belongs to the application that was asked', async () => {
  const counted: (number | undefined)[] = [];
  const run = {
    ...{ subAppId: 2, applications: [1, 2] as const, contexts: CONTEXTS, settings: NO_SETTINGS },
    ...{ ledger, clock: Date, report: () => undefined },
  };
  const context = encodeContext({ uploadId: UPLOAD_ID, owner: 'bob', method: 'client' }, 'mine', {
    subAppId: 2,
  });
  const counts = {
    add: (_name: string, by?: number) => counted.push(by),
    fail: (error: unknown) => {
      throw error;
    },
  };

  expect(await ingestProven([parseVodEvent(arrivalWith(context))], run, counts)).toBe(1);
  expect(await ingestProven([parseVodEvent(arrivalWith(context))], run, counts)).toBe(0);

  expect(counted).toEqual([1, 0]);
  expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({ subAppId: 2, sourceContext: 'mine' });
});

const OWNED = { uploadId: UPLOAD_ID, owner: 'bob', method: 'client' } as const;

describe('a context without a MAC', () => {
  const first = arrivalWith(writeV1Context({ ...OWNED, limits: { maxSeconds: 99 } }, 'mine'));
  const grace = { contexts: { ...NOWHERE.contexts, acceptsV1: true } };

  it('is read as that of another program', async () => {
    await ledger.issueUpload(OWNED);

    const [taken] = await take([first]);

    expect(taken?.recorded.uploads).toMatchObject([{ method: 'other' }]);
    expect(await stateOf()).toBe('issued');
  });

  it('is accepted during the transition for a recorded upload, whose recorded limits apply', async () => {
    await ledger.issueUpload({ ...OWNED, fields: { limits: { maxSeconds: 1 } } });

    await take(
      [arrivalWith(writeV1Context({ ...OWNED, limits: { maxSeconds: 99 } }, 'mine'), 5)],
      grace,
    );

    expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({
      ...{ state: 'rejected', owner: 'bob', sourceContext: 'mine' },
      ...{ limits: { maxSeconds: 1 }, problem: { limit: 1, actual: 5 } },
    });
  });

  it.each([
    ['none', {}, []],
    [
      'another time',
      { mediaExpireTime: 2_000_000_000_000 },
      [{ ExpireTime: '2033-05-18T03:33:20Z' }],
    ],
  ])('sets no expiry of its own if the ledger has %s', async (_what, fields, expected) => {
    await ledger.issueUpload({ ...OWNED, fields });

    await take([arrivalWith(writeV1Context({ ...OWNED, mediaExpireTime: 1_999_999_999 }))], grace);

    const actions = await ledger.claimActions(9, 60);
    expect(actions.map(({ detail }) => detail?.['parameters'])).toEqual(expected);
  });

  it.each<[string, Partial<Envelope> | undefined, Partial<Origin>]>([
    ['is unknown', undefined, {}],
    ['is of another owner', { owner: 'eve' }, {}],
    ['has another method', { method: 'pull' }, {}],
    ['is of another application', {}, { subAppId: 2, own: 1 }],
  ])('is read as that of another program if its upload %s', async (_what, change, origin) => {
    if (change !== undefined) await ledger.issueUpload({ ...OWNED, ...change });

    const [taken] = await take([first], { ...grace, ...origin });

    expect(taken?.recorded.uploads).toMatchObject([{ method: 'other' }]);
    expect((await ledger.findUpload(UPLOAD_ID))?.state).toBe(change && 'issued');
  });
});

describe('a failed pull', () => {
  const failure = (TaskId: string): RawEvent => ({
    EventType: 'PullComplete',
    PullCompleteEvent: { TaskId, Status: 'FINISH', ErrCode: 60_000, SessionId: UPLOAD_ID },
  });

  it.each<[string, NonNullable<IssuedUpload['fields']>, Partial<Origin>]>([
    ['has no task yet', {}, {}],
    ['has its task', { taskId: 'task-1' }, {}],
    ['is of the same application', { subAppId: 2 }, { subAppId: 2, own: 1 }],
    ['has no application', {}, { subAppId: 1, own: 1 }],
  ])('ends the pull that has its session and %s', async (_what, fields, origin) => {
    await ledger.issueUpload({ ...OWNED, method: 'pull', fields });

    await take([failure('task-1')], origin);

    expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({ state: 'failed', taskId: 'task-1' });
  });

  it.each<[string, Partial<IssuedUpload> | undefined, Partial<Origin>]>([
    ['is unknown', undefined, {}],
    ['is not a pull', {}, {}],
    ['has another task', { method: 'pull', fields: { taskId: 'task-2' } }, {}],
    [
      'is of another application',
      { method: 'pull', fields: { subAppId: 1 } },
      { subAppId: 2, own: 1 },
    ],
  ])('changes nothing if the upload that it names %s', async (_what, change, origin) => {
    if (change !== undefined) await ledger.issueUpload({ ...OWNED, ...change });
    const before = await ledger.findUpload(UPLOAD_ID);

    const [taken] = await take([failure('task-1')], origin);

    expect(taken?.recorded).toMatchObject({ fresh: true, uploads: [] });
    expect(await ledger.findUpload(UPLOAD_ID)).toEqual(before);
  });
});

it.each([
  ['a pull without a session', 'PullComplete', {}],
  ['a pull of another program', 'PullComplete', { SessionId: 'no id\u0000' }],
  ['a task flow with a session', 'ProcedureStateChanged', { SessionId: UPLOAD_ID, FileId: '1' }],
])('the failure of %s does not end the pull of an upload', async (_what, EventType, fields) => {
  await ledger.issueUpload({ ...OWNED, method: 'pull' });
  const task = { TaskId: 'task-1', Status: 'FINISH', ErrCode: 60_000, ...fields };
  const member = EventType === 'PullComplete' ? 'PullCompleteEvent' : 'ProcedureStateChangeEvent';

  const [taken] = await take([{ EventType, [member]: task }]);

  expect(taken?.received.failedPull).toBeUndefined();
  expect(await stateOf()).toBe('issued');
});

it('a successful pull does not match an upload by its session, which another program may choose', async () => {
  await ledger.issueUpload({ ...OWNED, method: 'pull' });
  const PullCompleteEvent = { TaskId: 'task-1', Status: 'FINISH', ErrCode: 0, FileId: '1' };

  const [taken] = await take([
    {
      EventType: 'PullComplete',
      PullCompleteEvent: { ...PullCompleteEvent, SessionId: UPLOAD_ID },
    },
  ]);

  expect(taken?.received.failedPull).toBeUndefined();
  expect(taken?.recorded.uploads).toMatchObject([{ fileId: '1', state: 'ready' }]);
  expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({ state: 'issued' });
  const events = await (await ledger.timeline()).listEvents(UPLOAD_ID);
  expect(events.map(({ eventType }) => eventType)).toEqual(['upload.issued']);
});

describe('the source context of an upload', () => {
  const TARGETS = [{ id: 'https://a.example', events: ['vod.*'] }];

  /** Returns what is recorded for consumers of the event `body`. */
  async function keptOf(body: RawEvent) {
    const told = open({ targets: TARGETS });
    await ingestBatch([parseVodEvent(body)], told, RECEPTION);
    const [claim] = await told.claimDeliveries(1, 60, 1);
    // As recorded before envelopes had a MAC.
    await sql`update events set envelope_removed = default`;
    await sql`update deliveries set next_attempt_at = now() - interval '1 second'`;
    const [older] = await told.claimDeliveries(1, 60, 1);
    return [claim?.event, older?.event];
  }

  it('is recorded and delivered without its envelope', async () => {
    const [event, older] = await keptOf(arrivalWith(encodeContext(OWNED, 'mine')));

    expect(event).toMatchObject({
      payload: { FileUploadEvent: { MediaBasicInfo: { SourceInfo: { SourceContext: 'mine' } } } },
    });
    expect(event).not.toHaveProperty('hasEnvelope');
    expect(older).toHaveProperty('hasEnvelope', true);
  });

  it('is left unchanged if another program wrote it', async () => {
    const SourceContext = writeV1Context(OWNED, 'mine');
    const [event] = await keptOf(arrivalWith(SourceContext));

    expect(event).toMatchObject({
      payload: { FileUploadEvent: { MediaBasicInfo: { SourceInfo: { SourceContext } } } },
    });
  });
});
