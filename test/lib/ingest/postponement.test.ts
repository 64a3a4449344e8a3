import { beforeEach, describe, expect, it } from 'vitest';
import type { ConfirmingApi } from '../../../lib/ingest/confirm-event.ts';
import { createPostponement, type SpareRun } from '../../../lib/ingest/postponement.ts';
import type { WithLedger } from '../../../lib/ledger/lazy-ledger.ts';
import { Problem } from '../../../lib/problem.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { CONTEXTS, NOWHERE } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

let now = Date.UTC(2026, 5, 1);
const TARGET = { id: 'https://consumer.example', events: ['upload.*'] };
const database = useLedger({ clock: { now: () => now }, targets: [TARGET] });
const withLedger: WithLedger = (work) => work(database.ledger);

beforeEach(() => {
  now = Date.UTC(2026, 5, 1);
});

const arrival = (FileId: string): RawEvent => ({
  ...{ EventType: 'NewFileUpload', FileUploadEvent: { FileId, MediaBasicInfo: { Name: 'long' } } },
});
const pendingOf = (raw: RawEvent, receivedAt = now) => ({
  ...{ event: parseVodEvent(raw), origin: { ...NOWHERE, subAppId: 7, own: 7 }, receivedAt },
});
const ARRIVAL = parseVodEvent(arrival('1'));

/** Returns a postponement with this number of confirmations that run until `end` is called. */
function open(confirming: number, ledger: WithLedger | undefined = withLedger) {
  const postponement = createPostponement(ledger, { now: () => now });
  const { promise, end } = latch();
  const running = Array.from({ length: confirming }, () => postponement.confirm(() => promise));
  return { postponement, end: () => Promise.all([end(), ...running]) };
}

function latch() {
  let end: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end: () => end() };
}

