import { beforeEach, describe, expect, it } from 'vitest';
import { type ConfirmRun, confirmClaimed } from '../../../lib/ingest/confirm-claimed.ts';
import type { ConfirmingApi } from '../../../lib/ingest/confirm-event.ts';
import { createIngest } from '../../../lib/ingest/ingest.ts';
import { scheduleLook } from '../../../lib/ingest/pending-confirmation.ts';
import { Problem } from '../../../lib/problem.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { captureLog } from '../../support/capture-log.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { signCallback } from '../../support/sign-callback.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { eventOf, useLedger } from '../../support/use-ledger.ts';
import { deletion, procedure } from './confirm-stage.ts';

const KEY = 'SignKeyNew1';
const OWN = 1_500_000_001;
const [MINUTE, HOUR] = [60_000, 3_600_000];
const HOOK = 'https://consumer.example';

let now = 0;
/** The messages that consumers were sent. */
let sent: { readonly type: string; readonly data: RawEvent }[] = [];
/** What VOD knows; a task that it does not know is undefined. */
let task: object | undefined;
let shown: readonly string[] = [];
let isBusy = false;

const database = useLedger({ clock: { now: () => now }, targets: [{ id: HOOK, events: ['*'] }] });
const { ledger, sql } = database;
captureLog();

beforeEach(() => {
  now = Date.UTC(2026, 10, 22, 8);
  sent = [];
  task = undefined;
  shown = [];
  isBusy = false;
});

const api: ConfirmingApi = {
  async describeMediaInfos({ FileIds }) {
    const MediaInfoSet = FileIds.filter((each) => shown.includes(each)).map((FileId) => ({
      ...{ FileId, BasicInfo: { Name: 'film' } },
    }));
    return { MediaInfoSet, NotExistFileIdSet: FileIds.filter((each) => !shown.includes(each)) };
  },
  async describeTaskDetail() {
    if (isBusy) throw new Problem('VOD takes too long.', { code: 'upstream_timeout' });
    if (task === undefined) throw new Problem('No such task.', { code: 'upstream_rejected' });
    return task;
  },
  describeTasks: async () => ({ TaskSet: [], TotalCount: 0, RequestId: 'r-1' }),
};

/** Sends a notification to an instance, with the ledger or without one; returns its log fields and the refusal. */
async function push(event: RawEvent, keeps = true) {
  const unused = () => Promise.reject(new Error('Nothing is done to a media here.'));
  const send = async ({ type, data }: { type: string; data: RawEvent }) => {
    sent.push({ type, data });
    return { ok: true, gone: false } as const;
  };
  const ingest = createIngest({
    config: { signKeys: [KEY], contexts: CONTEXTS, vodApi: { subAppId: OWN } },
    settings: NO_SETTINGS,
    api: { ...api, deleteMedia: unused, modifyMediaInfo: unused, processMediaByProcedure: unused },
    ledger: keeps ? (work) => work(ledger) : undefined,
    ...{
      targets: [{ id: HOOK, events: ['*'], send }],
      fetchCover: unused,
      random: { fraction: () => 0 },
    },
    clock: { now: () => now, monotonic: () => 0 },
  });
  const body = JSON.stringify({ ...event, ...signCallback(KEY, Math.floor(now / 1_000) + 600) });
  const log: LogFields = {};
  const request = { httpMethod: 'POST', headers: {}, queryString: {}, body };
  const refusal = await ingest(request, { log, deadline: { left: () => 60_000 } }).catch(
    (error: unknown) => error,
  );
  return { log, refusal };
}

