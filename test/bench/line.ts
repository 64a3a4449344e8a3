/** What was measured in several rounds: half of them were between `low` and `high`. */
export interface Figure {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** What a figure must be, in its unit. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table: what the documents promise, and how it is measured. */
export interface Line {
  /** Says what is measured, unlike any other line: the last figure is found by it. */
  readonly name: string;
  /** As `×`, `ms` or `kB`; empty for a plain number. */
  readonly unit: string;
  /** Missing for what is only recorded. */
  readonly target?: Target;
  readonly measure: (stage: Stage) => Promise<Figure>;
}

/** What lines are measured on; each part is made when it is first needed. */
export interface Stage {
  /** Folder with the built functions, as `signature.js`. */
  readonly folder: () => Promise<string>;
  /** URL of a PostgreSQL with the ledger's tables that waits for its disk, as it does in production. */
  readonly database: () => Promise<string>;
}

/** Returns the figure of the values of several rounds. */
export function summarize(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** Returns the figure of something that is the same in every round, or was measured once. */
export function exactly(value: number): Figure {
  return { median: value, low: value, high: value };
}

/** Returns the figure with each of its numbers changed, such as a rate made from a time. */
export function convert({ median, low, high }: Figure, change: (value: number) => number): Figure {
  const [least = 0, most = 0] = [change(low), change(high)].sort((a, b) => a - b);
  return { median: change(median), low: least, high: most };
}

/** Returns `measure` in a form that several lines can use: it is done once for all of them. */
export function share<Result>(
  measure: (stage: Stage) => Promise<Result>,
): (stage: Stage) => Promise<Result> {
  let result: Promise<Result> | undefined;
  return (stage) => {
    result ??= measure(stage);
    return result;
  };
}

/** Whether a figure is what its line promises. */
export type Verdict = 'held' | 'within the noise' | 'missed' | 'recorded';

/** Returns whether `figure` is within `target`. It misses it beyond its noise if three quarters of the rounds do. */
export function judge({ median, low, high }: Figure, target: Target | undefined): Verdict {
  if (target === undefined) return 'recorded';
  const [passes, better] =
    'atMost' in target
      ? [median <= target.atMost, low <= target.atMost]
      : [median >= target.atLeast, high >= target.atLeast];
  if (passes) return 'held';
  return better ? 'within the noise' : 'missed';
}
