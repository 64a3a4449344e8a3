import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../tools/deploy/settings.ts';

describe('readSettings()', () => {
  it('writes the same text for the same settings, in whatever order the file has them', () => {
    const one = { upload: { rules: [{ b: 1, a: 2 }], policy: { regions: ['x', 'a'] } } };
    const other = {
      callers: {},
      upload: { policy: { regions: ['x', 'a'] }, rules: [{ a: 2, b: 1 }] },
    };

    expect(readSettings(one)).toBe('{"policy":{"regions":["x","a"]},"rules":[{"a":2,"b":1}]}\n');
    expect(readSettings(other)).toBe(readSettings(one));
  });

  it.each([undefined, null, {}, { upload: null }])('writes empty settings for %j', (custom) => {
    expect(readSettings(custom)).toBe('{}\n');
  });

  it.each([[[]], ['text'], [1]])('refuses %j in their place', (upload) => {
    expect(() => readSettings({ upload })).toThrow('custom.upload must be a map');
  });
});
