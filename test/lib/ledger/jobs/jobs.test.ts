import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
const TEN_MINUTES = 600_000;
let time: number;
const targets = ['a', 'b'].map((id) => ({ id, events: [`vod.${id}*`, 'vod.Both'] }));
const { ledger, sql, open } = useLedger({ clock: { now: () => time }, targets });

beforeEach(() => {
  time = START;
});

function record(eventId: string, eventType: `vod.${string}`, ...actions: [string, string][]) {
  const asked = actions.map(([fileId, kind]) => ({ fileId, kind }));
  return ledger.recordEvent(eventOf([], { eventId, eventType, actions: asked }));
}

/** Each kind of job: how to create one, how to claim some, and how to lock the row of one. */
const KINDS = [
  {
    kind: 'actions',
    make: (id: string) => record(id, 'vod.None', [id, 'delete']),
    claim: async (count: number, each = ledger) =>
      (await each.claimActions(count, 60)).map(({ fileId }) => fileId),
    hold: 'select from media_actions where file_id = $1 for update',
  },
  {
    kind: 'confirmations',
    make: (id: string) =>
      ledger.storePendingConfirmation({ eventId: id, raw: {}, receivedAt: START }),
    claim: async (count: number, each = ledger) =>
      (await each.claimConfirmations(count, 60)).map(({ eventId }) => eventId),
    hold: 'select from unconfirmed_events where event_id = $1 for update',
  },
  {
    kind: 'pulls',
    make: (id: string) => ledger.enqueuePulls([{ uploadId: id, owner: 'ann', request: {} }]),
    claim: async (count: number, each = ledger) =>
      (await each.claimPulls(count, 60)).map(({ uploadId }) => uploadId),
    hold: 'select from pulls where upload_id = $1 for update',
  },
  {
    kind: 'deliveries',
    make: (id: string) => record(id, 'vod.a'),
    claim: async (count: number, each = ledger) =>
      (await each.claimDeliveries(count, 60, count)).map(({ eventId }) => eventId),
    hold: 'select from deliveries where event_id = $1 for update',
  },
  {
    kind: 'checks',
    make: async (id: string) => {
      time -= TEN_MINUTES;
      await ledger.issueUpload({ uploadId: id, method: 'client', owner: 'ann' });
      time += TEN_MINUTES;
    },
    claim: async (count: number, each = ledger) =>
      (await each.claimChecks(count, 60)).map(({ uploadId }) => uploadId),
    // The lease is not in the row, and a claim does not lock that.
    hold: undefined,
  },
];

describe.each(KINDS)('a claim of $kind', ({ make, claim }) => {
  const makeAt = async (at: number, id: string) => {
    time = at;
    await make(id);
  };

  it('returns due jobs only, the longest due first', async () => {
    await makeAt(START + 2, 'third');
    await makeAt(START, 'first');
    await makeAt(START + 3, 'fourth');
    await makeAt(START + 1, 'second');

    time = START - 1;
    expect(await claim(9)).toEqual([]);
    time = START + 2;
    expect(await claim(2)).toEqual(['first', 'second']);
    expect(await claim(9)).toEqual(['third']);
  });

  it('ends with its lease, not earlier', async () => {
    await makeAt(START, 'j1');
    expect(await claim(9)).toEqual(['j1']);
    time += 59_999;
    expect(await claim(9)).toEqual([]);
    time += 1;
    expect(await claim(9)).toEqual(['j1']);
  });

  it('gives each job to one of several sweeps', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `j${i}`);
    for (const id of ids) await make(id);
    const sweep = async (each: Ledger) => {
      const claimed: string[] = [];
      for (;;) {
        const some = await claim(7, each);
        if (some.length === 0) return claimed;
        claimed.push(...some);
      }
    };

    const claimed = (await Promise.all([open(), open(), open()].map(sweep))).flat();

    expect(claimed.toSorted()).toEqual(ids.toSorted());
  });
});

describe.each(KINDS.filter(({ hold }) => hold !== undefined))(
  'a claim of $kind beside a lock',
  ({ make, claim, hold = '' }) => {
    it('skips rows that another session locks, without waiting', async () => {
      for (const id of ['j1', 'j2', 'j3']) await make(id);
      await sql.begin(async (holder) => {
        await holder.unsafe(hold, ['j2']);
        expect((await claim(9)).toSorted()).toEqual(['j1', 'j3']);
      });
      expect(await claim(9)).toEqual(['j2']);
    });
  },
);

