import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedDelivery } from '../../../lib/ledger/deliveries.ts';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import { type EventType, selectTargets } from '../../../lib/model/message-type.ts';
import { eventOf, useLedger } from '../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
const SLOW = 'https://a-slow.example';
const FAST = 'https://b-fast.example';
let time: number;
const opened = new Map<string, Ledger>();
const database = useLedger({ now: () => time });
let ledger: Ledger;

beforeEach(() => {
  time = START;
  ledger = open();
});
afterEach(() => opened.clear());

/** Returns a ledger with these targets, each of which takes every event of VOD. */
function open(...endpoints: string[]): Ledger {
  const name = endpoints.join(' ');
  const targets = endpoints.map((id) => ({ id, events: ['vod.*'] }));
  const made = opened.get(name) ?? database.open({ targets });
  opened.set(name, made);
  return made;
}

function record(eventId: string, ...endpoints: string[]) {
  return open(...endpoints).recordEvent(eventOf([], { eventId, payload: { eventId } }));
}

async function fail(claim: ClaimedDelivery | undefined, how: 'dead' | 'paused' | 'again') {
  if (claim === undefined) throw new Error('There is a delivery.');
  const error = 'no';
  if (how === 'paused') return ledger.pauseEndpoint(claim, { error, dead: false });
  if (how === 'dead') return ledger.failDelivery(claim, { error, dead: true });
  return ledger.failDelivery(claim, { error, nextAttemptAt: time });
}

async function claimOne(): Promise<ClaimedDelivery> {
  const [claim] = await ledger.claimDeliveries(1, 60, 1);
  if (claim === undefined) throw new Error('There is a delivery.');
  return claim;
}

describe('claimDeliveries()', () => {
  it('answers what is to be delivered, and where', async () => {
    await record('e1', FAST);
    expect(await ledger.claimDeliveries(5, 60, 5)).toEqual([
      {
        eventId: 'e1',
        endpoint: FAST,
        attempt: 1,
        enqueuedAt: START,
        event: {
          kind: 'vod',
          eventId: 'e1',
          eventType: 'vod.NewFileUpload',
          payload: { eventId: 'e1' },
          receivedAt: START,
        },
      },
    ]);
  });

  it('lets no endpoint with much to do starve another', async () => {
    for (let i = 0; i < 40; i += 1) await record(`s${i}`, SLOW);
    time += 1_000;
    for (let i = 0; i < 3; i += 1) await record(`f${i}`, FAST, `https://c${i}.example`);

    const all = await ledger.claimDeliveries(100, 60, 5);
    expect(all.filter(({ endpoint }) => endpoint === SLOW)).toHaveLength(5);
    expect(all.filter(({ endpoint }) => endpoint === FAST)).toHaveLength(3);
    time += 60_000;
    const few = await ledger.claimDeliveries(5, 60, 5);
    expect(new Set(few.map(({ endpoint }) => endpoint)).size).toBe(5);
  });

  it('leaves out the endpoints that are not wanted', async () => {
    await record('e1', SLOW, FAST);

    const claimed = await ledger.claimDeliveries(5, 60, 5, [SLOW, 'https://unknown.example']);

    expect(claimed.map(({ endpoint }) => endpoint)).toEqual([FAST]);
    expect(await ledger.claimDeliveries(5, 60, 5)).toMatchObject([{ endpoint: SLOW, attempt: 1 }]);
  });
});

describe('failDelivery()', () => {
  it('tries again at its time', async () => {
    await record('e1', FAST);
    const claim = await claimOne();
    await ledger.failDelivery(claim, { error: '503', nextAttemptAt: START + 90_000 });

    time += 89_999;
    expect(await ledger.claimDeliveries(1, 60, 1)).toEqual([]);
    time += 1;
    expect(await claimOne()).toMatchObject({ attempt: 2, enqueuedAt: START });
  });
});

describe('listDeadDeliveries() and replayDelivery()', () => {
  it('lists what was given up, latest first, in pages, and makes it due anew', async () => {
    for (let i = 0; i < 5; i += 1) {
      await record(`e${i}`, FAST);
      await ledger.failDelivery(await claimOne(), { error: `no ${i}\0`, dead: true });
      time += 1;
    }
    const first = await ledger.listDeadDeliveries({ limit: 3 });
    const second = await ledger.listDeadDeliveries({ limit: 3, cursor: first.cursor });

    expect([...first.items, ...second.items].map(({ eventId }) => eventId)).toEqual([
      ...['e4', 'e3', 'e2', 'e1', 'e0'],
    ]);
    expect(second.cursor).toBeUndefined();
    expect(first.items[0]).toEqual({
      eventId: 'e4',
      endpoint: FAST,
      eventType: 'vod.NewFileUpload',
      attempts: 1,
      lastError: 'no 4\ufffd',
      diedAt: START + 4,
    });
    expect(await ledger.replayDelivery({ eventId: 'e2', endpoint: FAST })).toBe(true);
    expect(await ledger.replayDelivery({ eventId: 'e2', endpoint: FAST })).toBe(false);
    expect(await claimOne()).toMatchObject({ eventId: 'e2', attempt: 1, enqueuedAt: time });
  });
});

