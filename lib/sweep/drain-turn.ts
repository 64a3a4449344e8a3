import type { Deadline } from '../system.ts';
import { hasTime, type SweepRun } from './sweep-run.ts';

/** The right to send queued pulls, which one sweep has at a time. */
export interface DrainTurn {
  /** Prolongs the turn if that is due; returns whether it is still held. */
  readonly keep: () => Promise<boolean>;
  /** When calls have to end. */
  readonly deadline: Deadline;
  /**
   * Passes the turn on: soon if the calls were even, so that together with the first calls of the next sweep they do
   * not exceed the rate; otherwise once the calls of the last second no longer count.
   */
  readonly end: (wereEven: boolean) => Promise<void>;
}

/** What a turn needs from a sweep. */
type Turning = Pick<SweepRun, 'now' | 'sleep' | 'deadline'> & {
  readonly ledger: Pick<SweepRun['ledger'], 'acquireLease' | 'releaseLease'>;
};

/** Names of the leases of the sweep that sends, and of the one that waits for the turn. */
const TURN = 'pull-drain';
const NEXT = 'pull-drain-next';

/** Seconds for which nothing is sent after a sweep was killed. */
const LEASE_SECONDS = 20;

/** The lease is prolonged when less than this is left. */
const RENEW_MILLISECONDS = 12_000;

/** Time without calls before the lease ends: the second in which a call counts, and the difference of two clocks. */
const WINDOW_MILLISECONDS = 1_100;

/** Least time between the calls of two sweeps: more than the difference between two clocks. */
const GAP_MILLISECONDS = 250;

const POLL_MILLISECONDS = 100;

/**
 * Returns the turn; undefined if another sweep has it and a third one already waits for it, or time ran out. Since one
 * sweep waits, calls continue without a gap when sweeps overlap.
 */
export async function takeDrainTurn(run: Turning): Promise<DrainTurn | undefined> {
  const { ledger, sleep } = run;
  const acquire = async () => {
    // Counted from before the statement, so that the lease is never assumed to last longer than it does.
    const until = run.now() + LEASE_SECONDS * 1_000;
    return (await ledger.acquireLease(TURN, LEASE_SECONDS)) ? until : undefined;
  };
  let until = await acquire();
  if (until !== undefined) return holdTurn(run, until, acquire);
  try {
    while (hasTime(run) && (await ledger.acquireLease(NEXT, LEASE_SECONDS))) {
      until = await acquire();
      if (until !== undefined) return holdTurn(run, until, acquire);
      await sleep(POLL_MILLISECONDS);
    }
  } finally {
    await ledger.releaseLease(NEXT);
  }
  return undefined;
}

/** @param acquired end of the lease, in Unix milliseconds. */
function holdTurn(
  { ledger, now, deadline }: Turning,
  acquired: number,
  acquire: () => Promise<number | undefined>,
): DrainTurn {
  let until = acquired;
  let renewal: Promise<void> | undefined;
  const left = () => until - now();
  const renew = async () => {
    try {
      until = (await acquire()) ?? 0;
    } finally {
      renewal = undefined;
    }
  };
  return {
    async keep() {
      if (left() < RENEW_MILLISECONDS) {
        renewal ??= renew();
        await renewal;
      }
      return left() > 0;
    },
    deadline: { left: () => Math.min(deadline.left(), left() - WINDOW_MILLISECONDS) },
    async end(wereEven) {
      const milliseconds = wereEven ? GAP_MILLISECONDS : WINDOW_MILLISECONDS;
      if (left() > 0) await ledger.acquireLease(TURN, milliseconds / 1_000);
    },
  };
}
