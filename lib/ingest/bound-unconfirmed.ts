import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { Problem } from '../problem.ts';
import type { LogFields } from '../runtime/log.ts';

/**
 * Most events of one application and minute that nobody confirms and that are recorded and told all the same. Anyone who has
 * seen a `Sign` can make them up, so the number, which is our choice, is what that may cost: ten a second.
 */
export const MAX_UNCONFIRMED = 600;

const MINUTE = 60_000;

/**
 * Lets an event that nobody confirms be recorded and told.
 *
 * @param log gets by how many the minute has too many events by now.
 * @throws {Problem} `unconfirmed_exceeded` where its minute has no room: VOD is to send it again.
 */
export type AdmitUnconfirmed = (subAppId: number | undefined, log: LogFields) => Promise<void>;

/**
 * Creates what bounds the events that nobody confirms, over all instances where there is a ledger, and over this one
 * otherwise. What is too much for this instance alone does not reach the ledger.
 *
 * @param now Unix milliseconds.
 */
export function createUnconfirmedBound(
  ledger: WithLedger | undefined,
  now: () => number,
): AdmitUnconfirmed {
  const counts = new Map<number | undefined, { readonly minute: number; readonly count: number }>();
  const countHere = (subAppId: number | undefined) => {
    const minute = Math.floor(now() / MINUTE);
    const before = counts.get(subAppId);
    const count = before?.minute === minute ? before.count + 1 : 1;
    counts.set(subAppId, { minute, count });
    return count;
  };
  return async (subAppId, log) => {
    let count = countHere(subAppId);
    if (ledger !== undefined && count <= MAX_UNCONFIRMED) {
      count = await ledger((opened) => opened.incrementUnconfirmed(subAppId));
    }
    if (count <= MAX_UNCONFIRMED) return;
    log.surplusEvents = count - MAX_UNCONFIRMED;
    throw new Problem(
      `Of one application at most ${MAX_UNCONFIRMED} notifications in a minute are taken that VOD cannot be asked about: send it again.`,
      { code: 'unconfirmed_exceeded', headers: { 'Retry-After': String(MINUTE / 1_000) } },
    );
  };
}