describe('claimFresh()', () => {
  const fresh = async (...eventIds: string[]) =>
    (await ledger.claimFresh(eventIds, 60)).map(({ eventId, endpoint }) => [eventId, endpoint]);

  it('answers what nobody has tried of these events alone', async () => {
    for (const eventId of ['e1', 'e2', 'e3']) await record(eventId, SLOW, FAST);
    const claims = await ledger.claimFresh(['e2', 'e1'], 60);

    expect(claims.map(({ eventId, endpoint, attempt }) => [eventId, endpoint, attempt])).toEqual([
      ...[
        ['e1', SLOW, 1],
        ['e1', FAST, 1],
        ['e2', SLOW, 1],
        ['e2', FAST, 1],
      ],
    ]);
    expect(await fresh('e1', 'e2')).toEqual([]);
    expect(await ledger.claimFresh([], 60)).toEqual([]);
  });

  it('leaves an endpoint alone that has failed to take something, until it takes it', async () => {
    await record('e1', SLOW);
    await fail((await ledger.claimFresh(['e1'], 60))[0], 'again');
    await record('e2', SLOW, FAST);
    expect(await fresh('e2')).toEqual([['e2', FAST]]);

    const [again] = await ledger.claimDeliveries(1, 60, 1);
    if (again !== undefined) await ledger.finishDelivery(again);
    expect(await fresh('e2')).toEqual([['e2', SLOW]]);
  });

  it('takes what others are about to deliver for no failure', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    expect(await fresh('e1')).toHaveLength(1);
    expect(await fresh('e2')).toHaveLength(1);
  });

  it('gives each delivery to one of many at once', async () => {
    await record('e1', SLOW, FAST);
    const claimed = await Promise.all(
      Array.from({ length: 6 }, (_, i) => open(`https://${i}.example`).claimFresh(['e1'], 60)),
    );
    expect(claimed.flat()).toHaveLength(2);
  });
});

describe('paused endpoints', () => {
  const HOUR = 3_600_000;
  const claimed = async () =>
    (await ledger.claimDeliveries(99, 60, 99)).map(({ eventId }) => eventId);
  const endpoint = async (name = FAST) =>
    (await ledger.listEndpoints()).find((each) => each.endpoint === name);

  async function pause(eventId: string): Promise<void> {
    await record(eventId, FAST);
    expect(await fail(await claimOne(), 'paused')).toBe(true);
  }

  it('get nothing, and lose nothing, until somebody resumes them', async () => {
    await record('e0', FAST);
    await pause('e1');
    time += HOUR;
    await record('e2', FAST, SLOW);

    expect((await ledger.claimFresh(['e2'], 60)).map((claim) => claim.endpoint)).toEqual([SLOW]);
    expect(await claimed()).toEqual([]);
    expect((await ledger.listDeadDeliveries({ limit: 9 })).items).toEqual([]);
    expect(await ledger.readBacklog()).toMatchObject({
      ...{ pausedDeliveries: 3, pausedEndpoints: 1, deadDeliveries: 0 },
      ...{ deliveries: { count: 1 }, lagMilliseconds: 0 },
    });
    expect(await ledger.listEndpoints()).toEqual([
      { endpoint: SLOW, waiting: 1, waitingSince: time, dead: 0 },
      {
        ...{ endpoint: FAST, pausedAt: START, pausedReason: 'no' },
        ...{ waiting: 3, waitingSince: START, dead: 0 },
      },
    ]);

    await ledger.resumeEndpoint(FAST);
    expect(await endpoint()).toEqual({
      ...{ endpoint: FAST, waiting: 3, waitingSince: START, dead: 0 },
    });
    expect(await claimed()).toEqual(['e0', 'e1', 'e2']);
  });

  it('are paused once, however many deliveries say so', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    const [first, second] = await ledger.claimDeliveries(2, 60, 2);
    const held = await Promise.all([fail(first, 'paused'), fail(second, 'paused')]);
    expect(held.toSorted()).toEqual([false, true]);
  });

  it('are sent what waits in the order of its age, whatever attempts there were', async () => {
    for (let i = 1; i <= 4; i += 1) {
      await record(`e${i}`, FAST);
      time += 1_000;
    }
    const claims = await ledger.claimDeliveries(3, 60, 3);
    for (const [i, claim] of claims.entries()) {
      const nextAttemptAt = time + (9 - i) * HOUR;
      await ledger.failDelivery(claim, { error: 'http_500', nextAttemptAt });
    }
    await fail(await claimOne(), 'paused');
    await ledger.resumeEndpoint(FAST);

    expect(await claimed()).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('keep what waits for three days, and then it is dead and can be replayed', async () => {
    await pause('e1');
    time += HOUR;
    await record('e2', FAST);
    time = START + 72 * HOUR - 1;
    expect(await claimed()).toEqual([]);
    expect((await ledger.listDeadDeliveries({ limit: 9 })).items).toEqual([]);
    time += 1;
    expect(await claimed()).toEqual([]);
    expect((await ledger.listDeadDeliveries({ limit: 9 })).items).toMatchObject([
      { eventId: 'e1', lastError: 'no' },
    ]);
    time += HOUR;
    await ledger.resumeEndpoint(FAST);

    expect(await claimed()).toEqual([]);
    expect((await ledger.listDeadDeliveries({ limit: 9 })).items).toMatchObject([
      { eventId: 'e2', lastError: 'paused' },
      { eventId: 'e1' },
    ]);
    expect(await ledger.replayDelivery({ eventId: 'e2', endpoint: FAST })).toBe(true);
    expect(await claimOne()).toMatchObject({ eventId: 'e2', attempt: 1, enqueuedAt: time });
  });

  it('are resumed by a replay as well', async () => {
    await record('e1', FAST);
    await fail(await claimOne(), 'dead');
    await pause('e2');

    expect(await ledger.replayDelivery({ eventId: 'e1', endpoint: FAST })).toBe(true);

    expect((await claimed()).toSorted()).toEqual(['e1', 'e2']);
    expect(await endpoint()).not.toHaveProperty('pausedAt');
  });

  it('are not taken for out of order by what waited before they were resumed', async () => {
    await pause('e1');
    time += 71 * HOUR;
    await ledger.resumeEndpoint(FAST);

    expect(await claimOne()).toMatchObject({ enqueuedAt: START, endpointDeliveredAt: time });
  });

  it('leave what is on its way to end as it ends', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    const [first, second] = await ledger.claimDeliveries(2, 60, 2);
    await fail(first, 'paused');
    expect(await ledger.claimDeliveries(9, 60, 9)).toEqual([]);
    expect(second && (await ledger.finishDelivery(second))).toBe(true);
  });
});

