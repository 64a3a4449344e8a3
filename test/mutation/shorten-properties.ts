import type { IRawProperty, Parameters } from 'fast-check';
import { vi } from 'vitest';

/**
 * Most inputs of one property, which is fast-check's default: thousands of inputs for thousands of faults would take
 * days.
 */
const MAX_RUNS = 100;

// Every run tries the same inputs and stops at the first that fails; shrinking it would help no one here.
vi.mock('fast-check', async (importOriginal) => {
  const original = await importOriginal<typeof import('fast-check')>();
  const assert = <T>(property: IRawProperty<T>, parameters: Parameters<T> = {}) => {
    const numRuns = Math.min(parameters.numRuns ?? MAX_RUNS, MAX_RUNS);
    return original.assert(property, { ...parameters, numRuns, seed: 1, endOnFailure: true });
  };
  return { ...original, assert, default: { ...original.default, assert } };
});
