import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../../../lib/ledger/recording/event-record.ts';
import { listPruned, type PrunedName } from '../../../../lib/model/retention.ts';
import type { MediaFields } from '../../../../lib/model/upload.ts';
import type { UploadFact } from '../../../../lib/model/upload-state.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const HOOK = 'https://hook.example';

let time = START;
const stage = useLedger({ clock: { now: () => time }, targets: [{ id: HOOK, events: ['*'] }] });
const { ledger, sql } = stage;

/** Prunes rows of `names` that are older than `days`; returns how many of each were pruned. */
async function pruneOlder(days: number, names: readonly PrunedName[]) {
  const counts: number[] = [];
  for (const name of names) {
    const deliveredBefore = time - days * DAY;
    const before = name === 'prunedUploads' ? time + 1 : deliveredBefore;
    const criteria = { after: 0, before, deliveredBefore, withContent: true };
    const { rows } = await (await ledger.pruning()).findPrunable(name, criteria);
    const keys = rows.map(({ key }) => key);
    counts.push(keys.length === 0 ? 0 : await (await ledger.pruning()).prune(name, keys, criteria));
  }
  return counts;
}

const pruneAll = (days = 0) =>
  pruneOlder(
    days,
    listPruned().map(([name]) => name),
  );

/** The driver reserves only a connection that is open. */
async function reserve() {
  await sql`select 1`;
  return sql.reserve();
}

async function begin() {
  time = START;
}

/** Accepts, or gives up, all deliveries that are due. */
async function settle(how: 'accept' | 'give up' = 'accept') {
  for (const claim of await ledger.claimDeliveries(1_000, 60, 1_000)) {
    await (how === 'accept'
      ? ledger.finishDelivery(claim)
      : ledger.failDelivery(claim, { error: 'http_500', dead: true }));
  }
}

const arrival = (
  fileId: string,
  {
    fact = 'uploaded',
    ...more
  }: Partial<EventRecord> & { fact?: UploadFact; fields?: MediaFields } = {},
) =>
  eventOf([{ key: { fileId }, fact, method: 'console', fields: { subAppId: 1, size: 5 } }], {
    ...{
      eventId: `evt_new_${fileId}`,
      fileId,
      subAppId: 1,
      payload: { EventType: 'NewFileUpload' },
    },
    ...more,
  });

const deletion = (fileId: string) =>
  eventOf([{ key: { fileId }, fact: 'deleted', fields: { subAppId: 1 } }], {
    ...{ eventId: `evt_gone_${fileId}`, eventType: 'vod.FileDeleted', fileId, subAppId: 1 },
  });

const eventIds = async () =>
  (await sql`select event_id, pruned, payload from events order by event_id`).map((row) => [
    row['event_id'],
    row['pruned'],
    JSON.stringify(row['payload']) === '{}',
  ]);
const countOf = async (table: string) =>
  Number((await sql.unsafe(`select count(*) from ${table}`))[0]?.['count']);
const uploadOf = async (fileId: string) =>
  String((await sql`select upload_id from uploads where file_id = ${fileId}`)[0]?.['upload_id']);

