import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnection } from '../../../lib/ledger/connection/connection.ts';
import { MAX_COUNTED } from '../../../lib/ledger/deliveries/endpoints.ts';
import { createLedger, type Ledger } from '../../../lib/ledger/ledger.ts';
import { readCursor, writeCursor } from '../../../lib/ledger/page.ts';
import { PAGE_SIZE } from '../../../lib/ledger/retention/pruned-tables.ts';
import { MAX_NOTES } from '../../../lib/ledger/uploads/absent-files.ts';
import { listPruned } from '../../../lib/model/retention.ts';
import { UPLOAD_STATES } from '../../../lib/model/upload-state.ts';
import { eventOf, useDatabases } from '../../support/use-ledger.ts';
import { explainConnection, type Mode, type Reading } from './explain.ts';
import { FILLED_AT, fillLedger, OPEN_ENDPOINT, PAUSED_ENDPOINT } from './filled-ledger.ts';

const UPLOADS = 40_000;
const HALF = FILLED_AT - UPLOADS * 5 * 60_000;

const issued = (uploadId: string, fileId: string) => ({
  ...({ uploadId, method: 'client', owner: 'owner1', fields: { subAppId: 1, fileId } } as const),
});
const file = (i: number) => `3877022${String(i).padStart(12, '0')}`;
const page = { limit: 50 };
const next = { ...page, cursor: writeCursor([HALF, 'u1']) };
const place = writeCursor([HALF, 'u1', 'x']);
const claim = { eventId: `vod-u41`, endpoint: 'https://hook-1.example', attempt: 0 };
const pull = (i: number) => ({ pullId: String(i), uploadId: 'u5', attempt: 0 });
const action = { fileId: 'file3', kind: 'modify', attempt: 1 };
const failure = { error: 'http_500', nextAttemptAt: FILLED_AT + 1 };
const item = { kind: 'event', id: 'item2' } as const;
const newPull = (i: number) => ({ uploadId: `new-pull-${i}`, owner: 'owner1', request: {} });
const QUOTAS = { signaturesPerMinute: 1000, openUploads: 100_000, bytesPerDay: 1e15 };
const prunable = { after: HALF, before: FILLED_AT, deliveredBefore: FILLED_AT, withContent: false };
const keyed = { owner: 'owner1', key: 'u1', fingerprint: 'f', uploadId: 'u1' };

/** Calls each method as functions and `sweep` call it; a new method is missing here until it is added. */
const CALLS: Readonly<
  Record<Exclude<keyof Ledger, 'close'>, (ledger: Ledger) => Promise<unknown>>
