import type { LeaseRequest } from '../model/call-lease.ts';
import type { Clock } from '../system.ts';

/** How long a spare call can be made. It is counted for at least as long from when the database leased it. */
const SPARE_MILLISECONDS = 14_500;

/** A call that can be made at any time for some seconds. */
export interface SpareCall {
  readonly isHeld: () => boolean;
  /** Returns whether there was one, which is then made. */
  readonly take: () => boolean;
  /** @param leasedAt not later than the lease, on the monotonic clock. */
  readonly hold: (leasedAt: number, period: number) => void;
  readonly drop: () => void;
  /** Returns what the budget was not told yet, once. */
  readonly report: () => LeaseRequest['made'];
}

/** Creates the place of an instance for one spare call, which is empty. */
export function createSpareCall({ monotonic, now }: Pick<Clock, 'monotonic' | 'now'>): SpareCall {
  // The monotonic clock may stand still while an instance is frozen, and the other one may be set back.
  let held: { readonly until: number; readonly untilTime: number } | undefined;
  let made = { count: 0, period: 0 };
  const isHeld = () => held !== undefined && monotonic() < held.until && now() < held.untilTime;
  return {
    isHeld,
    take() {
      if (!isHeld()) return false;
      held = undefined;
      made = { ...made, count: made.count + 1 };
      return true;
    },
    hold(leasedAt, period) {
      const left = leasedAt + SPARE_MILLISECONDS - monotonic();
      held = { until: leasedAt + SPARE_MILLISECONDS, untilTime: now() + left };
      made = { count: 0, period };
    },
    drop() {
      held = undefined;
    },
    report() {
      const reported = made;
      made = { ...made, count: 0 };
      return reported;
    },
  };
}