describe('deliveries', () => {
  it('are pruned once they were accepted long enough ago, and their events stay', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    time += DAY;
    await settle();
    time += 30 * DAY;
    expect(await pruneOlder(31, ['deliveries'])).toEqual([0]);
    expect(await pruneOlder(30, ['deliveries'])).toEqual([0]);
    time += 1;
    expect(await pruneOlder(30, ['deliveries'])).toEqual([2]);
    expect(await countOf('deliveries')).toBe(0);
    expect(await eventIds()).toHaveLength(2);
    const events = await (await ledger.timeline()).listEvents(await uploadOf('f1'));
    expect(events.map(({ eventType, deliveries }) => [eventType, deliveries])).toEqual([
      ['upload.ready', []],
      ['vod.NewFileUpload', []],
    ]);
  });

  it.each(['pending', 'given up'] as const)(
    'that are %s are not pruned as accepted ones',
    async (how) => {
      await begin();
      await ledger.recordEvent(arrival('f1'));
      if (how === 'given up') await settle('give up');
      time += 400 * DAY;
      expect(await pruneOlder(1, ['deliveries', 'events'])).toEqual([0, 0]);
      expect(await countOf('deliveries')).toBe(2);
    },
  );

  it('that were given up are pruned by their own time', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    time += 5 * DAY;
    await settle('give up');
    time += 10 * DAY;
    expect(await pruneOlder(10, ['deadDeliveries'])).toEqual([0]);
    time += 1;
    expect(await pruneOlder(10, ['deadDeliveries', 'events'])).toEqual([2, 2]);
    expect(await countOf('deliveries')).toBe(0);
  });

  it('that are replayed meanwhile are not pruned', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await settle('give up');
    time += 10 * DAY;
    const criteria = { after: 0, before: time, deliveredBefore: time, withContent: false };
    const { rows } = await (await ledger.pruning()).findPrunable('deadDeliveries', criteria);
    expect(rows).toHaveLength(2);
    await (await ledger.deadDeliveries()).replayUpload(await uploadOf('f1'));
    const keys = rows.map(({ key }) => key);
    expect(await (await ledger.pruning()).prune('deadDeliveries', keys, criteria)).toBe(0);
    expect(await ledger.claimDeliveries(10, 60, 10)).toHaveLength(2);
  });
});

describe('events', () => {
  it('lose their payload and keep their id as long as they may be reported again', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await ledger.recordEvent(
      eventOf([{ key: { fileId: 'f1' }, fact: 'processingStarted' }], {
        ...{
          eventId: 'evt_task',
          eventType: 'vod.ProcedureStateChanged',
          fileId: 'f1',
          taskId: 't',
        },
      }),
    );
    await settle();
    time += 10 * DAY;
    const uploadId = await uploadOf('f1');

    expect(await pruneOlder(5, ['events'])).toEqual([3]);

    expect(await eventIds()).toEqual([
      [`evt_${uploadId}_ready`, true, true],
      ['evt_new_f1', true, true],
    ]);
    expect(await countOf('deliveries')).toBe(0);
    expect(await (await ledger.timeline()).listEvents(uploadId)).toEqual([]);
    expect(await pruneOlder(5, ['events'])).toEqual([0]);
    expect(await ledger.findFilesWithoutArrival(['f1'])).toEqual([]);
  });

  it('are not recorded again after that, and announce nothing again', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await settle();
    time += 10 * DAY;
    await pruneOlder(5, ['events']);

    expect(await ledger.recordEvent(arrival('f1'))).toMatchObject({ fresh: false, deliveries: 0 });
    // A new fact that leaves the state as it is announces the state again, and that is known.
    const edit = eventOf([{ key: { fileId: 'f1' }, fact: 'uploadedForProcessing' }], {
      ...{ eventId: 'evt_edit', eventType: 'vod.EditMediaComplete', fileId: 'f1' },
    });
    expect(await ledger.recordEvent(edit)).toMatchObject({ fresh: true, announced: [] });
    expect(await ledger.claimDeliveries(10, 60, 10)).toMatchObject([{ eventId: 'evt_edit' }]);
  });

  it('about the deletion of several files keep their id', async () => {
    await begin();
    const both = eventOf([], {
      ...{ eventId: 'evt_both', eventType: 'vod.FileDeleted', payload: { a: 1 } },
    });
    await ledger.recordEvent(both);
    await ledger.recordEvent(eventOf([], { eventId: 'evt_pull', eventType: 'vod.PullComplete' }));
    await ledger.recordEvent(
      eventOf([], { eventId: 'evt_pulled', eventType: 'vod.PullComplete', fileId: 'f2' }),
    );
    await settle();
    time += 10 * DAY;
    await pruneOlder(5, ['events']);
    expect(await eventIds()).toEqual([
      ['evt_both', true, true],
      ['evt_pulled', true, true],
    ]);
    expect((await ledger.recordEvent(both)).fresh).toBe(false);
  });

  it('stay as they are while anything is to be done with them', async () => {
    await begin();
    await ledger.recordEvent(
      eventOf([], { eventId: 'evt_dead', eventType: 'vod.EditMediaComplete' }),
    );
    await ledger.recordEvent(
      eventOf([], { eventId: 'evt_asked', eventType: 'vod.EditMediaComplete' }),
    );
    await ledger.recordEvent(
      eventOf([], { eventId: 'evt_done', eventType: 'vod.EditMediaComplete' }),
    );
    await sql`insert into events (event_id, event_type, payload, confirmed, received_at, recorded_by, fanned_out)
      values ('evt_unsent', 'vod.EditMediaComplete', '{}', true, ${new Date(START)}, 'x', false)`;
    await settle();
    await ledger.countItemFailure(
      { kind: 'event', id: 'evt_dead', code: 'x', reason: 'It failed.' },
      1,
    );
    await ledger.storeForRetry({ eventId: 'evt_asked', raw: {}, receivedAt: START });
    time += 10 * DAY;

    expect(await pruneOlder(5, ['events'])).toEqual([1]);

    expect((await eventIds()).map(([id]) => id)).toEqual(['evt_asked', 'evt_dead', 'evt_unsent']);
    await ledger.dropDeadItem({ kind: 'event', id: 'evt_dead' });
    expect(await pruneOlder(5, ['events'])).toEqual([1]);
  });
});

