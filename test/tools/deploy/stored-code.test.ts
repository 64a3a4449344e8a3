import { describe, expect, it } from 'vitest';
import type { Bucket } from '../../../tools/deploy/cloud/bucket.ts';
import { chooseCode, listCode, pruneCode } from '../../../tools/deploy/stored-code.ts';

const SERVICE = { name: 'vod-upload', stage: 'dev' };
const digestOf = (digit: string) => digit.repeat(64);
const keyOf = (digit: string, stage = 'dev') => `vod-upload-${stage}-${digestOf(digit)}.zip`;

/** A bucket without a network; the end-to-end tests cover COS itself. */
function bucketOf(keys: readonly string[]): Bucket & { readonly keys: () => readonly string[] } {
  const objects = new Map(
    keys.map((key, index) => [key, new Date(Date.UTC(2026, 0, 1 + index)).toISOString()]),
  );
  return {
    store: async () => false,
    read: async () => Buffer.alloc(0),
    list: async (prefix) =>
      [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, storedAt]) => ({ key, storedAt })),
    delete: async (key) => {
      objects.delete(key);
    },
    remove: async () => false,
    keys: () => [...objects.keys()],
  };
}

const OTHERS = [
  keyOf('9', 'dev-eu'),
  keyOf('9', 'prod'),
  'vod-upload-dev-notes.zip',
  `vod-upload-dev-${digestOf('9')}.json`,
];

describe('listCode()', () => {
  it('returns the archives of this stage, newest first', async () => {
    const stored = await listCode(SERVICE, bucketOf([keyOf('1'), ...OTHERS, keyOf('2')]));

    expect(stored).toEqual([
      { key: keyOf('2'), digest: digestOf('2'), storedAt: '2026-01-06T00:00:00Z' },
      { key: keyOf('1'), digest: digestOf('1'), storedAt: '2026-01-01T00:00:00Z' },
    ]);
  });
});

describe('pruneCode()', () => {
  it.each([
    ['5', ['3', '4', '5']],
    // In use again after a rollback.
    ['1', ['1', '4', '5']],
    // Another one was stored, but is not used.
    ['3', ['3', '4', '5']],
  ])('keeps three archives, including %s, which is in use', async (used, kept) => {
    const bucket = bucketOf([...['1', '2', '3', '4', '5'].map((digit) => keyOf(digit)), ...OTHERS]);

    expect(await pruneCode(SERVICE, digestOf(used), bucket)).toBe(2);
    expect(bucket.keys()).toEqual([...kept.map((digit) => keyOf(digit)), ...OTHERS]);
  });
});

describe('chooseCode()', () => {
  const stored = ['3', '2', '1'].map((digit) => ({
    key: keyOf(digit),
    digest: digestOf(digit),
    storedAt: `2026-01-0${digit}T00:00:00Z`,
  }));

  it('returns the newest archive that is not in use, or the one stored at a given time', () => {
    expect(chooseCode(stored, new Set([digestOf('3')]), undefined)).toBe(stored[1]);
    expect(chooseCode(stored, new Set(), '2026-01-01T00:00:00Z')).toBe(stored[2]);
  });

  it.each(['2026-01-01T00:00Z', '2026-01-01T09:00:00+0900', '2026-01-01 00:00:00.000+00'])(
    'returns the archive stored at a time written as %s',
    (time) => {
      expect(chooseCode(stored, new Set(), time)).toBe(stored[2]);
    },
  );

  it('throws if there is none', () => {
    const choose = (time: string) => () => chooseCode(stored, new Set(), time);

    expect(() => chooseCode([], new Set(), undefined)).toThrow('no older code');
    expect(choose('2020-01-01T00:00:00Z')).toThrow('No code was stored at 2020-01-01T00:00:00Z');
    expect(choose('2026-01-01')).toThrow('--timestamp must be an ISO 8601 time');
    expect(choose('1767225600000')).toThrow('--timestamp must be an ISO 8601 time');
  });
});