> = {
  findUpload: (ledger) => ledger.findUpload('u7'),
  async listUploads(ledger) {
    for (const at of [page, next]) {
      await ledger.listUploads(at);
      await ledger.listUploads({ ...at, owner: 'owner3' });
      await ledger.listUploads({ ...at, subAppId: 2 });
      await ledger.listUploads({ ...at, method: 'live' });
      await ledger.listUploads({ ...at, state: 'rejected' });
      await ledger.listUploads({ ...at, state: 'rejected', method: 'live' });
      await ledger.listUploads({ ...at, owner: 'owner3', state: 'rejected' });
      await ledger.listUploads({ ...at, owner: 'owner3', method: 'live' });
      await ledger.listUploads({ ...at, owner: 'owner3', subAppId: 2 });
      await ledger.listUploads({ ...at, owner: 'nobody' });
      for (const state of UPLOAD_STATES)
        await ledger.listUploads({ ...at, owner: 'backend', state });
    }
  },
  async uploadContents(ledger) {
    const contents = await ledger.uploadContents();
    await contents.saveContent('u7', { size: 9, sent: 3 });
    await contents.saveContent('u5', { size: 9, sent: 9, crc64: '1' });
    await contents.findContent('u7');
    const content = { size: 1_000_045, crc64: '45' };
    await ledger.listUploads({ ...page, owner: 'owner45', content });
    await ledger.listUploads({ ...page, content: { ...content, crc64: '0' } });
  },
  async findFiles(ledger) {
    const files = Array.from({ length: 20 }, (_, i) => file(i * 40 + 45));
    await ledger.findFiles(files);
    await ledger.findFiles(files, 1, 1);
  },
  async issueUpload(ledger) {
    await ledger.issueUpload({ uploadId: 'issued-1', method: 'client', owner: 'owner1' });
    await ledger.issueUpload({ uploadId: 'u5', method: 'client', owner: 'owner5' });
  },
  async transition(ledger) {
    await ledger.transition('u5', 'cancelled');
    await ledger.transition('u45', 'deleted');
    await ledger.transition('none', 'deleted');
  },
  updateFields: (ledger) => ledger.updateFields('u6', { taskId: 'task-new' }),
  async recordEvent(ledger) {
    const fields = { fileId: 'new-file-1', subAppId: 1 };
    const fact = 'uploadedForProcessing';
    await ledger.recordEvent(
      eventOf([{ key: { fileId: 'new-file-1' }, fact, fields }], { fileId: 'new-file-1' }),
    );
    await ledger.recordEvent(
      eventOf([{ key: { uploadId: 'u6' }, fact, fields: { fileId: 'new-file-2' } }]),
    );
    const next = { fileId: 'new-file-3', subAppId: 1 };
    await ledger.recordEvent(eventOf([{ key: { uploadId: 'u8' }, fact, fields: next }]), 60);
    // The file's upload is merged into that of the event.
    await ledger.recordEvent(eventOf([{ key: { uploadId: 'u7' }, fact, fields }]));
    await ledger.recordEvent(
      eventOf([], { eventId: 'vod-u7', actions: [{ fileId: 'f', kind: 'x' }] }),
    );
    await ledger.recordEvent(eventOf([], { actions: [{ fileId: file(45), kind: 'x' }] }));
  },
  async recordEvents(ledger) {
    const changes = Array.from({ length: 200 }, (_, i) => ({
      key: { fileId: i % 2 === 0 ? file(i * 100 + 41) : `batch-file-${i}` },
      fact: 'processingSucceeded' as const,
      fields: { subAppId: 1 },
    }));
    await ledger.recordEvents(changes.map((change) => eventOf([change])));
    const [first, second] = ['batch-file-1001', 'batch-file-1003'].map((fileId) =>
      eventOf([{ key: { fileId }, fact: 'processingSucceeded' }]),
    );
    await ledger.recordEvents(first && second ? [first, second] : [], 60);
  },
  storePendingConfirmation: (ledger) =>
    ledger.storePendingConfirmation({ eventId: 'kept', raw: {}, receivedAt: FILLED_AT }),
  async queueConfirmations(ledger) {
    const pending = (eventId: string) => ({ eventId, raw: {}, receivedAt: FILLED_AT });
    await ledger.queueConfirmations([pending('queued'), pending('vod-u9')], 0);
    await ledger.queueConfirmations([pending('queued')], FILLED_AT);
  },
  storeForRetry: (ledger) =>
    ledger.storeForRetry({ eventId: 'vod-u9', raw: {}, receivedAt: FILLED_AT }),
  claimConfirmations: (ledger) => ledger.claimConfirmations(40, 60),
  finishConfirmation: (ledger) =>
    ledger.finishConfirmation({ eventId: 'unconfirmed3', attempt: 0 }),
  releaseConfirmations: async (ledger) =>
    ledger.releaseConfirmations(await ledger.claimConfirmations(40, 60)),
  retryConfirmation: (ledger) =>
    ledger.retryConfirmation({ eventId: 'unconfirmed4', attempt: 0 }, FILLED_AT),
  incrementUnconfirmed: (ledger) => ledger.incrementUnconfirmed(1),
  noteAbsentArrival: (ledger) => ledger.noteAbsentArrival({ fileId: 'absent-new', source: {} }, 3),
  noteAbsentDeletions: (ledger) => ledger.noteAbsentDeletions(['absent-new', 'absent-3'], 3),
  findAbsentArrivals: (ledger) => ledger.findAbsentArrivals(['absent3', 'absent4'], 3),
  detachFiles: (ledger) => ledger.detachFiles([file(100), file(45)], 7),
  removeAbsentUpload: (ledger) => ledger.removeAbsentUpload('absent-3', 7),
  rememberRequest: (ledger) => ledger.rememberRequest(keyed),
  rememberRequests: (ledger) => ledger.rememberRequests([keyed, { ...keyed, key: 'new' }]),
  forgetRequest: (ledger) => ledger.forgetRequest(keyed),
  async issueWithin(ledger) {
    const wanted = [issued('within-1', 'within-1'), { ...issued('within-2', 'w-2'), request: {} }];
    await ledger.issueWithin('owner1', QUOTAS, wanted);
    await ledger.issueWithin('owner1', QUOTAS, wanted, 'run7');
  },
  async enqueuePulls(ledger) {
    const pulls = Array.from({ length: 100 }, (_, i) => newPull(i));
    await ledger.enqueuePulls(pulls);
    await ledger.enqueuePulls(pulls, 'run7');
  },
  claimPulls: (ledger) => ledger.claimPulls(8, 60),
  finishPull: (ledger) => ledger.finishPull(pull(100), 'task'),
  failPull: (ledger) => ledger.failPull(pull(101), {}),
  retryPull: (ledger) => ledger.retryPull(pull(102), FILLED_AT),
  isQueued: (ledger) => ledger.isQueued('u8'),
  claimDeliveries: (ledger) => ledger.claimDeliveries(128, 60, 64, [OPEN_ENDPOINT]),
  finishDelivery: (ledger) => ledger.finishDelivery(claim),
  failDelivery: (ledger) => ledger.failDelivery(claim, failure),
  releaseDeliveries: async (ledger) =>
    ledger.releaseDeliveries(await ledger.claimDeliveries(128, 60, 64, [OPEN_ENDPOINT])),
  pauseEndpoint: (ledger) => ledger.pauseEndpoint(claim, { error: 'http_410', dead: false }),
  fanOut: (ledger) => ledger.fanOut(500),
  async deadDeliveries(ledger) {
    const dead = await ledger.deadDeliveries();
    await dead.listDeadDeliveries(page);
    await dead.listDeadDeliveries({ ...page, cursor: place });
    await dead.replayDelivery(claim);
    await dead.replayUpload('u46');
    const endpoint = PAUSED_ENDPOINT;
    await dead.replayMany({ limit: 100, from: HALF });
    await dead.replayMany({ limit: 100, endpoint, cursor: place });
    const period = { from: HALF, to: HALF + 100_000_000 };
    await dead.replayMany({ limit: 100, state: 'ready', ...period });
  },
  countItemFailure: (ledger) =>
    ledger.countItemFailure({ ...item, code: 'internal', reason: 'It failed.' }, 3),
  async listDeadItems(ledger) {
    await ledger.listDeadItems(page);
    await ledger.listDeadItems({ ...page, cursor: place });
  },
  findDeadItem: (ledger) => ledger.findDeadItem(item),
  dropDeadItem: (ledger) => ledger.dropDeadItem(item),
  listEndpoints: (ledger) => ledger.listEndpoints(),
  resumeEndpoint: (ledger) => ledger.resumeEndpoint(PAUSED_ENDPOINT),
  claimActions: (ledger) => ledger.claimActions(40, 60),
  saveActionProgress: (ledger) => ledger.saveActionProgress(action, {}),
  finishAction: (ledger) => ledger.finishAction(action),
  failAction: (ledger) => ledger.failAction({ ...action, fileId: 'file6' }, failure),
  releaseActions: async (ledger) => ledger.releaseActions(await ledger.claimActions(40, 60)),
  replayAction: (ledger) => ledger.replayAction({ fileId: 'file50', kind: 'delete' }),
  claimChecks: (ledger) => ledger.claimChecks(100, 60),
  hastenChecks: (ledger) => ledger.hastenChecks(250),
  setNextCheck: (ledger) => ledger.setNextCheck('u8', FILLED_AT),
  findFilesWithoutArrival: (ledger) =>
    ledger.findFilesWithoutArrival([file(45), 'dead3', 'no-file']),
  noteMissingFiles: (ledger) =>
    ledger.noteMissingFiles([file(45), 'missing3'], 3, { looks: 3, milliseconds: 0 }),
  forgetMissingFiles: (ledger) => ledger.forgetMissingFiles([file(45), 'missing7'], 3),
  nameApplication: (ledger) => ledger.nameApplication(['u45', 'u5'], 1),
  async timeline(ledger) {
    const timeline = await ledger.timeline();
    await timeline.listEvents('u46');
    await timeline.listActions('u46');
  },
  async feed(ledger) {
    const feed = await ledger.feed();
    const criteria = { types: ['upload.*'], limit: 100 };
    const { cursor: end } = await feed.readFeed({ ...criteria, after: undefined });
    const [, , timeline] = readCursor(end, 3);
    const places = [[0, ''] as const, [250, 'x'] as const].map((place) =>
      writeCursor([...place, timeline ?? '']),
    );
    for (const after of [...places, end]) {
      await feed.readFeed({ ...criteria, after });
      await feed.readFeed({ ...criteria, after, owner: 'owner3', subAppId: 1 });
    }
    await feed.findMessage('evt_u46', { owner: 'owner4' });
  },
  async pruning(ledger) {
    const pruning = await ledger.pruning();
    for (const [name] of listPruned()) {
      await pruning.findPrunable(name, { ...prunable, after: 0, withContent: true });
      await pruning.findPrunable(name, prunable);
      const { rows } = await pruning.findPrunable(name, { ...prunable, after: 0 });
      const keys = rows.map(({ key }) => key);
      await pruning.prune(name, keys, prunable);
    }
  },
  findPrunedUpload: (ledger) => ledger.findPrunedUpload('pruned7'),
  resetWatermark: (ledger) => ledger.resetWatermark('scan', FILLED_AT),
  readWatermark: (ledger) => ledger.readWatermark('scan'),
  advanceWatermark: (ledger) => ledger.advanceWatermark('scan', FILLED_AT),
  acquireLease: (ledger) => ledger.acquireLease('scan', 60),
  releaseLease: (ledger) => ledger.releaseLease('scan'),
  leaseVodCalls: (ledger) =>
    ledger.leaseVodCalls({
      ...{ action: 'SearchMedia', calls: 4, longest: 100, perSecond: 80, spares: 1, mostSpare: 8 },
      made: { count: 0, period: 0 },
    }),
  listRefusedApplications: (ledger) => ledger.listRefusedApplications(),
  noteRefusedApplication: (ledger) => ledger.noteRefusedApplication(7),
  forgetRefusedApplication: (ledger) => ledger.forgetRefusedApplication(8),
  recallApplication: (ledger) => ledger.recallApplication(8),
  markApplicationGone: (ledger) => ledger.markApplicationGone(7),
  saveEndedUploads: (ledger) => ledger.saveEndedUploads(7, ''),
  readBacklog: (ledger) => ledger.readBacklog(),
  transitionAll: (ledger) => ledger.transitionAll(['u33', 'u36', 'u39'], 'cancelled'),
  async pullRuns(ledger) {
    const runs = await ledger.pullRuns();
    const named = { runId: 'run-new', owner: 'owner1', name: 'new', subAppId: 1 };
    await runs.openRun(named);
    await runs.openRun({ ...named, name: 'run1' });
    await runs.findRun('run5');
    for (const at of [page, next]) {
      await runs.listRuns({ ...at, owner: 'owner1', subAppId: undefined });
      await runs.listRuns({ ...at, owner: 'owner1', subAppId: 1, name: 'run1' });
      await runs.listItems('run7', at);
      await runs.listItems('run7', { ...at, states: ['failed', 'refused'] });
      await runs.listItems('run7', {
        ...{ ...at, states: ['failed', 'refused'], unqueued: true, withRequest: true },
      });
    }
    const items = Array.from({ length: 90 }, (_, i) => {
      const id = `u${2_100 + i}`;
      return { id, uploadId: `${id}-new`, request: {} };
    });
    await runs.addItems('run7', items, { retry: true });
    await runs.refuseItems(
      'run7',
      items.map((item) => ({ ...item, problem: {} })),
    );
    await runs.countItems('run7');
    await runs.deleteFiles('run7', ['u2100', 'u2103', 'u2163']);
    for (const isPaused of [true, false]) {
      await runs.pauseRun('run7', isPaused);
      await runs.holdItems('run7', undefined);
    }
    const unsettled = await runs.claimUnsettled(60);
    if (unsettled !== undefined) await runs.noteSettled(unsettled, undefined);
    await runs.endRun('run7', 'undone');
  },
  async progressClaims(ledger) {
    const claims = await ledger.progressClaims();
    await claims.claimProgress(['u3', 'u6'], 5);
    await claims.saveProgress('u3', 50);
  },
};

