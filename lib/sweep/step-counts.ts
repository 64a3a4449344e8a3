import { nameError } from '../runtime/item-fault.ts';

/** What a step counts. */
export interface StepCounts<Name extends string> {
  readonly counts: Readonly<Record<Name | 'failed', number>>;
  readonly add: (name: Name, by?: number) => void;
  /** Counts a piece of work that failed, by its reason too. */
  readonly fail: (error: unknown) => void;
}

/** How often work failed for which reason: codes of VOD, of this service, of the database, or names of errors. */
export type ErrorCounts = Map<string, number>;

/** Returns counts that begin with 0 for each of `names`. */
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
