/** Moments of this instance, in milliseconds, between which the database's clock was at `at`. */
interface Reading {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly at: number;
}

/** Returns what to add to a time of the database's clock for one of this instance's monotonic clock. */
export type CompareClocks = (reading: Reading) => number;

/** How long a comparison of two clocks is used, in milliseconds. */
const COMPARISON_MILLISECONDS = 30_000;

/** Creates the comparison of this instance's monotonic clock with that of the database. */
export function createClockComparison(): CompareClocks {
  let best: Reading | undefined;
  const doubt = ({ sentAt, receivedAt }: Reading) => receivedAt - sentAt;
  const isUsable = (reading: Reading): boolean => {
    if (best === undefined || reading.receivedAt - best.receivedAt > COMPARISON_MILLISECONDS) {
      return false;
    }
    // Otherwise one of the clocks was set, or another server answers.
    const passed = reading.at - best.at;
    return passed <= reading.receivedAt - best.sentAt && passed >= reading.sentAt - best.receivedAt;
  };
  return (reading) => {
    // After the shortest wait for an answer it is least doubtful when the clock was read.
    if (best === undefined || !isUsable(reading) || doubt(reading) <= doubt(best)) best = reading;
    return (best.sentAt + best.receivedAt) / 2 - best.at;
  };
}