describe('idempotency keys', () => {
  const key = { owner: 'ann', key: 'import-1', fingerprint: 'f', uploadId: 'u1' };

  it('are kept for their time, and are new after that', async () => {
    await begin();
    await ledger.rememberRequest(key);
    await ledger.rememberRequest({ ...key, owner: 'bob' });
    time += 90 * DAY;
    expect(await pruneOlder(90, ['keys'])).toEqual([0]);
    expect(await ledger.rememberRequest({ ...key, uploadId: 'u2' })).toEqual({
      ...{ kind: 'same', uploadId: 'u1' },
    });
    time += 1;
    expect(await pruneOlder(90, ['keys'])).toEqual([2]);
    expect(await ledger.rememberRequest({ ...key, uploadId: 'u2' })).toMatchObject({ kind: 'new' });
  });

  it('stay while their pull is queued', async () => {
    await begin();
    await ledger.rememberRequest(key);
    await ledger.enqueuePulls([{ uploadId: 'u1', owner: 'ann', request: {} }]);
    time += 200 * DAY;
    expect(await pruneOlder(90, ['keys'])).toEqual([0]);
    const [pull] = await ledger.claimPulls(1, 60);
    if (pull === undefined) throw new Error('A pull is queued.');
    await ledger.finishPull(pull, 't');
    expect(await pruneOlder(90, ['keys'])).toEqual([1]);
  });
});

