import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesName, type NewMedia, resolveRules } from '../../../lib/policy/resolve-rules.ts';
import { settingsOf } from '../../support/settings.ts';

const MEDIA: NewMedia = {
  method: 'live',
  subAppId: 1_500_000_002,
  classId: 7,
  region: 'ap-seoul',
  owner: 'team-a/ann',
  name: 'match-1.flv',
  stream: 'room-42',
};

const rule = (name: string, set: object, match: object = {}) => ({ name, match, set });

function choose(rules: readonly object[], media: NewMedia = MEDIA) {
  const chosen = resolveRules(settingsOf({ rules }).rules, media);
  return JSON.parse(JSON.stringify(chosen));
}

describe('resolveRules()', () => {
  it('takes each field from the first rule that sets it', () => {
    const rules = [
      rule('elsewhere', { classId: 1 }, { methods: ['client'] }),
      rule('tags', { tags: ['a'] }),
      rule('more', { tags: ['b'], classId: 2, expireAfter: 60 }),
      rule('all', {
        classId: 3,
        expireTime: '2030-01-01T00:00:00Z',
        coverUrl: 'https://a.example.com/c.png',
        procedure: { name: 'p', taskPriority: -1 },
      }),
    ];

    expect(choose(rules)).toEqual({
      classId: { value: 2, rule: 'more' },
      expiry: { value: { expireAfter: 60 }, rule: 'more' },
      tags: { value: ['a'], rule: 'tags' },
      coverUrl: { value: 'https://a.example.com/c.png', rule: 'all' },
      procedure: { value: { name: 'p', taskPriority: -1 }, rule: 'all' },
    });
  });

  it('converts an expiry time to Unix seconds', () => {
    expect(choose([rule('r', { expireTime: '2030-01-01T00:00:00Z' })])).toEqual({
      expiry: { value: { expireTime: Date.UTC(2030, 0, 1) / 1_000 }, rule: 'r' },
    });
  });

  it.each([
    [{}],
    [{ methods: ['console', 'live'] }],
    [{ classIds: [1, 7] }],
    [{ subAppIds: [1_500_000_001, '1500000002'] }],
    [{ regions: ['ap-tokyo', 'ap-seoul'] }],
    [{ owners: ['team-b/*', 'team-a/*'] }],
    [{ name: 'match-*.flv' }],
    [{ streams: ['lobby', 'room-*'] }],
    [{ methods: ['live'], classIds: [7], regions: ['ap-seoul'], owners: ['*'], name: '*' }],
  ])('applies a rule to media that match all of %j', (match) => {
    expect(choose([rule('r', { classId: 9 }, match)])).toEqual({
      classId: { value: 9, rule: 'r' },
    });
  });

  it.each([
    [{ methods: ['client'] }],
    [{ classIds: [8] }],
    [{ subAppIds: [1_500_000_001] }],
    [{ regions: ['ap-tokyo'] }],
    [{ owners: ['team-a'] }],
    [{ name: '*.mp4' }],
    [{ streams: ['room-4'] }],
    [{ methods: ['live'], classIds: [8] }],
  ])('does not apply a rule to media that differ in %j', (match) => {
    expect(choose([rule('r', { classId: 9 }, match)])).toEqual({});
  });

  it.each([
    [{ classIds: [0] }],
    [{ subAppIds: [1_500_000_002] }],
    [{ regions: ['ap-seoul'] }],
    [{ owners: ['*'] }],
    [{ name: '*' }],
    [{ streams: ['*'] }],
  ])('does not apply a rule to media without a known value for %j', (match) => {
    expect(choose([rule('r', { classId: 9 }, match)], { method: 'console' })).toEqual({});
  });
});

describe('rules', () => {
  it.each([
    'http://a.example.com/c.png',
    'https://127.0.0.1/c.png',
    'https://user@a.example.com/c.png',
    'c.png',
  ])('are refused with the cover %s', (coverUrl) => {
    expect(() => settingsOf({ rules: [rule('r', { coverUrl })] })).toThrow(
      /rules\.0\.set\.coverUrl/,
    );
  });
});

describe('matchesName()', () => {
  it.each([
    ['', '', true],
    ['', '*', true],
    ['a', '', false],
    ['a.mp4', 'a.mp4', true],
    ['A.mp4', 'a.mp4', false],
    ['aXmp4', 'a.mp4', false],
    ['a.mp4', '*.mp4', true],
    ['.mp4', '*.mp4', true],
    ['a.mp4.exe', '*.mp4', false],
    ['abc', 'a*c', true],
    ['ac', 'a*c', true],
    ['a', 'a*a', false],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['a-b-c', '*b*', true],
    ['a-b-b', '*b*b', true],
    ['a-b', '*b*b', false],
    ['한글-1', '한*', true],
  ])('matches the text %j with the pattern %j: %s', (name, pattern, matches) => {
    expect(matchesName(name, pattern)).toBe(matches);
  });

  it('agrees with the same pattern as a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(text, pattern, (name, glob) => {
        const parts = glob.split('*').map((part) => part.replaceAll('.', '\\.'));
        expect(matchesName(name, glob)).toBe(new RegExp(`^${parts.join('.*')}$`).test(name));
      }),
      { numRuns: 3_000 },
    );
  });
});