describe('isBusy()', () => {
  it('is true from sixteen confirmations on, until one ends', async () => {
    expect(open(15).postponement.isBusy(ARRIVAL)).toBe(false);
    const { postponement, end } = open(16);
    expect(postponement.isBusy(ARRIVAL)).toBe(true);

    await end();

    expect(postponement.isBusy(ARRIVAL)).toBe(false);
  });

  it('counts a confirmation that fails no longer', async () => {
    const { postponement } = open(15);
    await expect(postponement.confirm(() => Promise.reject(new Error('no')))).rejects.toThrow('no');

    expect(postponement.isBusy(ARRIVAL)).toBe(false);
  });

  it('returns the result of a confirmation', async () => {
    expect(await open(0).postponement.confirm(async () => 'yes')).toBe('yes');
  });

  it.each<[boolean, RawEvent]>([
    [true, { EventType: 'PullComplete', PullCompleteEvent: { TaskId: 't', Status: 'FINISH' } }],
    [
      true,
      {
        EventType: 'ProcedureStateChanged',
        ProcedureStateChangeEvent: { TaskId: 't', Status: 'FINISH', FileId: '1' },
      },
    ],
    [false, arrival('x'.repeat(129))],
    [
      false,
      {
        EventType: 'ProcedureStateChanged',
        ProcedureStateChangeEvent: { TaskId: 'a b', Status: 'FINISH', FileId: '1' },
      },
    ],
    [false, { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1'] } }],
    [false, { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: 't' } }],
    [false, { EventType: 'Unknown' }],
  ])('is %s for %j', (isBusy, raw) => {
    expect(open(16).postponement.isBusy(parseVodEvent(raw))).toBe(isBusy);
  });

  it('is false without a ledger', () => {
    const postponement = createPostponement(undefined, { now: () => now });
    for (let i = 0; i < 20; i += 1) void postponement.confirm(() => new Promise(() => undefined));

    expect(postponement.isBusy(ARRIVAL)).toBe(false);
  });
});

describe('store()', () => {
  it('stores notifications of the same time in one statement, in a short form', async () => {
    const statements: number[] = [];
    const counting: WithLedger = (work) =>
      work({
        ...database.ledger,
        queueConfirmations: (events, overdueAt) => {
          statements.push(events.length);
          return database.ledger.queueConfirmations(events, overdueAt);
        },
      });
    const { postponement } = open(0, counting);

    const logs = await Promise.all(
      ['1', '2', '2'].map((fileId) => postponement.store(pendingOf(arrival(fileId), now - 10))),
    );

    expect(statements).toEqual([2]);
    expect(logs).toMatchObject([
      { confirmation: 'kept', fresh: true, eventType: 'NewFileUpload', fileId: '1' },
      { confirmation: 'kept', fresh: true, fileId: '2' },
      { confirmation: 'kept', fresh: true, fileId: '2' },
    ]);
    const claims = await database.ledger.claimConfirmations(10, 60);
    expect(claims.map(({ raw }) => raw).toSorted()).toHaveLength(2);
    expect(claims[0]).toMatchObject({
      subAppId: 7,
      receivedAt: now - 10,
      raw: { EventType: 'NewFileUpload', FileUploadEvent: {} },
    });
    expect(JSON.stringify(claims)).not.toContain('long');
  });

  it('stores what comes while others are being stored, and knows what it has stored', async () => {
    const { postponement } = open(0);
    const first = postponement.store(pendingOf(arrival('1')));
    await new Promise((resolve) => setImmediate(resolve));
    const second = postponement.store(pendingOf(arrival('2')));

    expect(await first).toMatchObject({ fresh: true });
    expect(await second).toMatchObject({ fresh: true });
    expect(await postponement.store(pendingOf(arrival('1')))).toMatchObject({ fresh: false });
  });

  it('has one statement at a time, in which all have a place that came during the one before', async () => {
    const sizes: number[] = [];
    const ends: (() => void)[] = [];
    const slow: WithLedger = (work) =>
      work({
        ...database.ledger,
        queueConfirmations: async (events) => {
          sizes.push(events.length);
          await new Promise<void>((resolve) => ends.push(resolve));
          return events.map(() => true);
        },
      });
    const { postponement } = open(0, slow);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const stored = [postponement.store(pendingOf(arrival('1')))];
    await turn();
    for (const fileId of ['2', '3']) {
      stored.push(postponement.store(pendingOf(arrival(fileId))));
      await turn();
    }
    expect(sizes).toEqual([1]);

    ends[0]?.();
    await stored[0];
    await turn();
    ends[1]?.();
    await Promise.all(stored);

    expect(sizes).toEqual([1, 2]);
  });

  it('writes at most 500 in a statement', async () => {
    const sizes: number[] = [];
    const counting: WithLedger = (work) =>
      work({
        ...database.ledger,
        queueConfirmations: async (events) => {
          sizes.push(events.length);
          return events.map(() => true);
        },
      });
    const { postponement } = open(0, counting);

    const all = Array.from({ length: 501 }, (_, i) =>
      postponement.store(pendingOf(arrival(`${i}`))),
    );
    await Promise.all(all);

    expect(sizes).toEqual([500, 1]);
  });

  it('stores nothing while a stored notification has been due for more than three minutes', async () => {
    const { postponement } = open(0);
    await postponement.store(pendingOf(arrival('1')));

    now += 180_000;
    expect(await postponement.store(pendingOf(arrival('2')))).toMatchObject({ fresh: true });
    now += 1;
    expect(await postponement.store(pendingOf(arrival('3')))).toBeUndefined();
  });

  it('rejects with the error of the ledger, and stores what comes later', async () => {
    let fails = true;
    const failing: WithLedger = (work) =>
      fails ? Promise.reject(new Error('away')) : work(database.ledger);
    const { postponement } = open(0, failing);

    await expect(postponement.store(pendingOf(arrival('1')))).rejects.toThrow('away');
    fails = false;
    expect(await postponement.store(pendingOf(arrival('1')))).toMatchObject({ fresh: true });
  });
});

describe('confirmStored()', () => {
  const asked: (readonly string[])[] = [];
  const sent: string[] = [];
  const reports: LogFields[] = [];
  let answers: (fileIds: readonly string[]) => object;

  beforeEach(() => {
    for (const list of [asked, sent, reports]) list.length = 0;
    answers = (fileIds) => ({
      MediaInfoSet: fileIds.map((FileId) => ({ FileId, BasicInfo: { Name: FileId } })),
    });
  });

  const api: ConfirmingApi = {
    describeMediaInfos: async ({ FileIds = [] }) => {
      asked.push(FileIds);
      return answers(FileIds);
    },
    describeTasks: async () => ({ TaskSet: [] }),
    describeTaskDetail: () => Promise.reject(new Problem('No.', { code: 'upstream_rejected' })),
  };
  const runOf = (left = 4_000): SpareRun => ({
    ...{ api, applications: [7], contexts: CONTEXTS, settings: NO_SETTINGS },
    ...{ clock: { now: () => now }, random: { fraction: () => 0 }, deadline: { left: () => left } },
    ...{ confirming: { left: () => 2_000 }, report: (fields) => void reports.push(fields) },
    targets: [
      {
        id: TARGET.id,
        events: TARGET.events,
        send: async ({ type }) => {
          sent.push(type);
          return { ok: true, gone: false };
        },
      },
    ],
  });
  const storeMany = async (count: number) => {
    const { postponement } = open(0);
    const ids = Array.from({ length: count }, (_, i) => `${1_000 + i}`);
    await Promise.all(ids.map((fileId) => postponement.store(pendingOf(arrival(fileId)))));
    return postponement;
  };
  const countStored = async () => (await database.sql`select from unconfirmed_events`).length;

  it('confirms and delivers all that is stored, in pages of twenty', async () => {
    const postponement = await storeMany(45);

    await postponement.confirmStored(runOf());

    expect(asked).toHaveLength(45);
    expect(await countStored()).toBe(0);
    expect(sent).toEqual(Array.from({ length: 45 }, () => 'upload.ready'));
    expect(reports).toEqual([]);
  });

  it('drops and reports what VOD denies, delivers none of it, and continues', async () => {
    const postponement = await storeMany(21);
    answers = () => ({ NotExistFileIdSet: [] });

    await postponement.confirmStored(runOf());

    expect(await countStored()).toBe(0);
    expect(sent).toEqual([]);
    expect(await database.sql`select from events`).toHaveLength(0);
    expect(reports).toHaveLength(21);
    expect(reports[0]).toMatchObject({ level: 'warn', eventType: 'NewFileUpload' });
  });

  it('leaves the rest to others once VOD does not answer', async () => {
    const postponement = await storeMany(45);
    answers = () => {
      throw new Problem('Busy.', { code: 'upstream_busy' });
    };

    await postponement.confirmStored(runOf());
    await postponement.confirmStored(runOf());

    expect(asked).toHaveLength(20);
    expect(await countStored()).toBe(45);
  });

  it.each([
    [3_500, 20],
    [3_499, 0],
  ])('with %i milliseconds left, asks about %i', async (left, count) => {
    const postponement = await storeMany(20);

    await postponement.confirmStored(runOf(left));

    expect(asked).toHaveLength(count);
  });

  it('does nothing if nothing was stored, until that is noted', async () => {
    await storeMany(1);
    const { postponement } = open(0);

    await postponement.confirmStored(runOf());
    expect(asked).toEqual([]);

    postponement.note();
    await postponement.confirmStored(runOf());
    expect(asked).toEqual([['1000']]);
  });

  it('asks no more after a page that was not full', async () => {
    const postponement = await storeMany(3);
    await postponement.confirmStored(runOf());
    await database.ledger.queueConfirmations(
      [{ eventId: 'other', raw: arrival('9'), receivedAt: now }],
      0,
    );

    await postponement.confirmStored(runOf());

    expect(asked).toHaveLength(3);
  });

  it('runs once at a time, and again afterwards', async () => {
    const postponement = await storeMany(5);

    await Promise.all([postponement.confirmStored(runOf()), postponement.confirmStored(runOf())]);
    expect(asked).toHaveLength(5);
    await postponement.store(pendingOf(arrival('1')));
    await postponement.confirmStored(runOf());

    expect(asked).toHaveLength(6);
  });

  it('logs an error of the ledger, and works again afterwards', async () => {
    let fails = false;
    const failing: WithLedger = (work) =>
      fails ? Promise.reject(new Error('away')) : work(database.ledger);
    const { postponement } = open(0, failing);
    await postponement.store(pendingOf(arrival('1')));

    fails = true;
    await postponement.confirmStored(runOf());
    expect(reports).toMatchObject([{ level: 'error', code: 'internal', error: 'Error' }]);
    fails = false;
    postponement.note();
    await postponement.confirmStored(runOf());

    expect(await countStored()).toBe(0);
  });
});
