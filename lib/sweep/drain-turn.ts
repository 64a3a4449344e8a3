import type { Deadline } from '../system.ts';
import { hasTime, type SweepRun } from './sweep-run.ts';

/** The right to send queued pulls, which one sweep has at a time. */
export interface DrainTurn {
  /** Prolongs it where that is due; returns whether it is still held. */
  readonly keep: () => Promise<boolean>;
  /** When calls have to end. */
  readonly deadline: Deadline;
  /**
   * Hands it over: soon where the calls were even, so that the first ones of the one who is next add up to no more than
   * before; otherwise when those of the last second no longer count.
   */
  readonly end: (wereEven: boolean) => Promise<void>;
}

/** What waiting for it needs of a sweep. */
type Turning = Pick<SweepRun, 'now' | 'sleep' | 'deadline'> & {
  readonly ledger: Pick<SweepRun['ledger'], 'acquireLease' | 'releaseLease'>;
};

/** Names of the leases of the one who sends, and of the one that waits for it. */
const TURN = 'pull-drain';
const NEXT = 'pull-drain-next';

/** After a sweep that was killed, nothing is sent for so long. */
const LEASE_SECONDS = 20;

/** Prolonged when less than this is left. */
const RENEW_MILLISECONDS = 12_000;

/** No call is begun so shortly before the lease ends: the second that it counts in, and the difference of two clocks. */
const WINDOW_MILLISECONDS = 1_100;

/** No call follows so soon on one of another sweep: more than the difference of two clocks. */
const GAP_MILLISECONDS = 250;

const POLL_MILLISECONDS = 100;

/**
 * Returns the turn; undefined where another sweep has it and a third one waits for it already, or time ran out. Waiting
 * keeps the calls going without a gap where sweeps overlap.
 */
export async function takeDrainTurn(run: Turning): Promise<DrainTurn | undefined> {
  const { ledger, sleep } = run;
  const acquire = async () => {
    // Counted from before the question, so that it is never taken for longer than it is.
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

/** @param acquired until when it is held, in Unix milliseconds. */
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
