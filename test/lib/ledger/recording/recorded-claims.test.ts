import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import type { EventRecord } from '../../../../lib/ledger/recording/event-record.ts';
import { openProxy } from '../../../support/database-proxy.ts';
import { eventOf } from '../../../support/use-ledger.ts';
import { FAST, SLOW, START, useDeliveries } from '../deliveries/deliveries-stage.ts';

const stage = useDeliveries();
const { ledger, pass, open, recordClaimed, fail, claimAll } = stage;

const TARGETS = [
  { id: SLOW, events: ['upload.*', 'vod.NewFileUpload'] },
  { id: FAST, events: ['upload.*'] },
];

/** Events whose messages differ in all that a message may have. */
const EVENTS: Readonly<Record<string, Partial<EventRecord>>> = {
  'changes nothing': { payload: { zebra: 1, b: { y: [1.5], x: 'a\0b' }, aa: null } },
  'is not confirmed': { confirmed: false, subAppId: 7, receivedAt: START - 5_000 },
  'no target takes': { eventType: 'vod.FileDeleted' },
  'announces an upload': {
    subAppId: 7,
    fileId: 'f',
    changes: [
      {
        ...{ key: { uploadId: 'u' }, fact: 'uploadedForProcessing', method: 'client' },
        ...{ owner: 'ann', fields: { fileId: 'f', size: 5, expiresAt: START, subAppId: 7 } },
      },
    ],
  },
  'announces several': {
    payload: { FileIdSet: ['f1', 'f2'] },
    changes: ['f1', 'f2'].map((fileId) => ({ key: { fileId }, fact: 'processingSucceeded' })),
  },
};

const byName = (claims: readonly { eventId: string; endpoint: string }[]) =>
  claims.toSorted((a, b) => (`${a.eventId} ${a.endpoint}` < `${b.eventId} ${b.endpoint}` ? -1 : 1));

const names = (claims: readonly { eventId: string; endpoint: string }[]) =>
  byName(claims).map(({ eventId, endpoint }) => [eventId, endpoint]);