const describeReading = ({ mode, useful, read, pages, scanned, plan, statement }: Reading) =>
  `${mode}: ${useful} useful rows, ${read} read, ${pages} pages, scanned ${scanned}\n${plan}\n${statement}`;

/** Rows that a method may read in addition, since its result depends on them: what is counted, up to its bound. */
const COUNTED: Readonly<Partial<Record<keyof Ledger, number>>> = {
  // A page of the feed, and the transaction in which it ends; their types and owners are compared.
  feed: 2_000,
  // The uploads of one owner: a second filter is applied to these.
  listUploads: 200,
  noteAbsentArrival: MAX_NOTES,
  noteAbsentDeletions: MAX_NOTES,
  listEndpoints: 5 * MAX_COUNTED,
  // A few counts of a hundred items, each with its upload; a step of a pause looks up the pull of each, of which the oldest
  // PostgreSQL finds every one by itself.
  pullRuns: 400,
  // Each row of a page is looked up in up to four other tables, of which the oldest PostgreSQL leaves out none.
  pruning: 12 * PAGE_SIZE,
  readBacklog: 13 * MAX_COUNTED,
};

/**
 * Behind a pooler, these read and sort all that may be meant, if there is as little of it as here, and it is in no order: the
 * dead deliveries of an endpoint, and some ten thousand rows that are to be counted.
 */
