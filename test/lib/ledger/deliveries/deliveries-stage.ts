import { beforeEach } from 'vitest';
import type { ClaimedDelivery } from '../../../../lib/ledger/deliveries/deliveries.ts';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import { forward } from '../../../support/forward.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

/** The time when a test begins. */
export const START = Date.UTC(2026, 0, 1);
export const SLOW = 'https://a-slow.example';
export const FAST = 'https://b-fast.example';

/** Gives each test a ledger of deliveries, and its clock. */
export function useDeliveries() {
  let time: number;
  const database = useLedger({ clock: { now: () => time } });
  const { open: openLedger } = database;
  const opened = new Map<string, Ledger>();
  beforeEach(() => {
    time = START;
    opened.clear();
  });
  const open = (...endpoints: string[]): Ledger => {
    const name = endpoints.join(' ');
    const targets = endpoints.map((id) => ({ id, events: ['vod.*'] }));
    const made = opened.get(name) ?? openLedger({ targets });
    opened.set(name, made);
    return made;
  };
  const ledger = forward(() => open());
  return {
    ledger,
    /** Returns the URL of the database of the running test. */
    url: () => database.url,
    /** Returns another ledger, without targets where none are given. */
    openLedger,
    now: () => time,
    /** Moves the clock. */
    pass(milliseconds: number) {
      time += milliseconds;
    },
    /** Returns a ledger with these targets, each of which takes every event of VOD. */
    open,
    /** Records an event that is to be delivered to these endpoints. */
    record: (eventId: string, ...endpoints: string[]) =>
      open(...endpoints).recordEvent(eventOf([], { eventId, payload: { eventId } })),
    /** Records such an event, and returns the deliveries that are claimed for 60 seconds by that. */
    recordClaimed: async (eventId: string, ...endpoints: string[]) =>
      (await open(...endpoints).recordEvent(eventOf([], { eventId, payload: { eventId } }), 60))
        .claims,
    /** Ends a delivery as dead, by a pause of its endpoint, or to be retried at once. */
    async fail(claim: ClaimedDelivery | undefined, how: 'dead' | 'paused' | 'again') {
      if (claim === undefined) throw new Error('There is a delivery.');
      const error = 'no';
      if (how === 'paused') return ledger.pauseEndpoint(claim, { error, dead: false });
      if (how === 'dead') return ledger.failDelivery(claim, { error, dead: true });
      return ledger.failDelivery(claim, { error, nextAttemptAt: time });
    },
    /** Claims the delivery that is due first. @throws where none is due. */
    async claimOne(): Promise<ClaimedDelivery> {
      const [claim] = await ledger.claimDeliveries(1, 60, 1);
      if (claim === undefined) throw new Error('There is a delivery.');
      return claim;
    },
    /** Claims all deliveries that are due. */
    claimAll: () => ledger.claimDeliveries(99, 60, 99),
  };
}