describe('replayMany()', () => {
  const state = (eventId: string, uploadId: string) =>
    eventOf([{ key: { uploadId }, fact: 'uploaded', owner: 'ann' }], { eventId });
  const claimed = async () =>
    (await ledger.claimDeliveries(99, 60, 99)).map(({ eventId, endpoint }) => [eventId, endpoint]);

  /** Has the deliveries of `count` events die, one each second. */
  async function bury(count: number, ...endpoints: string[]): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      await record(`e${i}`, ...endpoints);
      for (const claim of await ledger.claimDeliveries(9, 60, 9)) await fail(claim, 'dead');
      time += 1_000;
    }
  }

  it('makes all due in the order in which they were given up, some at each call', async () => {
    await bury(7, SLOW);
    const first = await ledger.replayMany({ limit: 3 });
    time += 1;
    const second = await ledger.replayMany({ limit: 3, cursor: first.cursor });
    time += 1;
    const again = await ledger.replayMany({ limit: 3, cursor: first.cursor });
    const third = await ledger.replayMany({ limit: 3, cursor: second.cursor });

    expect([first, second, again, third].map(({ replayed }) => replayed)).toEqual([3, 3, 1, 0]);
    expect(third).not.toHaveProperty('cursor');
    expect(await claimed()).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => [`e${i}`, SLOW]));
    expect(await ledger.replayMany({ limit: 9 })).toEqual({ replayed: 0 });
  });

  it('takes what fits the endpoint, the time and the state that are named', async () => {
    await bury(4, SLOW, FAST);
    const between = { from: START + 1_000, to: START + 3_000 };
    expect(await ledger.replayMany({ endpoint: FAST, ...between, limit: 9 })).toEqual({
      replayed: 2,
    });
    expect((await claimed()).toSorted()).toEqual([
      ['e1', FAST],
      ['e2', FAST],
    ]);

    const targets = [{ id: FAST, events: ['*'] }];
    const told = database.open({ targets });
    await told.recordEvents([state('e8', 'u8'), state('e9', 'u9')]);
    await told.close();
    for (const claim of await ledger.claimDeliveries(9, 60, 9)) await fail(claim, 'dead');
    time += 1_000;
    expect(await ledger.replayMany({ state: 'failed', limit: 2 })).toMatchObject({
      ...{ replayed: 0, cursor: expect.any(String) },
    });
    expect(await ledger.replayMany({ state: 'ready', limit: 99 })).toEqual({ replayed: 2 });
    expect((await claimed()).toSorted()).toEqual([
      ['evt_u8_ready', FAST],
      ['evt_u9_ready', FAST],
    ]);
  });

  it('replays each once, however many ask', async () => {
    await bury(9, FAST);
    const asked = await Promise.all(
      [1, 2, 3].map((i) => open(`https://${i}.example`).replayMany({ limit: 9 })),
    );

    expect(asked.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(9);
    expect(await ledger.readBacklog()).toMatchObject({
      deliveries: { count: 9 },
      deadDeliveries: 0,
    });
  });
});

