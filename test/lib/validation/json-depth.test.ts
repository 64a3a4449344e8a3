import { describe, expect, it } from 'vitest';
import { isDeeperThan } from '../../../lib/validation/json-depth.ts';

describe('isDeeperThan()', () => {
  it.each([
    [7, 0, false],
    [null, 0, false],
    [{}, 0, true],
    [[], 1, false],
    [{ a: [{ b: 'c' }], d: 1 }, 3, false],
    [{ a: [{ b: 'c' }], d: 1 }, 2, true],
    [[[], [[[]]], []], 3, true],
    [[[], [[[]]], []], 4, false],
  ])('%j has more than %i levels: %s', (value, levels, expected) => {
    expect(isDeeperThan(levels, value)).toBe(expected);
  });

  it('looks at 100,000 levels', () => {
    const value: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));

    expect(isDeeperThan(99_999, value)).toBe(true);
    expect(isDeeperThan(100_000, value)).toBe(false);
  });
});