/** Lets time pass, asks VOD about what is due as the sweep does, and returns what became of it. */
async function sweepAfter(milliseconds: number): Promise<readonly string[]> {
  now += milliseconds;
  const results: string[] = [];
  const run: ConfirmRun = {
    ...{ ledger, api, applications: [OWN], contexts: CONTEXTS, settings: NO_SETTINGS },
    ...{
      clock: { now: () => now },
      random: { fraction: () => 0.5 },
      deadline: { left: () => 60_000 },
    },
    report: ({ reason }: LogFields) => results.push(String(reason)),
  };
  for (const claim of await ledger.claimConfirmations(1_000, 60)) {
    await confirmClaimed(claim, run, { add: (name) => results.push(name), fail: () => undefined });
  }
  return results;
}

/** Sweeps once a minute; returns how often VOD was asked about a notification, and the last result. */
async function sweepFor(milliseconds: number) {
  const results: string[] = [];
  for (let passed = 0; passed < milliseconds; passed += MINUTE) {
    results.push(...(await sweepAfter(MINUTE)));
  }
  return { asked: results.length, last: results.at(-1) };
}

const listEvents = async () =>
  (
    await sql`select event_type, confirmed, payload from events where event_type like 'vod.%'
      and event_type <> 'vod.NewFileUpload' order by received_at, event_id`
  ).map((row) => [row['event_type'], row['confirmed'], Object.values(Object(row['payload']))[1]]);
const listStored = async () =>
  (await sql`select raw from unconfirmed_events`).map(({ raw }) => raw);
const listStates = async () =>
  (await sql`select file_id, state from uploads order by file_id`).map((row) => Object.values(row));

/** Records uploads with these files. */
async function issueFiles(fileIds: readonly string[]): Promise<void> {
  for (const fileId of fileIds) {
    const change = { key: { fileId }, fact: 'uploaded', fields: { subAppId: OWN } } as const;
    await ledger.recordEvent(eventOf([change], { fileId, subAppId: OWN }));
  }
}

const EDITED = {
  EventType: 'EditMediaComplete',
  EditMediaCompleteEvent: { TaskId: 'edit-1', Status: 'FINISH', Message: 'as pushed' },
};
const editing = (Status: string) => ({
  EditMediaTask: { TaskId: 'edit-1', Status, Message: 'as VOD says' },
});
const pulled = (fields: object = {}) => ({
  ...{ EventType: 'PullComplete' },
  PullCompleteEvent: { TaskId: 'pull-1', Status: 'FINISH', ...fields },
});
const NEVER_SHOWN = 'VOD has not shown in time what a notification says, so it was dropped.';

