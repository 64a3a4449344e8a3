import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyWithoutNulls } from '../../../lib/vod/event.ts';
import { canonicalJson } from '../../../lib/vod/event-id.ts';

describe('canonicalJson()', () => {
  it.each([
    [{ b: 1, a: { d: [], c: {} } }, '{"a":{"c":{},"d":[]},"b":1}'],
    [{ a: null, b: undefined, c: { d: null } }, '{"c":{}}'],
    [[null, undefined, [1, 'x', true]], '[null,null,[1,"x",true]]'],
    [{ 'ä"': '\u2028\ud800' }, '{"ä\\"":"\u2028\\ud800"}'],
    [JSON.parse('{"__proto__":{"b":1}}'), '{"__proto__":{"b":1}}'],
    [null, 'null'],
    ['', '""'],
  ])('writes %j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('keeps all members except null', () => {
    const noNulls = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('null'));
    fc.assert(
      fc.property(noNulls, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['{"a":', '1', '}'],
    ['[', '1', ']'],
  ])('handles 40,000 levels of %s', (open, core, close) => {
    const text = open.repeat(40_000) + core + close.repeat(40_000);

    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });
});

describe('copyWithoutNulls()', () => {
  it.each([
    [{ b: 1, a: { d: [], c: {} } }],
    [[null, [1, 'x', true], { a: 0, b: '', c: false }]],
    ['text'],
    [0],
  ])('leaves %j unchanged', (value) => {
    expect(copyWithoutNulls(value)).toEqual(value);
  });

  it('removes null members at every level, but not null items', () => {
    const value = { a: null, b: [{ c: null, d: [null] }], e: { f: undefined, g: { h: null } } };

    expect(copyWithoutNulls(value)).toStrictEqual({ b: [{ d: [null] }], e: { g: {} } });
  });

  it('does not modify its input, whatever its members are called', () => {
    const text = '{"__proto__":{"a":{"__proto__":1}},"constructor":null,"list":[{"__proto__":[]}]}';
    const value: unknown = JSON.parse(text);

    const copy = copyWithoutNulls(value);

    expect(JSON.stringify(copy)).toBe(text.replace('"constructor":null,', ''));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe(text);
  });

  it('returns the same value as the canonical JSON', () => {
    // JSON text has no negative zero.
    const values = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(values, (value) => {
        expect(copyWithoutNulls(value)).toEqual(JSON.parse(canonicalJson(value)));
      }),
    );
  });

  it('handles 40,000 levels', () => {
    const text = `${'{"a":['.repeat(20_000)}1${']}'.repeat(20_000)}`;

    expect(canonicalJson(copyWithoutNulls(JSON.parse(text)))).toBe(text);
  });
});