describe('runs', () => {
  it('are kept for the time of keys after their last change, and while a pull of theirs is queued', async () => {
    await begin();
    const runs = await ledger.pullRuns();
    const { runId } = await runs.openRun({
      runId: 'r1',
      owner: 'ann',
      name: 'a',
      subAppId: undefined,
    });
    const item = { id: 's1', uploadId: 'u1', request: { mediaUrl: 'canary' } };
    await runs.addItems(runId, [item], { retry: false });
    await ledger.enqueuePulls([{ uploadId: 'u1', owner: 'ann', request: {} }]);
    time += 80 * DAY;
    await runs.addItems(runId, [{ ...item, id: 's2', uploadId: 'u2' }], { retry: false });
    time += 80 * DAY;
    expect(await pruneOlder(90, ['runItems', 'runs'])).toEqual([0, 0]);

    time += 80 * DAY;
    expect(await pruneOlder(90, ['runItems', 'runs'])).toEqual([1, 0]);
    const [pull] = await ledger.claimPulls(1, 60);
    if (pull === undefined) throw new Error('A pull is queued.');
    await ledger.finishPull(pull, 't');
    const criteria = { after: 0, before: time, deliveredBefore: time, withContent: true };
    const { rows } = await (await ledger.pruning()).findPrunable('runItems', criteria);
    expect(rows).toMatchObject([{ key: ['r1', 's1'], content: { upload_id: 'u1' } }]);
    expect(JSON.stringify(rows)).not.toContain('canary');
    expect(await pruneOlder(90, ['runItems', 'runs'])).toEqual([1, 1]);
    expect(await runs.findRun(runId)).toBeUndefined();
  });

  it('are kept while they are paused, so that their sources are not pulled again later', async () => {
    await begin();
    const runs = await ledger.pullRuns();
    for (const runId of ['r1', 'r2', 'r3']) {
      await runs.openRun({ runId, owner: 'ann', name: runId, subAppId: undefined });
      await runs.pauseRun(runId, true);
    }
    const item = { id: 's1', uploadId: 'u1', request: {} };
    await runs.addItems('r1', [item], { retry: false });
    await runs.addItems('r2', [item], { retry: false });
    await runs.endRun('r2', 'cancelled');
    time += 91 * DAY;

    expect(await pruneOlder(90, ['runItems', 'runs'])).toEqual([1, 1]);
    expect(await runs.findRun('r3')).toBeDefined();
    await runs.pauseRun('r1', false);
    await runs.pauseRun('r3', false);
    time += 90 * DAY;
    expect(await pruneOlder(90, ['runItems', 'runs'])).toEqual([0, 0]);
    time += 1;
    expect(await pruneOlder(90, ['runItems', 'runs'])).toEqual([1, 2]);
  });

  it('leave no item that a request recorded when they had just been removed', async () => {
    await begin();
    const runs = await ledger.pullRuns();
    await runs.refuseItems('gone', [{ id: 's1', uploadId: undefined, problem: {} }]);
    time += 91 * DAY;

    expect(await pruneOlder(90, ['runItems'])).toEqual([1]);
  });
});

describe('what was given up', () => {
  it('is pruned by its own time', async () => {
    await begin();
    const item = { kind: 'event', id: 'evt_1', code: 'x', reason: 'It failed.' } as const;
    await ledger.countItemFailure(item, 1);
    await ledger.countItemFailure({ ...item, id: 'evt_2' }, 2);
    await ledger.recordEvent(
      arrival('f1', {
        actions: [
          { fileId: 'f1', kind: 'modify' },
          { fileId: 'f1', kind: 'cover' },
        ],
      }),
    );
    const [action] = await ledger.claimActions(1, 60);
    if (action === undefined) throw new Error('An action is due.');
    await ledger.failAction(action, { error: 'denied', dead: true });
    time += 10 * DAY;
    expect(await pruneOlder(10, ['deadActions', 'deadItems'])).toEqual([0, 0]);
    time += 1;
    expect(await pruneOlder(10, ['deadActions', 'deadItems'])).toEqual([1, 1]);
    expect(await countOf('dead_items')).toBe(1);
    expect(await ledger.claimActions(10, 60)).toHaveLength(1);
  });
});

