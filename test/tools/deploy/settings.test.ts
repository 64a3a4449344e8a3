import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../tools/deploy/settings.ts';

describe('readSettings()', () => {
  it('writes the same text for the same settings in any order', () => {
    const one = {
      upload: {
        rules: [{ set: { classId: 7 }, name: 'a' }],
        policy: { console: { mediaTypes: ['mp4', 'mov'], maxBytes: 9 } },
      },
    };
    const other = {
      callers: {},
      upload: {
        policy: { console: { maxBytes: 9, mediaTypes: ['mp4', 'mov'] } },
        rules: [{ name: 'a', set: { classId: 7 } }],
      },
    };

    expect(readSettings(one)).toBe(
      '{"policy":{"console":{"maxBytes":9,"mediaTypes":["mp4","mov"]}},"rules":[{"name":"a","set":{"classId":7}}]}\n',
    );
    expect(readSettings(other)).toBe(readSettings(one));
  });

  it.each([undefined, null, {}, { upload: null }])('writes empty settings for %j', (custom) => {
    expect(readSettings(custom)).toBe('{}\n');
  });

  it.each([[[]], ['text'], [1]])('refuses %j instead of settings', (upload) => {
    expect(() => readSettings({ upload })).toThrow('custom.upload must be a map');
  });

  it('reads a time without quotes, which YAML parses as a date, like one with quotes', () => {
    const settings = (expireTime: unknown) =>
      readSettings({ upload: { rules: [{ name: 'a', set: { expireTime } }] } });

    expect(settings(new Date('2099-01-01T00:00:00+09:00'))).toBe(
      '{"rules":[{"name":"a","set":{"expireTime":"2098-12-31T15:00:00.000Z"}}]}\n',
    );
    expect(() => settings('2099-01-01T00:00:00')).toThrow(
      'custom.upload.rules.0.set.expireTime must have a zone at its end',
    );
  });

  it('names the place of every problem, without a value', () => {
    const sha256 = hash('sha256', 'made-up API key');
    const upload = {
      keys: [
        { name: 'importer', sha256, scopes: ['upload:pull'] },
        { name: 'importer', sha256: 'the-key-itself' },
      ],
      policy: {
        profiles: { default: { maxByte: 1, regions: ['nowhere-at-all'] } },
        select: [{ profile: 'partner', scope: 'upload:partner' }],
      },
      rules: [{ name: 'all', set: {} }],
      rule: [],
    };
    const read = () => readSettings({ upload });

    for (const place of [
      'keys.1.sha256',
      'keys.1.scopes',
      'keys.1.name',
      'policy.profiles.default.maxByte',
      'policy.profiles.default.regions.0',
      'policy.select.0.profile',
      'rules.0.set',
      'rule',
    ]) {
      expect(read).toThrow(`\n  - custom.upload.${place} `);
    }
    expect(read).not.toThrow(/the-key-itself/);
    expect(read).not.toThrow(sha256);
  });
});
