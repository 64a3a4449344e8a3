import { describe, expect, it } from 'vitest';
import { isStorableTime } from '../../../lib/ledger/query.ts';

describe('isStorableTime()', () => {
  it.each([
    [0, true],
    [253_402_300_799_999, true],
    [253_402_300_800_000, false],
    [-1, false],
    [0.5, false],
    [Number.NaN, false],
    ['0', false],
    [undefined, false],
  ])('accepts %j as a time that can be stored: %s', (milliseconds, kept) => {
    expect(isStorableTime(milliseconds)).toBe(kept);
  });
});