describe('ended uploads', () => {
  it('leave what identifies them, and nothing else', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1', { actions: [{ fileId: 'f1', kind: 'modify' }] }));
    const uploadId = await uploadOf('f1');
    for (const action of await ledger.claimActions(10, 60)) await ledger.finishAction(action);
    await settle();
    time += 10 * DAY;
    // Not before its events.
    expect(await pruneOlder(9, ['uploads/ready'])).toEqual([0]);
    await pruneOlder(9, ['events']);
    expect(await pruneOlder(10, ['uploads/ready'])).toEqual([0]);
    expect(await pruneOlder(9, ['uploads/ready', 'uploads/ready'])).toEqual([1, 0]);
    expect(await ledger.findUpload(uploadId)).toBeDefined();
    expect(await pruneOlder(9, ['prunedUploads', 'prunedUploads'])).toEqual([1, 0]);

    for (const table of ['uploads', 'events', 'deliveries', 'media_actions']) {
      expect([table, await countOf(table)]).toEqual([table, 0]);
    }
    expect(await ledger.findUpload(uploadId)).toBeUndefined();
    expect(await ledger.findPrunedUpload(uploadId)).toEqual({
      ...{ uploadId, fileId: 'f1', subAppId: 1, prunedAt: time },
    });
    expect(await ledger.findPrunedUpload('u9')).toBeUndefined();
  });

  it('never begin again, and the arrival of their file is known', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await settle();
    time += 10 * DAY;
    await pruneAll(5);
    expect(await countOf('pruned_uploads')).toBe(1);

    expect(await ledger.findFilesWithoutArrival(['f1', 'f2'])).toEqual(['f2']);
    expect(await ledger.recordEvent(arrival('f1'))).toMatchObject({ fresh: false, deliveries: 0 });
    const pulled = arrival('f1', { eventId: 'evt_pulled', eventType: 'vod.PullComplete' });
    expect((await ledger.recordEvents([pulled, arrival('f2')])).map(({ fresh }) => fresh)).toEqual([
      ...[false, true],
    ]);
    expect(await ledger.findFiles(['f1'])).toEqual(['f1']);
    expect(await uploadOf('f1')).toBe('undefined');
    await settle();
    // Its deletion is a new fact about which only the event is recorded.
    expect(await ledger.recordEvent(deletion('f1'))).toMatchObject({
      ...{ fresh: true, uploads: [], announced: [], deliveries: 1 },
    });
    expect(await ledger.claimDeliveries(10, 60, 10)).toMatchObject([{ eventId: 'evt_gone_f1' }]);
    expect(await ledger.recordEvent(deletion('f1'))).toMatchObject({ fresh: false });
    expect(await uploadOf('f1')).toBe('undefined');
  });

  it('whose file was gone are no reason to ask about its deletion again', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await ledger.recordEvent(deletion('f1'));
    await settle();
    time += 10 * DAY;
    await pruneAll(5);
    expect(await countOf('uploads')).toBe(0);
    expect(await ledger.findFiles(['f1'])).toEqual([]);
    expect(await ledger.findFilesWithoutArrival(['f1'])).toEqual([]);
  });

  it('of another application do not hide a file', async () => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await ledger.recordEvent(deletion('f1'));
    await settle();
    time += 10 * DAY;
    await pruneAll(5);
    const other = eventOf([{ key: { fileId: 'f1' }, fact: 'uploaded', fields: { subAppId: 2 } }], {
      fileId: 'f1',
      subAppId: 2,
    });
    expect(await ledger.recordEvent(other)).toMatchObject({
      fresh: true,
      uploads: [{ subAppId: 2 }],
    });
  });

  it('get no second file: one that comes later is to be deleted', async () => {
    await begin();
    const expiresAt = START + 20 * DAY;
    const upload = { uploadId: 'u1', method: 'client', owner: 'ann' } as const;
    await ledger.issueUpload({ ...upload, fields: { subAppId: 1, expiresAt } });
    await ledger.transition('u1', 'cancelled');
    await settle();
    time += 19 * DAY;
    // A file may still come while it is permitted.
    await pruneAll(5);
    expect(await countOf('uploads')).toBe(1);
    time += 10 * DAY;
    await pruneAll(5);
    expect(await countOf('uploads')).toBe(0);
    expect(await ledger.findPrunedUpload('u1')).toMatchObject({ owner: 'ann' });

    const late = eventOf(
      [
        {
          key: { uploadId: 'u1' },
          fact: 'uploaded',
          owner: 'ann',
          fields: { subAppId: 1, fileId: 'f9' },
        },
      ],
      { fileId: 'f9', uploadId: 'u1', subAppId: 1 },
    );
    expect(await ledger.recordEvent(late)).toMatchObject({
      fresh: true,
      uploads: [],
      deliveries: 1,
    });
    expect(await ledger.claimActions(10, 60)).toMatchObject([{ fileId: 'f9', kind: 'delete' }]);
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['is unfinished', () => sql`update uploads set state = 'processing'`],
    ['has changed', () => sql`update uploads set updated_at = ${new Date(time - 4 * DAY)}`],
    ['counts in a quota', () => sql`update uploads set arrived_at = ${new Date(time - 4 * DAY)}`],
    ['is permitted', () => sql`update uploads set expires_at = ${new Date(time - 4 * DAY)}`],
    [
      'has a queued pull',
      () => sql`insert into pulls (upload_id, owner, request, next_attempt_at)
      select upload_id, 'ann', '{}', now() from uploads`,
    ],
    [
      'has an action',
      () => sql`insert into media_actions
      (file_id, kind, state, next_attempt_at, created_at, updated_at) values ('f1', 'x', 'pending', now(), now(), now())`,
    ],
    [
      'has a dead action',
      () => sql`insert into media_actions
      (file_id, kind, upload_id, state, next_attempt_at, created_at, updated_at)
      select 'f0', 'x', upload_id, 'dead', now(), now(), now() from uploads`,
    ],
    [
      'has a dead item',
      () => sql`insert into dead_items
      (kind, item_id, state, attempts, code, reason, first_failed_at, last_failed_at)
      select 'upload', upload_id, 'dead', 3, 'x', 'y', ${new Date(time)}, ${new Date(time)} from uploads`,
    ],
    [
      'has a new event',
      () => ledger.recordEvent(eventOf([], { eventType: 'vod.EditMediaComplete', fileId: 'f1' })),
    ],
  ])('stay if one %s', async (_, change) => {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await settle();
    time += 10 * DAY;
    await pruneOlder(5, ['events']);
    await change();
    await pruneAll(5);
    expect(await countOf('uploads')).toBe(1);
    expect(await countOf('pruned_uploads')).toBe(0);
  });
});

