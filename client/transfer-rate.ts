/** Measures a transfer from samples of its bytes. */
export interface TransferRate {
  /** Returns bytes per second, 0 while there is nothing to measure. */
  measure(loaded: number): number;
  /** Forgets the samples, for example after a pause. */
  restart(): void;
}

const WINDOW_MILLISECONDS = 4_000;

/** Creates a rate over the last four seconds: steady enough to read, quick enough to trust. */
export function createTransferRate(): TransferRate {
  let samples: { readonly at: number; readonly loaded: number }[] = [];
  return {
    measure(loaded) {
      const at = Date.now();
      samples = samples.filter((sample) => at - sample.at <= WINDOW_MILLISECONDS);
      samples.push({ at, loaded });
      const first = samples[0];
      if (!first || at <= first.at) return 0;
      return Math.max(0, loaded - first.loaded) / ((at - first.at) / 1_000);
    },
    restart() {
      samples = [];
    },
  };
}
