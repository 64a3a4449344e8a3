import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import { Problem } from '../../../lib/problem.ts';
import { replayDeadItem } from '../../../lib/uploads/replay-dead-item.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { EVENT_MEMBERS } from '../../../lib/vod/event.ts';
import {
  allowAll,
  createQueue,
  createSample,
  describeArrival,
  nest,
  ODDITIES,
  POISONS,
  refuseByName,
  type Sample,
} from './poisons.ts';
import { type SweepStage, useSweepStage } from './sweep-stage.ts';

const stage = useSweepStage();
let made = 0;

beforeEach(() => refuseByName(stage.databaseUrl));

/** Sweeps on the timer's schedule until all attempts of an item are used. */
async function sweepOn(
  change: Parameters<SweepStage['sweep']>[0],
  before: () => void = () => undefined,
) {
  const summaries: Awaited<ReturnType<SweepStage['sweep']>>[] = [];
  for (let run = 0; run < 4; run += 1) {
    before();
    summaries.push(await stage.sweep(change));
    stage.passSeconds(60);
  }
  return summaries;
}

const FLAWS = ['none', 'none', ...Object.keys(ODDITIES), ...Object.keys(POISONS)];

/** Returns media with these flaws that no other test uses. */
function createSamples(flaws: readonly string[]): readonly Sample[] {
  made += flaws.length;
  return flaws.map((flaw, index) => createSample(made - index, flaw));
}

/** Batches in which none, some or all of the media cannot be recorded or are unusual. */
const batches = fc.oneof(
  fc.array(fc.constantFrom(...FLAWS), { minLength: 1, maxLength: 20 }),
  fc.array(fc.constantFrom(...Object.keys(POISONS)), { minLength: 16, maxLength: 20 }),
);

const seen = new Set<string>();

const listDead = async () => (await stage.ledger.listDeadItems({ limit: 1_000 })).items;

async function expectRecorded(samples: readonly Sample[]): Promise<void> {
  const good = samples.filter(({ isPoison }) => !isPoison).map(({ fileId }) => fileId);
  const ids = samples.map(({ fileId }) => fileId);
  expect((await stage.ledger.findFiles(ids)).toSorted()).toEqual(good.toSorted());
  const dead = (await listDead()).filter(({ id }) => !seen.has(id));
  for (const { id } of dead) seen.add(id);
  expect(dead).toHaveLength(samples.length - good.length);
  for (const { kind, attempts, code, reason } of dead) {
    expect({ kind, attempts }).toEqual({ kind: 'event', attempts: 3 });
    expect(code).toMatch(/^(?:54000|22003|23514)$/);
    expect(reason).toContain(code);
    expect(reason).not.toContain('refused 2');
  }
}