const READ_WHOLE: ReadonlySet<string> = new Set(['deadDeliveries', 'readBacklog']);

/** Gives a backend half of the uploads, of which few failed, were rejected or cancelled, and those long ago. */
const GIVE_BACKEND = `
  update uploads set owner = 'backend' where substr(upload_id, 2)::integer % 2 = 0
    and (state not in ('rejected', 'failed') or substr(upload_id, 2)::integer > ${UPLOADS} - 200);
  update uploads set state = 'ready' where state = 'cancelled' and substr(upload_id, 2)::integer < ${UPLOADS} - 200`;

/** Changes a filled ledger as years do: half of the rows of each table are no longer in the order of their times. */
async function changeLedger(sql: Sql): Promise<void> {
  await sql.unsafe(GIVE_BACKEND);
  const columns =
    await sql`select table_name as of, min(column_name) as name from information_schema.columns
    where table_schema = 'public' group by table_name`;
  for (const { of, name } of columns) {
    await sql.unsafe(`update ${of} t set ${name} = ${name} where hashtext(t::text) % 2 = 0`);
  }
  await sql.unsafe('vacuum');
}

const databases = useDatabases();

// Without statistics only generic plans count: others are made again, and the server analyzes a table within a minute.
describe.each<readonly [string, readonly Mode[]]>([
  ['filled', ['generic']],
  ['analyzed', ['generic', 'custom']],
  ['changed', ['generic', 'custom']],
])('a ledger that was just %s', (state, modes) => {
  const readings: Reading[] = [];
  let ledger: Ledger;

  beforeAll(async () => {
    const databaseUrl = await databases.create();
    const sql = postgres(databaseUrl, { max: 1, fetch_types: false });
    await fillLedger(sql, UPLOADS);
    if (state === 'changed') await changeLedger(sql);
    if (state !== 'filled') await sql.unsafe('analyze');
    await sql.end();
    const clock = { now: () => FILLED_AT };
    const connection = explainConnection(
      createConnection({ databaseUrl, clock }),
      modes,
      (reading) => {
        readings.push(reading);
      },
    );
    const targets = [{ id: OPEN_ENDPOINT, events: ['upload.*'] }];
    ledger = createLedger({ connection, clock, random: { key: randomUUID }, targets });
  });
  afterAll(() => ledger.close());

  it.each(Object.entries(CALLS))('%s() reads no more than it needs', async (name, call) => {
    readings.length = 0;
    await call(ledger);
    expect(readings).not.toEqual([]);
    const counted = COUNTED[name as keyof Ledger] ?? 0;
    const judged = readings.filter(
      ({ mode }) => !(state === 'changed' && mode === 'custom' && READ_WHOLE.has(name)),
    );
    const excessive = judged.filter(
      ({ scanned, read, pages, useful }) =>
        scanned.length > 0 ||
        read > 10 * useful + counted + 100 ||
        pages > 40 * useful + counted + 400,
    );
    expect(excessive.map(describeReading)).toEqual([]);
  });
});
