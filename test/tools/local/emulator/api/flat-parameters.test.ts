import { describe, expect, it } from 'vitest';
import { unflatten } from '../../../../../tools/local/emulator/api/flat-parameters.ts';

const grow = (fields: Readonly<Record<string, string>>) => unflatten(Object.entries(fields));

describe('unflatten()', () => {
  it('builds lists and structures from names that are paths', () => {
    expect(
      grow({ Name: 'a', 'FileIds.0': 'x', 'FileIds.1': 'y', 'Sort.Field': 'f', 'A.0.B': '1' }),
    ).toEqual({
      Name: 'a',
      FileIds: ['x', 'y'],
      Sort: { Field: 'f' },
      A: [{ B: '1' }],
    });
  });

  it('sorts a list by number, not by text', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`L.${10 - index}`, String(10 - index)]),
    );

    expect(grow(fields)['L']).toEqual(Array.from({ length: 11 }, (_, index) => String(index)));
  });

  it('reads a list with gaps as a structure', () => {
    expect(grow({ 'A.0': 'x', 'A.2': 'y' })['A']).toEqual({ 0: 'x', 2: 'y' });
  });

  it('does not change any prototype', () => {
    const grown = grow({ '__proto__.polluted': 'yes', 'a.constructor.b': '1' });

    expect(Object.hasOwn(grown, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(grown)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });
});
