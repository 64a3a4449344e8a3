import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretEqual } from '../../../lib/signing/secrets.ts';

describe('secretEqual()', () => {
  it('agrees with === for any two texts of any lengths', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        expect(secretEqual(left, right)).toBe(left === right);
        expect(secretEqual(left, left)).toBe(true);
      }),
    );
  });
});
