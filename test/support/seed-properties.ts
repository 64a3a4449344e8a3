import type { IRawProperty, Parameters } from 'fast-check';
import { vi } from 'vitest';

const seed = process.env['PROPERTY_SEED'];

// Properties draw new inputs in each run, which finds more over time. With `PROPERTY_SEED` each run draws the same ones, so
// that a commit that passed in CI passes again.
vi.mock('fast-check', async (importOriginal) => {
  const original = await importOriginal<typeof import('fast-check')>();
  if (seed === undefined) return original;
  const assert = <T>(property: IRawProperty<T>, parameters: Parameters<T> = {}) =>
    original.assert(property, { seed: Number(seed), ...parameters });
  return { ...original, assert, default: { ...original.default, assert } };
});