describe('an upload that was pruned and is not removed yet', () => {
  async function pruneOnly() {
    await begin();
    await ledger.recordEvent(arrival('f1'));
    await settle();
    time += 10 * DAY;
    await pruneOlder(5, ['events']);
    expect(await pruneOlder(5, ['uploads/ready'])).toEqual([1]);
  }

  it('stays if a statement that had begun before changes it', async () => {
    await pruneOnly();
    await sql`update uploads set updated_at = ${new Date(time)}`;
    expect(await pruneOlder(5, ['prunedUploads'])).toEqual([0]);
    expect(await countOf('uploads')).toBe(1);
    expect(await countOf('pruned_uploads')).toBe(0);
    expect((await ledger.recordEvent(deletion('f1'))).uploads).toMatchObject([
      { state: 'deleted' },
    ]);
  });

  it('changes no more, and what is new about its file is delivered', async () => {
    await pruneOnly();
    expect(await ledger.recordEvent(arrival('f1'))).toMatchObject({ fresh: false });
    expect(await ledger.recordEvent(deletion('f1'))).toMatchObject({
      ...{ fresh: true, announced: [], deliveries: 1 },
    });
    expect(await pruneOlder(5, ['prunedUploads'])).toEqual([1]);
    expect(await countOf('uploads')).toBe(0);
    expect((await eventIds()).map(([id]) => id)).toEqual(['evt_gone_f1']);
    expect(await ledger.recordEvent(deletion('f1'))).toMatchObject({ fresh: false });
    expect(await ledger.claimDeliveries(10, 60, 10)).toHaveLength(1);
  });
});