describe('a task whose end VOD does not show yet', () => {
  beforeEach(() => {
    task = editing('PROCESSING');
  });

  it('is asked about again, and recorded as VOD shows it then', async () => {
    expect(await push(EDITED)).toMatchObject({
      ...{ refusal: undefined, log: { confirmation: 'kept', fresh: true, taskId: 'edit-1' } },
    });
    expect(await listStored()).toEqual([EDITED]);
    expect(await sweepAfter(14_000)).toEqual([]);
    expect(await sweepAfter(1_000)).toEqual(['retried']);
    task = editing('FINISH');

    expect(await sweepAfter(15_000)).toEqual(['confirmed']);

    expect(await listEvents()).toEqual([
      [
        'vod.EditMediaComplete',
        true,
        { TaskId: 'edit-1', Status: 'FINISH', Message: 'as VOD says' },
      ],
    ]);
    expect(await listStored()).toEqual([]);
  });

  it('is recorded as unconfirmed after ten minutes', async () => {
    await push(EDITED);

    expect(await sweepFor(9 * MINUTE)).toMatchObject({ last: 'retried' });
    expect(await listEvents()).toEqual([]);
    expect(await sweepFor(2 * MINUTE)).toEqual({ asked: 1, last: 'confirmed' });

    expect(await listEvents()).toEqual([
      ['vod.EditMediaComplete', false, EDITED.EditMediaCompleteEvent],
    ]);
    expect(await listStored()).toEqual([]);
  });

  it('is news when VOD shows it, although it was recorded as unconfirmed before', async () => {
    await push(EDITED);
    await sweepFor(11 * MINUTE);
    task = editing('FINISH');

    expect(await push(EDITED)).toMatchObject({ log: { confirmation: 'confirmed', fresh: true } });

    expect(sent).toMatchObject([
      {
        type: 'vod.EditMediaComplete',
        data: { EditMediaCompleteEvent: { Message: 'as VOD says' } },
      },
    ]);
    expect((await push(EDITED)).log).toMatchObject({ fresh: false });
  });

  it('is stored once, however often it is notified', async () => {
    await push(EDITED);

    expect((await push(EDITED)).log).toMatchObject({ confirmation: 'kept', fresh: false });

    expect(await listStored()).toHaveLength(1);
  });

  it('is dropped if VOD contradicts it later', async () => {
    await push(EDITED);
    task = { ProcedureTask: { TaskId: 'edit-1', Status: 'FINISH', FileId: '1' } };

    expect(await sweepAfter(MINUTE)).toEqual([
      'denied',
      'VOD does not confirm a notification, so it was dropped as forged.',
    ]);

    expect(await listEvents()).toEqual([]);
  });

  it('is asked about again where VOD could not be asked at first', async () => {
    isBusy = true;
    await push(EDITED);
    isBusy = false;
    expect(await sweepAfter(MINUTE)).toEqual(['retried']);
    task = editing('FINISH');

    expect(await sweepAfter(MINUTE)).toEqual(['confirmed']);
  });

  it('is refused above the limit of events without confirmation', async () => {
    for (let count = 0; count < 600; count += 1) await ledger.incrementUnconfirmed(OWN);

    expect(await push(EDITED)).toMatchObject({
      ...{ refusal: { code: 'unconfirmed_exceeded' }, log: { surplusEvents: 1 } },
    });

    expect(await listStored()).toEqual([]);
  });

  it('waits a minute where too many were recorded without confirmation, and is not lost', async () => {
    await push(EDITED);
    now += 10 * MINUTE;
    for (let count = 0; count < 600; count += 1) await ledger.incrementUnconfirmed(OWN);
    expect(await sweepAfter(0)).toEqual(['retried']);
    expect(await sweepAfter(MINUTE - 1)).toEqual([]);

    expect(await sweepAfter(1)).toEqual(['confirmed']);

    expect(await listEvents()).toMatchObject([['vod.EditMediaComplete', false, {}]]);
  });

  it('is delivered as unconfirmed without a ledger, and again once VOD shows it', async () => {
    expect((await push(EDITED, false)).log).toMatchObject({ confirmation: 'unconfirmable' });
    task = editing('FINISH');
    await push(EDITED, false);

    expect(sent.map(({ data }) => [data['confirmed'], data['EditMediaCompleteEvent']])).toEqual([
      [false, EDITED.EditMediaCompleteEvent],
      [undefined, { ...EDITED.EditMediaCompleteEvent, Message: 'as VOD says' }],
    ]);
  });
});