/** Jobs with a content of this many bytes that cannot be compressed, and how to claim some. */
const LARGE = [
  {
    kind: 'deliveries',
    make: (eventId: string, content: object) =>
      ledger.recordEvent(eventOf([], { eventId, eventType: 'vod.a', payload: { content } })),
    claim: async () =>
      (await ledger.claimDeliveries(9, 60, 9)).map(({ eventId, size }) => ({ eventId, size })),
  },
  {
    kind: 'confirmations',
    make: (eventId: string, content: object) =>
      ledger.storePendingConfirmation({ eventId, raw: { content }, receivedAt: START }),
    claim: () => ledger.claimConfirmations(9, 60),
  },
];

describe.each(LARGE)('a claim of large $kind', ({ make, claim }) => {
  it('takes as many as there is memory for, and always one', async () => {
    const bytes = { huge: 1_100_000, a: 400_000, b: 400_000, c: 400_000, d: 1_000 };
    for (const [id, size] of Object.entries(bytes)) {
      await make(id, { text: randomBytes(size * 0.75).toString('base64') });
      time += 1;
    }

    const claims = [await claim(), await claim(), await claim(), await claim()];

    expect(claims.map((each) => each.map(({ eventId }) => eventId))).toEqual([
      ...[['huge'], ['a', 'b'], ['c', 'd'], []],
    ]);
  });
});

/** Jobs that can be released: how to create two, claim them, and what is stored of each. */
const RELEASED = [
  {
    kind: 'actions',
    make: () => record('e1', 'vod.None', ['x', 'inspect'], ['x', 'delete']),
    claim: async () => {
      const claims = await ledger.claimActions(9, 60);
      return { claims, release: () => ledger.releaseActions(claims) };
    },
    table: 'media_actions',
  },
  {
    kind: 'confirmations',
    make: async () => {
      for (const eventId of ['x', 'y']) {
        await ledger.storePendingConfirmation({ eventId, raw: {}, receivedAt: START });
      }
    },
    claim: async () => {
      const claims = await ledger.claimConfirmations(9, 60);
      return { claims, release: () => ledger.releaseConfirmations(claims) };
    },
    table: 'unconfirmed_events',
  },
  {
    kind: 'deliveries',
    make: () => record('x', 'vod.Both'),
    claim: async () => {
      const claims = await ledger.claimDeliveries(9, 60, 9);
      return { claims, release: () => ledger.releaseDeliveries(claims) };
    },
    table: 'deliveries',
  },
  {
    kind: 'deliveries that were claimed when they were recorded',
    make: async () => undefined,
    claim: async () => {
      const { claims } = await ledger.recordEvent(
        eventOf([], { eventId: 'x', eventType: 'vod.Both' }),
        60,
      );
      return { claims, release: () => ledger.releaseDeliveries(claims) };
    },
    table: 'deliveries',
  },
];

describe.each(RELEASED)('a release of $kind', ({ make, claim, table }) => {
  const readRows = () =>
    sql.unsafe(
      `select attempts, next_attempt_at, to_jsonb(t) ->> 'last_error' as error from ${table} t`,
    );

  it('leaves no trace of the claim', async () => {
    await make();
    // As a replay of many writes it.
    await sql.unsafe(
      `update ${table} set next_attempt_at = next_attempt_at - interval '7 microseconds'`,
    );
    const { claims, release } = await claim();
    time += 1_000;
    await release();

    expect(claims).toHaveLength(2);
    expect(await readRows()).toMatchObject([
      { attempts: 0, error: null },
      { attempts: 0, error: null },
    ]);
    const dueAt = claims[0]?.lease.due_at ?? '';
    expect(
      await sql.unsafe(`select from ${table} where next_attempt_at = $1::text::timestamptz`, [
        dueAt,
      ]),
    ).toHaveLength(2);
  });

  it('changes nothing of a later claim, also if it comes twice', async () => {
    await make();
    const first = await claim();
    await first.release();
    time += 1_000;
    await ledger.claimActions(9, 60);
    await ledger.claimConfirmations(9, 60);
    await ledger.claimDeliveries(9, 60, 9);
    const held = await readRows();

    await first.release();

    expect(held).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
    expect(await readRows()).toEqual(held);
  });
});