describe('drainEventQueue()', () => {
  it('records all valid events, sets the others aside and leaves nothing in the queue', async () => {
    const property = fc.asyncProperty(batches, async (flaws) => {
      const samples = createSamples(flaws);
      const queue = createQueue(stage.api, samples.map(describeArrival));

      await sweepOn({ api: queue.api, pullsEvents: true }, queue.comeAgain);

      expect(queue.waiting.size).toBe(0);
      await expectRecorded(samples);
    });
    await fc.assert(property, { numRuns: 8 });
  });

  it('reports each attempt, and an error once the item is dead', async () => {
    const sample = createSample(1, 'a name that the database refuses as a value');
    const queue = createQueue(stage.api, [describeArrival(sample)]);

    const [first, , third] = await sweepOn({ api: queue.api, pullsEvents: true });

    expect(first?.steps['queue']).toMatchObject({
      pulled: 1,
      failed: 1,
      setAside: 0,
      confirmed: 1,
    });
    expect(third?.steps['unconfirmed']).toMatchObject({ setAside: 1 });
    expect(third?.backlog).toMatchObject({ deadItems: 1, unconfirmed: 0 });
    const named = stage.reports.filter(({ item }) => item?.kind === 'event');
    expect(named.map(({ level }) => level)).toEqual(['warn', 'warn', 'error']);
    expect(named[2]).toMatchObject({
      ...{ item: { attempts: 3 }, code: '22003', fileId: sample.fileId },
      ...{ eventType: 'NewFileUpload', reason: expect.stringContaining('dead-items') },
    });
    expect(await listDead()).toMatchObject([
      { kind: 'event', id: named[2]?.item?.id, fileId: sample.fileId, code: '22003', attempts: 3 },
    ]);
  });

  it('sets an event that cannot be written as JSON aside immediately and continues', async () => {
    const [deep, good] = [createSample(1, 'none'), createSample(2, 'none')];
    const raw = { EventType: 'OfTomorrow', Deep: nest(), FileId: deep.fileId };
    const queue = createQueue(stage.api, [raw, describeArrival(good)]);

    await stage.sweep({ api: queue.api, pullsEvents: true });

    expect(queue.waiting.size).toBe(0);
    expect(await stage.ledger.findFiles([good.fileId])).toEqual([good.fileId]);
    expect(await listDead()).toMatchObject([{ kind: 'event', code: 'RangeError' }]);
  });

  it('confirms the other events if VOD refuses the handle of one', async () => {
    const samples = [1, 2, 3].map((index) => createSample(index, 'none'));
    const queue = createQueue(stage.api, samples.map(describeArrival));
    const confirmEvents: VodApi['confirmEvents'] = (request, options) =>
      request.EventHandles.includes('handle-1')
        ? Promise.reject(new Problem('No.', { code: 'upstream_rejected' }))
        : queue.api.confirmEvents(request, options);

    const { steps } = await stage.sweep({
      api: { ...queue.api, confirmEvents },
      pullsEvents: true,
    });

    expect(steps['queue']).toMatchObject({ confirmed: 2, late: 1 });
    expect([...queue.waiting.keys()]).toEqual(['handle-1']);
  });

  it.each([
    ['is not available', { code: '57P01', isTransient: true }],
    ['lacks a table', { code: '42P01', isTransient: false }],
    ['refuses the user', { code: '28P01', isTransient: false }],
  ])('sets nothing aside and confirms nothing if the database %s', async (_what, failure) => {
    const samples = [1, 2].map((index) => createSample(index, 'none'));
    const queue = createQueue(stage.api, samples.map(describeArrival));
    const recordEvents = () => Promise.reject(new LedgerError('No.', failure));
    const broken = { ...stage.ledger, recordEvents };

    const { broken: steps } = await stage.sweep({
      ...{ api: queue.api, pullsEvents: true, ledger: broken },
    });

    expect(steps).toContain('queue');
    expect(queue.waiting.size).toBe(2);
    await stage.sweep({ api: queue.api, pullsEvents: true }).then(queue.comeAgain);
    await stage.sweep({ api: queue.api, pullsEvents: true });
    await expectRecorded(samples);
  });

  it('retries a dead item when it is replayed', async () => {
    const sample = createSample(1, 'a name that the database refuses as a value');
    const queue = createQueue(stage.api, [describeArrival(sample)]);
    await sweepOn({ api: queue.api, pullsEvents: true });
    const [dead] = await listDead();
    const name = { kind: 'event', id: String(dead?.id) } as const;

    expect(await replayDeadItem(name, stage.ledger, stage.now())).toBe(true);
    await stage.sweep();
    expect(await listDead()).toEqual([]);
    await sweepOn({});
    expect(await listDead()).toMatchObject([{ ...name, attempts: 3 }]);
    await allowAll(stage.databaseUrl);
    expect(await replayDeadItem(name, stage.ledger, stage.now())).toBe(true);
    await stage.sweep();

    expect(await listDead()).toEqual([]);
    expect(await stage.ledger.findFiles([sample.fileId])).toEqual([sample.fileId]);
    expect(await replayDeadItem(name, stage.ledger, stage.now())).toBe(false);
  });
});

/** Returns an API that lists these media as VOD does: oldest first, page by page. */
function createLister(api: VodApi, listed: readonly unknown[]): VodApi {
  return {
    ...api,
    searchMedia: async ({ Offset = 0, Limit = 10 }) => ({
      MediaInfoSet: listed.slice(Offset, Offset + Limit) as object[],
    }),
    describeTasks: async () => ({ TaskSet: [] }),
    describeMediaInfos: async ({ FileIds }) => ({
      MediaInfoSet: listed.filter((media) => FileIds.includes(Object(media).FileId)) as object[],
    }),
  };
}

