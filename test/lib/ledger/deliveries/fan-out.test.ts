import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import { type EventType, selectTargets } from '../../../../lib/model/message-type.ts';
import { eventOf } from '../../../support/use-ledger.ts';
import { FAST, SLOW, START, useDeliveries } from './deliveries-stage.ts';

const { ledger, openLedger, pass, claimAll } = useDeliveries();

describe('fanOut()', () => {
  it('enqueues events that were recorded without targets, once for several concurrent callers', async () => {
    const blind = openLedger();
    for (let i = 0; i < 30; i += 1) {
      await blind.issueUpload({ uploadId: `u${i}`, method: 'client', owner: 'ann' });
      pass(1);
    }
    await blind.transition('u0', 'cancelled');
    expect(await blind.fanOut(9)).toBe(0);
    expect((await ledger.readBacklog()).notFannedOut).toEqual({ count: 31, oldestAt: START });

    const targets = [
      { id: SLOW, events: ['upload.cancelled'] },
      { id: FAST, events: ['upload.*', 'upload.issued'] },
      { id: 'https://none.example', events: [] },
    ];
    const sweeps = [1, 2, 3].map(() => openLedger({ targets }));
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
    const claims = await claimAll();
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
    const wide = openLedger({ targets });
    const records = types.map((eventType) => eventOf([], { eventId: eventType, eventType }));
    const recorded = await wide.recordEvents(records, 60);
    const claims = recorded.flatMap((each) => each.claims);
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