describe('rows that other sessions lock', () => {
  it('are skipped by the fan-out', async () => {
    for (const id of ['e1', 'e2']) await record(id, 'vod.None');
    await sql`update events set fanned_out = false`;
    await sql.begin(async (holder) => {
      await holder`select from events where event_id = 'e1' for update`;
      expect(await ledger.fanOut(9)).toBe(1);
    });
    expect(await ledger.fanOut(9)).toBe(1);
  });

  it('are skipped when checks are made due early', async () => {
    for (const id of ['u1', 'u2']) {
      await ledger.issueUpload({ uploadId: id, method: 'client', owner: 'ann' });
      await ledger.updateFields(id, { taskId: `task of ${id}` });
    }
    await sql.begin(async (holder) => {
      await holder`select from uploads where upload_id = 'u1' for update`;
      await ledger.hastenChecks(9);
    });
    expect((await ledger.claimChecks(9, 60)).map(({ uploadId }) => uploadId)).toEqual(['u2']);
  });
});

/** The jobs that have a state when they are settled. Each has two neighbours that share half of its key. */
const TRACKED = [
  {
    kind: 'actions',
    done: 'done',
    make: () => record('e1', 'vod.None', ['x', 'inspect'], ['x', 'delete'], ['y', 'inspect']),
    claim: async () =>
      (await ledger.claimActions(9, 60)).map((job) => ({
        job: `${job.fileId} ${job.kind}`,
        finish: () => ledger.finishAction(job),
        fail: (failure: Parameters<Ledger['failAction']>[1]) => ledger.failAction(job, failure),
      })),
    name: "file_id || ' ' || kind",
    table: 'media_actions',
    own: 'x inspect',
  },
  {
    kind: 'deliveries',
    done: 'delivered',
    make: async () => {
      await record('x', 'vod.Both');
      await record('y', 'vod.a');
    },
    claim: async () =>
      (await ledger.claimDeliveries(9, 60, 9)).map((job) => ({
        job: `${job.eventId} ${job.endpoint}`,
        finish: () => ledger.finishDelivery(job),
        fail: (failure: Parameters<Ledger['failDelivery']>[1]) => ledger.failDelivery(job, failure),
      })),
    name: "event_id || ' ' || endpoint",
    table: 'deliveries',
    own: 'x a',
  },
];

describe.each(TRACKED)(
  'the result of a claim of $kind',
  ({ done, make, claim, name, table, own }) => {
    async function claimOwn() {
      const claims = await claim();
      return claims.find(({ job }) => job === own) ?? expect.fail('It is claimed.');
    }
    const readRows = async () => {
      const rows = await sql.unsafe(
        `select ${name} as job, state, attempts, last_error, next_attempt_at, updated_at from ${table}`,
      );
      return new Map(rows.map(({ job, ...row }) => [String(job), row]));
    };

    it('ends its own job and none that shares half of its key', async () => {
      await make();
      const settled = await claimOwn();
      time += 1_000;
      expect(await settled.finish()).toBe(true);

      const rows = await readRows();
      const updated = { updated_at: new Date(time) };
      expect(rows.get(own)).toMatchObject({
        state: done,
        attempts: 1,
        last_error: null,
        ...updated,
      });
      rows.delete(own);
      expect(Array.from(rows.values(), ({ state }) => state)).toEqual(['pending', 'pending']);
    });

    it('schedules the next attempt and records the error', async () => {
      await make();
      const settled = await claimOwn();
      time += 1_000;
      expect(await settled.fail({ error: 'busy\0', nextAttemptAt: time + 5_000 })).toBe(true);

      expect((await readRows()).get(own)).toEqual({
        ...{ state: 'pending', attempts: 1, last_error: 'busy\ufffd' },
        ...{ next_attempt_at: new Date(time + 5_000), updated_at: new Date(time) },
      });
    });

    it('is final, and can be reported again after a lost answer', async () => {
      await make();
      const settled = await claimOwn();
      expect(await settled.finish()).toBe(true);
      expect(await settled.fail({ error: 'late', nextAttemptAt: time })).toBe(false);
      expect(await settled.fail({ error: 'late', dead: true })).toBe(false);
      expect((await readRows()).get(own)).toMatchObject({ state: done, last_error: null });
      expect(await settled.finish()).toBe(true);
    });

    it('leaves a dead job dead', async () => {
      await make();
      const settled = await claimOwn();
      expect(await settled.fail({ error: 'no', dead: true })).toBe(true);
      expect(await settled.finish()).toBe(false);
      expect((await readRows()).get(own)).toMatchObject({ state: 'dead', last_error: 'no' });
      time += 86_400_000;
      expect((await claim()).map(({ job }) => job)).not.toContain(own);
    });

    it('is accepted from the last claim alone', async () => {
      await make();
      const early = await claimOwn();
      time += 60_000;
      const late = await claimOwn();
      expect(await early.finish()).toBe(false);
      expect(await early.fail({ error: 'late', dead: true })).toBe(false);
      expect(await late.finish()).toBe(true);
    });
  },
);

