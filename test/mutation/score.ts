/** A change to the code that was tried. */
export interface Mutant {
  /** Path relative to the project's folder. */
  readonly file: string;
  readonly line: number;
  /** The text of that line, without the spaces around it. */
  readonly text: string;
  /** The code that was changed, without comments, each run of white space as one space. */
  readonly code: string;
  /** Name of Stryker's mutator: https://stryker-mutator.io/docs/mutation-testing-elements/supported-mutators/. */
  readonly mutator: string;
  /** The replacement, in the same form. */
  readonly replacement: string;
  readonly status: string;
}

/** A change that no test can detect, because the program behaves the same. */
export interface Equivalent extends Omit<Mutant, 'line' | 'status'> {
  readonly reason: string;
}

/** The result of the changes to one folder. */
export interface Score {
  readonly killed: number;
  /** Changes that no test detected, without the equivalent ones. */
  readonly survivors: readonly Mutant[];
  readonly equivalent: number;
  /** Entries of the list that match no surviving change. */
  readonly stale: readonly Equivalent[];
  /** Per cent of the changes that a test detected; 100 if there were none. */
  readonly percent: number;
}

/**
 * A change that exceeds the time limit is detected, too. Changes with any other status have no result and do not count.
 */
const KILLED = new Set(['Killed', 'Timeout']);
const SURVIVED = new Set(['Survived', 'NoCoverage']);

/** Returns how many of `mutants` the tests detected. */
export function computeScore(mutants: readonly Mutant[], list: readonly Equivalent[]): Score {
  const killed = mutants.filter(({ status }) => KILLED.has(status)).length;
  const unseen = mutants.filter(({ status }) => SURVIVED.has(status));
  const survivors = unseen.filter((mutant) => !list.some((entry) => fits(entry, mutant)));
  const counted = killed + survivors.length;
  return {
    killed,
    survivors,
    equivalent: unseen.length - survivors.length,
    stale: list.filter((entry) => !unseen.some((mutant) => fits(entry, mutant))),
    percent: counted === 0 ? 100 : (killed * 100) / counted,
  };
}

/**
 * Returns how many of `count` faults may survive where the tests must detect `percent` of all. For a sample it adds
 * three standard deviations, which chance exceeds about once in a thousand samples.
 */
export function allowSurvivors(count: number, percent: number, isSample: boolean): number {
  const share = 1 - percent / 100;
  const chance = isSample ? 3 * Math.sqrt(count * share * (1 - share)) : 0;
  return Math.floor(count * share + chance);
}

function fits(entry: Equivalent, mutant: Mutant): boolean {
  return (
    entry.file === mutant.file &&
    entry.text === mutant.text &&
    entry.code === mutant.code &&
    entry.mutator === mutant.mutator &&
    entry.replacement === mutant.replacement
  );
}