describe('a task of an upload whose end VOD does not show yet', () => {
  it.each([
    ['a pull', pulled, { PullUploadTask: { TaskId: 'pull-1', Status: 'PROCESSING' } }],
    ['a flow', procedure, { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING' } }],
  ])(
    '(%s) is stored once in a short form, whatever else a notification says',
    async (_name, write, detail) => {
      task = detail;
      for (let count = 0; count < 600; count += 1) await ledger.incrementUnconfirmed(OWN);

      for (const name of ['Any', 'Other']) {
        const { refusal } = await push(
          write({ [name]: [{ Status: name, Text: 'x'.repeat(9_999) }] }),
        );
        expect(refusal).toBeUndefined();
      }

      const stored = await listStored();
      expect(stored).toHaveLength(1);
      expect(JSON.stringify(stored).length).toBeLessThan(200);
    },
  );

  it('is recorded once VOD shows it, hours later', async () => {
    const FileId = 'F1';
    task = { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING', FileId } };
    await push(procedure({ FileId }));
    await sweepFor(5 * HOUR);
    expect(await listEvents()).toEqual([]);
    task = { ProcedureTask: { TaskId: 'proc-1', Status: 'FINISH', FileId } };

    expect(await sweepFor(6 * HOUR)).toEqual({ asked: 1, last: 'confirmed' });

    expect(await listEvents()).toMatchObject([['vod.ProcedureStateChanged', true, { FileId }]]);
  });

  it('is never recorded without confirmation', async () => {
    task = { PullUploadTask: { TaskId: 'pull-1', Status: 'PROCESSING' } };
    await push(pulled());
    now += 71 * HOUR;
    expect(await sweepAfter(0)).toEqual(['retried']);

    expect(await sweepAfter(HOUR)).toEqual(['denied', NEVER_SHOWN]);

    expect([await listEvents(), await listStored(), await listStates()]).toEqual([[], [], []]);
  });

  it('is denied without a ledger', async () => {
    task = { PullUploadTask: { TaskId: 'pull-1', Status: 'PROCESSING' } };

    expect(await push(pulled(), false)).toMatchObject({
      ...{ refusal: { code: 'unauthorized' }, log: { confirmation: 'denied' } },
    });
  });
});

describe('a deletion that VOD does not show yet', () => {
  const FILES = ['F1', 'F2'];

  beforeEach(() => issueFiles(FILES));

  it.each([
    ['of all files', FILES],
    ['of one file', ['F2']],
  ])('(%s) is recorded as one event once it does', async (_name, late) => {
    shown = late;
    expect(await push(deletion(FILES))).toMatchObject({
      ...{ refusal: undefined, log: { confirmation: 'kept', fresh: true } },
    });
    expect(await listEvents()).toEqual([]);
    shown = [];

    expect(await sweepAfter(MINUTE)).toEqual(['confirmed']);

    expect(await listEvents()).toMatchObject([['vod.FileDeleted', true, { FileIdSet: FILES }]]);
    expect((await push(deletion(FILES))).log).toMatchObject({ fresh: false });
    expect(await listEvents()).toHaveLength(1);
    expect(await listStates()).toEqual(FILES.map((fileId) => [fileId, 'deleted']));
  });

  it('is recorded after ten minutes for the files that are gone', async () => {
    shown = ['F2'];
    await push(deletion(FILES));

    expect(await sweepFor(11 * MINUTE)).toMatchObject({ last: 'confirmed' });

    expect(await listEvents()).toMatchObject([['vod.FileDeleted', true, { FileIdSet: ['F1'] }]]);
    expect(await listStates()).toEqual([
      ['F1', 'deleted'],
      ['F2', 'ready'],
    ]);
  });

  it('is dropped after ten minutes if no file is gone', async () => {
    shown = FILES;
    await push(deletion(FILES));

    expect(await sweepFor(11 * MINUTE)).toMatchObject({ last: NEVER_SHOWN });

    expect([await listEvents(), await listStored()]).toEqual([[], []]);
    expect(await listStates()).toEqual(FILES.map((fileId) => [fileId, 'ready']));
  });

  it('is refused above the limit of events without confirmation', async () => {
    shown = FILES;
    for (let count = 0; count < 600; count += 1) await ledger.incrementUnconfirmed(OWN);

    expect(await push(deletion(FILES))).toMatchObject({
      refusal: { code: 'unconfirmed_exceeded' },
    });

    expect(await listStored()).toEqual([]);
  });

  it('is delivered without a ledger for the files that are gone', async () => {
    shown = ['F2'];
    expect(await push(deletion(FILES), false)).toMatchObject({ refusal: undefined });
    shown = FILES;
    expect(await push(deletion(FILES), false)).toMatchObject({ refusal: { code: 'unauthorized' } });

    expect(sent.map(({ data }) => data['FileDeleteEvent'])).toEqual([{ FileIdSet: ['F1'] }]);
  });
});

describe('a deletion of whole files and of parts of others', () => {
  const PARTS = [{ FileId: 'F2', DeleteParts: [{ Type: 'TranscodeFiles', Definition: 20 }] }];
  const MIXED = deletion(['F1', 'F2'], [{ FileId: 'F1', DeleteParts: [] }, ...PARTS]);
  const WHOLE = ['vod.FileDeleted', true, { FileIdSet: ['F1'] }];
  const OF_PARTS = [
    ...['vod.FileDeleted', false],
    { FileIdSet: ['F2'], FileDeleteResultInfo: PARTS },
  ];
  const listDeletions = async () =>
    (await listEvents()).sort(([, a], [, b]) => Number(b) - Number(a));

  beforeEach(async () => {
    await issueFiles(['F1', 'F2']);
    shown = ['F2'];
  });

  it('is recorded as two events: VOD is asked about the whole files alone', async () => {
    expect(await push(MIXED)).toMatchObject({ refusal: undefined });

    expect(await listDeletions()).toEqual([WHOLE, OF_PARTS]);
    expect(sent.filter(({ type }) => type === 'vod.FileDeleted')).toMatchObject([
      { data: { FileDeleteEvent: { FileIdSet: ['F1'] } } },
      { data: { FileDeleteEvent: { FileIdSet: ['F2'] }, confirmed: false } },
    ]);
    expect(await listStates()).toEqual([
      ['F1', 'deleted'],
      ['F2', 'ready'],
    ]);
    await push(MIXED);
    expect(await listDeletions()).toHaveLength(2);
  });

  it('is recorded as two events by the sweep', async () => {
    const raw = MIXED;
    await ledger.storePendingConfirmation({
      eventId: 'evt_1',
      subAppId: OWN,
      raw,
      receivedAt: now,
    });

    expect(await sweepAfter(0)).toEqual(['confirmed']);

    expect(await listDeletions()).toEqual([WHOLE, OF_PARTS]);
  });

  it('is recorded for the parts by the sweep although VOD has the whole files', async () => {
    shown = ['F1', 'F2'];
    const raw = MIXED;
    await ledger.storePendingConfirmation({
      eventId: 'evt_1',
      subAppId: OWN,
      raw,
      receivedAt: now,
    });

    expect(await sweepFor(11 * MINUTE)).toMatchObject({ last: NEVER_SHOWN });

    expect(await listDeletions()).toEqual([OF_PARTS]);
  });

  it('is delivered as two messages without a ledger', async () => {
    await push(MIXED, false);

    expect(sent).toMatchObject([
      { data: { FileDeleteEvent: { FileIdSet: ['F1'] } } },
      { data: { FileDeleteEvent: { FileIdSet: ['F2'] }, confirmed: false } },
    ]);
  });

  it('waits for the whole files alone', async () => {
    shown = ['F1', 'F2'];
    await push(MIXED);
    expect(await listDeletions()).toEqual([OF_PARTS]);
    shown = ['F2'];

    expect(await sweepAfter(MINUTE)).toEqual(['confirmed']);

    expect(await listDeletions()).toEqual([WHOLE, OF_PARTS]);
  });
});

describe('scheduleLook()', () => {
  it.each([
    ['ten minutes', EDITED, 10 * MINUTE, 8],
    ['three days', pulled(), 72 * HOUR, 17],
  ])('looks ever less often for %s', (_name, raw, end, count) => {
    const event = parseVodEvent(raw);
    const looks: number[] = [];
    for (let at: number | undefined = 0; at !== undefined; at = scheduleLook(event, 0, at)) {
      looks.push(at);
    }

    expect(looks.slice(0, 4)).toEqual([0, 15_000, 30_000, 60_000]);
    expect(looks.at(-1)).toBe(end);
    expect(looks.length).toBe(count);
    expect(scheduleLook(event, 0, end)).toBeUndefined();
  });
});