describe('an action', () => {
  const readAction = async (fileId: string, kind: string) => {
    const [row] = await sql`select state, attempts, last_error, progress, created_at,
      next_attempt_at, updated_at from media_actions where file_id = ${fileId} and kind = ${kind}`;
    return row ?? expect.fail('There is such an action.');
  };

  it('stores its progress, for itself and while it is claimed', async () => {
    await record('e1', 'vod.None', ['x', 'inspect'], ['x', 'delete'], ['y', 'inspect']);
    const claims = await ledger.claimActions(9, 60);
    const own = claims.find(({ fileId, kind }) => fileId === 'x' && kind === 'inspect');
    if (own === undefined) return expect.fail('It is claimed.');
    time += 1_000;
    expect(await ledger.saveActionProgress(own, { part: 1 })).toBe(true);

    const row = await readAction('x', 'inspect');
    expect(row).toMatchObject({ progress: { part: 1 }, updated_at: new Date(time) });
    expect(await readAction('x', 'delete')).toMatchObject({ progress: null });
    expect(await readAction('y', 'inspect')).toMatchObject({ progress: null });
    expect(await ledger.saveActionProgress({ ...own, attempt: 2 }, { part: 2 })).toBe(false);
    await ledger.finishAction(own);
    expect(await ledger.saveActionProgress(own, { part: 3 })).toBe(false);
  });

  it('is reset when it is replayed, if it is dead', async () => {
    await record('e1', 'vod.None', ['x', 'inspect'], ['x', 'delete'], ['y', 'inspect'], ['z', 'z']);
    for (const claim of await ledger.claimActions(9, 60)) {
      if (claim.fileId === 'z') await ledger.finishAction(claim);
      else await ledger.failAction(claim, { error: 'no', dead: true });
    }
    time += 1_000;
    await ledger.replayAction({ fileId: 'x', kind: 'inspect' });
    await ledger.replayAction({ fileId: 'z', kind: 'z' });

    const now = new Date(time);
    expect(await readAction('x', 'inspect')).toMatchObject({
      ...{ state: 'pending', attempts: 0, last_error: null },
      ...{ created_at: now, next_attempt_at: now, updated_at: now },
    });
    expect(await readAction('x', 'delete')).toMatchObject({ state: 'dead' });
    expect(await readAction('y', 'inspect')).toMatchObject({ state: 'dead' });
    expect(await readAction('z', 'z')).toMatchObject({ state: 'done' });
  });
});

describe('an endpoint', () => {
  const readTaken = async () => {
    const [row] = await sql`select delivered_at from endpoints where endpoint = 'a'`;
    return row?.['delivered_at'];
  };
  async function takeAt(at: number) {
    time = at;
    await record(`e${at}`, 'vod.a');
    const [claim] = await ledger.claimDeliveries(1, 60, 1);
    if (claim !== undefined) await ledger.finishDelivery(claim);
  }

  it('records its last success at most once a second, and never an earlier time', async () => {
    await takeAt(START);
    await takeAt(START + 999);
    expect(await readTaken()).toEqual(new Date(START));
    await takeAt(START + 1_000);
    expect(await readTaken()).toEqual(new Date(START + 1_000));
  });
});
