import type { Transfer } from './upload.ts';

/** Measures a transfer from samples of its loaded bytes. */
export interface TransferRate {
  measure(loaded: number, total: number): Omit<Transfer, 'reached'>;
  /** Forgets the samples, for example after a pause. */
  restart(): void;
}

const WINDOW_MILLISECONDS = 4_000;

/** Returns a rate over the last four seconds: steady enough to read, quick enough to trust. */
export function createTransferRate(now: () => number = () => performance.now()): TransferRate {
  let samples: { at: number; loaded: number }[] = [];
  return {
    measure(loaded, total) {
      const at = now();
      samples = samples.filter((sample) => at - sample.at <= WINDOW_MILLISECONDS);
      samples.push({ at, loaded });
      const first = samples[0];
      const seconds = first === undefined ? 0 : (at - first.at) / 1_000;
      const gained = first === undefined ? 0 : Math.max(0, loaded - first.loaded);
      const bytesPerSecond = seconds > 0 ? gained / seconds : 0;
      const remainingSeconds = bytesPerSecond > 0 ? (total - loaded) / bytesPerSecond : null;
      return { loaded, bytesPerSecond, remainingSeconds };
    },
    restart() {
      samples = [];
    },
  };
}
