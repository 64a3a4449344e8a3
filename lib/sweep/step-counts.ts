import { nameError } from '../runtime/item-fault.ts';

/** Counts of a step. */
export interface StepCounts<Name extends string> {
  readonly counts: Readonly<Record<Name | 'failed', number>>;
  readonly add: (name: Name, by?: number) => void;
  /** Counts a failure, in total and by its reason. */
  readonly fail: (error: unknown) => void;
}

/** Number of failures by reason: codes of VOD, of this service, of the database, or names of errors. */
export type ErrorCounts = Map<string, number>;

/** Creates counts that begin with 0 for each of `names`. */
export function createStepCounts<Name extends string>(
  names: readonly Name[],
  errors: ErrorCounts,
): StepCounts<Name> {
  const zeros = [...names, 'failed' as const].map((name) => [name, 0] as const);
  const counts = Object.fromEntries(zeros) as Record<Name | 'failed', number>;
  return {
    counts,
    add(name, by = 1) {
      counts[name] += by;
    },
    fail(error) {
      counts.failed += 1;
      const code = nameError(error);
      errors.set(code, (errors.get(code) ?? 0) + 1);
    },
  };
}
