import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../lib/vod/event-json.ts';

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

  it('keeps all but null members', () => {
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
  ])('holds 40,000 levels of %s', (open, core, close) => {
    const text = open.repeat(40_000) + core + close.repeat(40_000);

    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });
});