it('rows that another sweep is pruning are left to it', async () => {
  await begin();
  for (const fileId of ['f1', 'f2']) await ledger.recordEvent(arrival(fileId));
  await settle();
  time += 10 * DAY;
  const other = await reserve();
  await other`begin`;
  await other`select from events where event_id = 'evt_new_f1' for update`;
  expect(await pruneOlder(5, ['events'])).toEqual([3]);
  await other`rollback`;
  other.release();
  expect(await pruneOlder(5, ['events'])).toEqual([1]);
});

it('rows are read in pages by their time, those of the same time together', async () => {
  await begin();
  const record = (from: number, count: number) =>
    ledger.recordEvents(
      Array.from({ length: count }, (_, i) =>
        eventOf([], { eventId: `evt_${from + i}`, eventType: 'vod.EditMediaComplete' }),
      ),
    );
  await record(0, 499);
  time += 1;
  await record(499, 3);
  time += 1;
  await record(502, 2);
  await settle();
  const before = time + 1;
  const criteria = { before, deliveredBefore: before, withContent: false };

  const first = await (await ledger.pruning()).findPrunable('events', { ...criteria, after: 0 });
  expect(first).toMatchObject({ until: START + 1, isLast: false });
  expect(first.rows).toHaveLength(502);
  const second = await (await ledger.pruning()).findPrunable('events', {
    ...criteria,
    after: START + 1,
  });
  expect(second).toMatchObject({ until: START + 2, isLast: true });
  expect(second.rows).toEqual([{ key: ['evt_502'] }, { key: ['evt_503'] }]);
  expect(
    await (await ledger.pruning()).findPrunable('events', { ...criteria, after: START + 2 }),
  ).toEqual({
    ...{ rows: [], isLast: true },
  });
});

it('rows with a large content are read in smaller pages, if it is wanted, and none is passed by', async () => {
  await begin();
  const texts = ['x'.repeat(9), randomBytes(900_000), randomBytes(900_000), randomBytes(9)].map(
    (bytes) => bytes.toString('base64'),
  );
  for (const [place, text] of texts.entries()) {
    const more = { eventId: `evt_${place}`, eventType: 'vod.EditMediaComplete' } as const;
    await ledger.recordEvent(eventOf([], { ...more, payload: { text } }));
    const item = { kind: 'event', id: `item_${place}`, code: 'x', reason: 'y' } as const;
    await ledger.countItemFailure({ ...item, content: text }, 1);
    time += 1;
  }
  for (const _ of texts) await settle();
  time += 1;
  const criteria = { before: time, deliveredBefore: time };
  const readPages = async (name: PrunedName, withContent: boolean) => {
    const pages: number[] = [];
    let after = 0;
    for (let isLast = false; !isLast; ) {
      const page = await (await ledger.pruning()).findPrunable(name, {
        ...criteria,
        after,
        withContent,
      });
      pages.push(page.rows.length);
      isLast = page.isLast;
      after = page.until ?? after;
    }
    return pages;
  };

  expect(await readPages('events', true)).toEqual([1, 1, 1, 1]);
  expect(await readPages('deadItems', true)).toEqual([1, 1, 1, 1]);
  expect(await readPages('events', false)).toEqual([4]);
});

it('an upload and an event are not held back by failures that were overcome', async () => {
  await begin();
  await ledger.recordEvent(arrival('f1'));
  const [upload] = (await ledger.listUploads({ limit: 1 })).items;
  const failure = { code: 'x', reason: 'y' };
  await ledger.countItemFailure({ ...failure, kind: 'upload', id: upload?.uploadId ?? '' }, 3);
  await ledger.countItemFailure({ ...failure, kind: 'event', id: 'evt_new_f1' }, 3);
  await settle();
  time += 10 * DAY;

  await pruneAll();
  await pruneAll();

  expect((await ledger.listUploads({ limit: 1 })).items).toEqual([]);
});
