import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findExceeded, type JsonBounds } from '../../../lib/validation/json-object.ts';

const MANY = 1_000_000;

/** Counts the same on the parsed text. */
function count(value: unknown): JsonBounds {
  if (typeof value !== 'object' || value === null) return { levels: 0, values: 0 };
  const inner = Object.values(value).map(count);
  return {
    levels: 1 + Math.max(0, ...inner.map(({ levels }) => levels)),
    values: Math.max(1, inner.length) + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

describe('findExceeded()', () => {
  it.each([
    ['7', 0],
    ['null', 0],
    ['{}', 1],
    ['[]', 1],
    ['{"a":[{"b":"c"}],"d":1}', 3],
    ['[[],[[[]]],[]]', 4],
    ['["[[[[", "\\"[[[[", "\\\\", ["]"]]', 2],
    ['{"[":{"{\\\\":1},"\\"{":[]}', 2],
  ])('counts the levels of %s as %i', (text, levels) => {
    expect(findExceeded(text, { levels, values: MANY })).toBeUndefined();
    if (levels > 0) {
      expect(findExceeded(text, { levels: levels - 1, values: MANY })).toBe('levels');
    }
  });

  it('agrees with the parser', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { levels, values } = count(JSON.parse(text));
        expect(findExceeded(text, { levels, values })).toBeUndefined();
        if (values > 0) expect(findExceeded(text, { levels, values: values - 1 })).toBe('values');
      }),
    );
  });

  it.each(['"', '["\\', '"\\"', '[[,,', ']]]', '{"a":"'])('terminates on %s', (text) => {
    expect(findExceeded(text, { levels: 9, values: 9 })).toBeUndefined();
  });

  it('scans six megabytes of brackets and backslashes', () => {
    const bounds = { levels: MANY * 9, values: MANY * 9 };
    expect(findExceeded('['.repeat(6 * MANY), { ...bounds, levels: 100 })).toBe('levels');
    expect(findExceeded(`"${'\\'.repeat(6 * MANY)}"`, bounds)).toBeUndefined();
    expect(findExceeded('[],'.repeat(2 * MANY), { ...bounds, values: 500_000 })).toBe('values');
  });
});