describe('deliveries that are claimed while their events are recorded', () => {
  describe.each(['alone', 'in a batch'])('%s', (how) => {
    const claimWith = async (told: EventRecord, each: Ledger) => {
      if (how === 'alone') return (await each.recordEvent(told, 60)).claims;
      const other = eventOf([], { eventId: 'other', eventType: 'vod.None' });
      const [result] = await each.recordEvents([told, other], 60);
      return result?.claims ?? [];
    };

    it.each(Object.entries(EVENTS))(
      'are those that others claim after the lease: of an event that %s',
      async (_, { changes = [], ...more }) => {
        const told = stage.openLedger({ targets: TARGETS });
        await ledger.resumeEndpoint(FAST);
        const claims = await claimWith(eventOf(changes, { eventId: 'e', ...more }), told);

        pass(59_999);
        expect(await claimAll()).toEqual([]);
        pass(1);
        const again = (await claimAll()).map((claim) => ({ ...claim, attempt: 1 }));
        const others = { lease: expect.any(Object), size: expect.any(Number) };
        expect(byName(claims.map((claim) => ({ ...claim, ...others })))).toEqual(byName(again));
        await told.close();
      },
    );

    it('are not those of an event that is known', async () => {
      const told = eventOf([], { eventId: 'e' });
      expect(await claimWith(told, open(FAST))).toHaveLength(1);
      expect(await claimWith(told, open(FAST))).toEqual([]);
    });

    it('can be settled, each once', async () => {
      const [first, second] = await claimWith(eventOf([], { eventId: 'e' }), open(SLOW, FAST));
      if (first === undefined || second === undefined) throw new Error('Both are claimed.');
      expect(await ledger.finishDelivery(first)).toBe(true);
      expect(await fail(second, 'again')).toBe(true);
      expect(await ledger.finishDelivery(second)).toBe(true);
      expect(await claimAll()).toEqual([]);
    });
  });

  it('are not those to an endpoint with a failed delivery, until that one succeeds', async () => {
    const [first] = await recordClaimed('e1', SLOW);
    await fail(first, 'again');
    expect(names(await recordClaimed('e2', SLOW, FAST))).toEqual([['e2', FAST]]);

    const again = await claimAll();
    expect(names(again)).toEqual([
      ['e1', SLOW],
      ['e2', SLOW],
    ]);
    for (const claim of again) await ledger.finishDelivery(claim);
    expect(names(await recordClaimed('e3', SLOW))).toEqual([['e3', SLOW]]);
  });

  it('are also those to an endpoint with a delivery in progress', async () => {
    expect(await recordClaimed('e1', FAST)).toHaveLength(1);
    expect(await recordClaimed('e2', FAST)).toHaveLength(1);
  });

  it('name the last success of their endpoints', async () => {
    const [first] = await recordClaimed('e1', FAST);
    expect(first).not.toHaveProperty('endpointDeliveredAt');
    pass(5_000);
    await ledger.finishDelivery(first ?? expect.fail('It is claimed.'));

    expect(await recordClaimed('e2', FAST, SLOW)).toMatchObject([
      { endpoint: FAST, endpointDeliveredAt: START + 5_000 },
      { endpoint: SLOW },
    ]);
  });

  it('belong to one of several callers with the same event', async () => {
    const told = eventOf([], { eventId: 'e' });
    const claimed = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const each = stage.openLedger({ targets: [{ id: SLOW, events: ['*'] }] });
        const { claims } = await (i % 2 === 0
          ? each.recordEvent(told, 60)
          : each
              .recordEvents([told, eventOf([], { eventType: 'vod.None' })], 60)
              .then(([result]) => result ?? expect.fail('It has a result.')));
        await each.close();
        return claims.filter(({ eventId }) => eventId === 'e');
      }),
    );
    expect(claimed.flat()).toHaveLength(1);
  });

  it('are due immediately for a caller that does not ask for them', async () => {
    expect(await open(FAST).recordEvent(eventOf([]))).toMatchObject({ deliveries: 1, claims: [] });
    expect(await claimAll()).toHaveLength(1);
  });

  it('are none if the targets are not known', async () => {
    const blind = stage.openLedger();
    expect(await blind.recordEvent(eventOf([], { eventId: 'e' }), 60)).toMatchObject({
      ...{ fresh: true, deliveries: 0, claims: [] },
    });
    await blind.close();
    expect(await open(FAST).fanOut(9)).toBe(1);
  });
});

describe('claims of which the answer was lost', () => {
  const arrival = (uploadId: string) =>
    eventOf([{ key: { uploadId }, fact: 'uploaded' }], { eventId: `e-${uploadId}` });

  async function loseAnswer(work: (cut: Ledger) => Promise<unknown>) {
    const proxy = await openProxy(new URL(stage.url()));
    const cut = stage.openLedger({ url: proxy.url, targets: TARGETS });
    // What is already prepared is answered in one part.
    await cut.recordEvent(arrival('u1'), 60);
    proxy.dropNextAnswer();
    await work(cut);
    await cut.close();
    await proxy.close();
  }

  it('are the same as without that, and are leased again', async () => {
    await loseAnswer(async (cut) => {
      const lost = await cut.recordEvent(arrival('u2'), 60);

      expect(names(lost.claims)).toEqual([
        ['e-u2', SLOW],
        ['evt_u2_ready', SLOW],
        ['evt_u2_ready', FAST],
      ]);
      expect(lost).toMatchObject({ fresh: true, deliveries: 3 });
      expect(lost.claims.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      pass(59_999);
      expect(await claimAll()).toEqual([]);
      for (const claim of lost.claims) expect(await ledger.finishDelivery(claim)).toBe(true);
    });
  });
});
