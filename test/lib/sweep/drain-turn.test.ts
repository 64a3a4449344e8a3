import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DrainTurn, takeDrainTurn } from '../../../lib/sweep/drain-turn.ts';
import { useLedger } from '../../support/use-ledger.ts';

let time: number;
const database = useLedger({ now: () => time });

beforeEach(() => {
  time = Date.UTC(2026, 0, 31);
});

/** Has a separate instance ask for the turn; waiting moves the clock. */
function take(ledger = database.open(), until = Number.POSITIVE_INFINITY) {
  return takeDrainTurn({
    ...{ ledger, now: () => time },
    sleep: async (milliseconds) => {
      time += milliseconds;
      await setImmediate();
    },
    deadline: { left: () => until - time },
  });
}

async function demand(turn: Promise<DrainTurn | undefined>): Promise<DrainTurn> {
  const taken = await turn;
  if (taken === undefined) throw new Error('The turn is not free');
  return taken;
}

describe('takeDrainTurn()', () => {
  it('gives the next sweep its turn when the calls of the last second no longer count', async () => {
    const first = await demand(take());
    await first.end(false);
    const endedAt = time;

    await demand(take());

    expect(time - endedAt).toBeGreaterThan(1_000);
    expect(time - endedAt).toBeLessThan(2_000);
  });

  it('gives the turn sooner, but after a gap, if calls were evenly spaced', async () => {
    const first = await demand(take());
    await first.end(true);
    const endedAt = time;

    await demand(take());

    expect(time - endedAt).toBeGreaterThanOrEqual(250);
    expect(time - endedAt).toBeLessThan(500);
  });

  it('gives the turn immediately to the same instance, which counts its own calls', async () => {
    const ledger = database.open();
    const first = await demand(take(ledger));
    await first.end(false);
    const endedAt = time;

    await demand(take(ledger));

    expect(time).toBe(endedAt);
  });

  it('does not give away a turn that its holder keeps, for however long', async () => {
    const begun = time;
    const first = await demand(take());
    for (let seconds = 0; seconds < 120; seconds += 5) {
      time += 5_000;
      expect(await first.keep()).toBe(true);
      expect(first.deadline.left()).toBeGreaterThan(5_000);
      expect(await take(database.open(), time + 1_000)).toBeUndefined();
    }
    expect(time - begun).toBeGreaterThanOrEqual(120_000);
  });

  it('lets one sweep wait and no more', async () => {
    await take();
    const next = database.open();
    await next.acquireLease('pull-drain-next', 20);
    const before = time;

    expect(await take()).toBeUndefined();

    expect(time).toBe(before);
  });

  it('is free to any sweep, even if another is recorded as waiting', async () => {
    await database.open().acquireLease('pull-drain-next', 20);
    await demand(take());
  });

  it('frees the waiting place after its sweep got the turn or ran out of time', async () => {
    const first = await demand(take());
    expect(await take(database.open(), time + 5_000)).toBeUndefined();
    const next = database.open();
    expect(await next.acquireLease('pull-drain-next', 20)).toBe(true);
    await next.releaseLease('pull-drain-next');
    await first.end(true);

    await demand(take());

    expect(await next.acquireLease('pull-drain-next', 20)).toBe(true);
  });

  it('passes to another sweep after its holder was killed', async () => {
    const killed = await demand(take());
    const before = time;

    await demand(take());

    expect(time - before).toBe(20_000);
    expect(killed.deadline.left()).toBeLessThan(0);
    expect(await killed.keep()).toBe(false);
  });

  it('ends every call a second before another sweep may start', async () => {
    const turn = await demand(take());

    expect(turn.deadline.left()).toBe(18_900);
  });
});