describe('finishDelivery()', () => {
  it('tells later claims when the endpoint last took something', async () => {
    await record('e1', FAST);
    await record('e2', FAST);
    const first = await claimOne();
    expect(first).not.toHaveProperty('endpointDeliveredAt');
    time += 5_000;
    await ledger.finishDelivery(first);
    expect(await claimOne()).toMatchObject({ endpointDeliveredAt: START + 5_000 });
  });
});

describe('replayUpload()', () => {
  it('makes all dead deliveries of the upload and its file due anew', async () => {
    const told = (eventId: string, uploadId: string, fileId: string) =>
      eventOf([{ key: { uploadId }, fact: 'uploaded', owner: 'ann', fields: { fileId } }], {
        ...{ eventId, uploadId, fileId },
      });
    await open(FAST).recordEvents([told('e1', 'u1', 'f1'), told('e2', 'u2', 'f2')]);
    await record('e3', FAST);
    for (let i = 0; i < 3; i += 1) await fail(await claimOne(), i === 2 ? 'paused' : 'dead');

    expect(await ledger.replayUpload('u1')).toBe(1);
    expect(await ledger.replayUpload('u1')).toBe(0);
    const claims = await ledger.claimDeliveries(9, 60, 9);
    expect(claims.map(({ eventId, attempt }) => [eventId, attempt])).toEqual([
      ['e1', 1],
      ['e3', 2],
    ]);
  });
});

describe('fanOut()', () => {
  it('enqueues what was recorded without knowing the targets, once, no matter who does it', async () => {
    const blind = database.open();
    for (let i = 0; i < 30; i += 1) {
      await blind.issueUpload({ uploadId: `u${i}`, method: 'client', owner: 'ann' });
      time += 1;
    }
    await blind.transition('u0', 'cancelled');
    expect(await blind.fanOut(9)).toBe(0);
    expect((await ledger.readBacklog()).notFannedOut).toEqual({ count: 31, oldestAt: START });

    const targets = [
      { id: SLOW, events: ['upload.cancelled'] },
      { id: FAST, events: ['upload.*', 'upload.issued'] },
      { id: 'https://none.example', events: [] },
    ];
    const sweeps = [1, 2, 3].map(() => database.open({ targets }));
    const drain = async (each: Ledger) => {
      let sum = 0;
      for (;;) {
        const count = await each.fanOut(4);
        if (count === 0) return sum;
        sum += count;
      }
    };
    const counts = await Promise.all(sweeps.map(drain));
    // Those that others had locked are left to them, so that what each finds is all there is for it.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(31);
    const claims = await ledger.claimDeliveries(99, 60, 99);
    expect(claims.filter(({ endpoint }) => endpoint === SLOW)).toMatchObject([
      { event: { kind: 'upload', eventType: 'upload.cancelled', upload: { uploadId: 'u0' } } },
    ]);
    expect(claims.filter(({ endpoint }) => endpoint === FAST)).toHaveLength(31);
    expect((await ledger.readBacklog()).notFannedOut).toEqual({ count: 0 });
    await Promise.all([blind, ...sweeps].map((each) => each.close()));
  });

  it('selects as selectTargets() does', async () => {
    const types = [
      ...['vod.NewFileUpload', 'vod.New', 'vod.newFileUpload', 'vodXNew', 'vod.a_b'],
      'upload.ready',
    ] as EventType[];
    const patterns = [
      ...['vod.*', 'vod.New', 'vod.New*', 'vod.a_*', 'vod.a', 'upload.r*', '*', 'upload.ready'],
    ];
    const targets = patterns.map((pattern) => ({ id: pattern, events: [pattern] }));
    const wide = database.open({ targets });
    const records = types.map((eventType) => eventOf([], { eventId: eventType, eventType }));
    const recorded = await wide.recordEvents(records);
    const claims = await wide.claimFresh(types, 60);
    await wide.close();

    const expected = types.map((type) =>
      selectTargets(targets, type)
        .map(({ id }) => id)
        .toSorted(),
    );
    const found = types.map((type) =>
      claims
        .filter(({ eventId }) => eventId === type)
        .map(({ endpoint }) => endpoint)
        .toSorted(),
    );
    expect(found).toEqual(expected);
    expect(recorded.map(({ deliveries }) => deliveries)).toEqual(
      expected.map(({ length }) => length),
    );
  });
});