describe('scanMedia()', () => {
  it('records all valid media, sets the others aside and moves its watermark', async () => {
    const property = fc.asyncProperty(batches, async (flaws) => {
      const samples = createSamples(flaws);
      const listed = samples.map(({ media }) => media);
      const since = stage.now();

      const summaries = await sweepOn({ api: createLister(stage.api, listed) });

      for (const { broken } of summaries) expect(broken).toEqual([]);
      expect(await stage.ledger.readWatermark('media-scan')).toBeGreaterThan(since);
      expect(await stage.ledger.readWatermark('media-scan')).toBeLessThan(stage.now());
      await expectRecorded(samples);
    });
    await fc.assert(property, { numRuns: 8 });
  });

  it.each([
    ['null', null],
    ['a string', 'media'],
    ['a media without an id', {}],
    ['a media whose id is a number', { FileId: 7 }],
    ['a media whose id has a NUL', { FileId: 'a\0b' }],
    ['a media whose id is half of a surrogate pair', { FileId: '\ud800' }],
    ['a media that is nested too deeply', { Deep: nest() }],
  ])("sets aside %s in VOD's list and records the others", async (_what, junk) => {
    const samples = [1, 2].map((index) => createSample(index, 'none'));
    const listed = [samples[0]?.media, junk, samples[1]?.media];

    const { steps, broken } = await stage.sweep({ api: createLister(stage.api, listed) });

    expect(broken).toEqual([]);
    expect(steps['media']).toMatchObject({ scanned: 3, fresh: 2, setAside: 1 });
    expect(await listDead()).toMatchObject([{ kind: 'file', code: 'no_file_id', attempts: 1 }]);
    expect(await stage.ledger.findFiles(samples.map(({ fileId }) => fileId))).toHaveLength(2);
  });

  it.each(['upstream_rejected', 'upstream_failed', 'upstream_timeout'] as const)(
    'continues after VOD fails with %s for one file, and retries that file later',
    async (code) => {
      const samples = [1, 2, 3].map((index) => createSample(index, 'none'));
      const fileId = samples[1]?.fileId;
      const api = createLister(
        stage.api,
        samples.map(({ media }) => media),
      );
      const describeTasks: VodApi['describeTasks'] = (request, options) =>
        request.FileId === fileId
          ? Promise.reject(new Problem('No.', { code }))
          : api.describeTasks(request, options);

      const { broken, steps } = await stage.sweep({ api: { ...api, describeTasks } });
      expect(broken).toEqual([]);
      expect(steps['media']).toMatchObject({ failed: 1 });
      stage.passSeconds(60);
      await stage.sweep({ api });

      await expectRecorded(samples);
    },
  );

  it('stops if VOD denies access', async () => {
    const samples = [1, 2].map((index) => createSample(index, 'none'));
    const describeTasks = () => Promise.reject(new Problem('No.', { code: 'upstream_denied' }));
    const media = samples.map((each) => each.media);
    const api = { ...createLister(stage.api, media), describeTasks };

    const { broken } = await stage.sweep({ api });

    expect(broken).toEqual(['media']);
    expect(await listDead()).toEqual([]);
    expect(await stage.ledger.readWatermark('media-scan')).toBeUndefined();
  });
});

describe('confirmPending()', () => {
  it('records all valid events and sets the others aside', async () => {
    const property = fc.asyncProperty(batches, async (flaws) => {
      // VOD is not called with an invalid id: such an event is denied.
      const samples = createSamples(flaws.filter((flaw) => POISONS[flaw]?.id === undefined));
      for (const [index, { fileId }] of samples.entries()) {
        const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: fileId } };
        const eventId = `evt_${fileId.slice(0, 19)}_${index}`;
        await stage.ledger.storePendingConfirmation({ eventId, raw, receivedAt: stage.now() });
      }
      const listed = samples.map(({ media }) => media);
      const api = { ...createLister(stage.api, listed), searchMedia: async () => ({}) };

      const summaries = await sweepOn({ api });

      expect(summaries.at(-1)?.backlog).toMatchObject({ unconfirmed: 0 });
      await expectRecorded(samples);
    });
    await fc.assert(property, { numRuns: 6 });
  });
});

/** Values that no document of VOD has. */
const junk = fc.oneof(
  { weight: 10, arbitrary: fc.jsonValue() },
  {
    weight: 10,
    arbitrary: fc.constantFrom<unknown>(
      ...['\0', '\ud800', '', 'x'.repeat(30_000), 1e308, -1, 2 ** 63, {}, [null]],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(nest(4_000), nest(9_000)) },
);

/** Names that are read from events of VOD. */
const NAMES = [
  ...['FileId', 'TaskId', 'Status', 'ErrCode', 'MediaBasicInfo', 'MetaData', 'ProcedureTaskId'],
  ...['FileIdSet', 'FileDeleteResultInfo', 'SessionContext', 'FileUrl', 'MediaProcessResultSet'],
  ...['ReviewAudioVideoTaskId', 'Input', 'AiAnalysisResultSet', 'SourceInfo', '__proto__'],
];

const junkTask = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof(
    junk,
    fc.constantFrom('5285485487985279999', 'FINISH', ['5285485487985279999']),
    fc.dictionary(fc.constantFrom(...NAMES), junk, { maxKeys: 4 }),
  ),
  { maxKeys: 8 },
);

const junkEvent = fc
  .tuple(fc.constantFrom(...Object.entries(EVENT_MEMBERS)), fc.oneof(junkTask, junk))
  .map(([[EventType, member], task]) => ({ EventType, [member]: task }));

describe('an event of any shape', () => {
  it('is recorded or set aside, and never blocks the queue', async () => {
    const property = fc.asyncProperty(
      fc.array(junkEvent, { minLength: 16, maxLength: 20 }),
      async (events) => {
        made += 1;
        const good = createSample(made, 'none');
        const queue = createQueue(stage.api, [...events, describeArrival(good)]);

        for (const { broken } of await sweepOn({ api: queue.api, pullsEvents: true })) {
          expect(broken).toEqual([]);
        }

        expect(queue.waiting.size).toBe(0);
        expect(await stage.ledger.findFiles([good.fileId])).toEqual([good.fileId]);
      },
    );
    await fc.assert(property, { numRuns: 4, endOnFailure: true });
  });
});
