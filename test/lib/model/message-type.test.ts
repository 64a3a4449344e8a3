import { describe, expect, it } from 'vitest';
import {
  explainEventPattern,
  matchesEvent,
  selectTargets,
} from '../../../lib/model/message-type.ts';

describe('matchesEvent()', () => {
  it.each([
    ['upload.ready', '*', true],
    ['upload.ready', 'upload.*', true],
    ['upload.ready', 'upload.ready', true],
    ['upload.ready', 'upload.re*', true],
    ['upload.ready', 'upload.read', false],
    ['upload.ready', 'vod.*', false],
    ['vod.PullComplete', 'vod.Pull*', true],
    ['vod.PullComplete', 'vod.pullcomplete', false],
  ] as const)('a message %s matches the pattern %s: %s', (type, pattern, expected) => {
    expect(matchesEvent(type, pattern)).toBe(expected);
  });
});

describe('explainEventPattern()', () => {
  it.each([
    '*',
    'upload.*',
    'upload.deleted',
    'upload.re*',
    'vod.*',
    'vod.Pull*',
    'vod.FileDeleted',
  ])('accepts %s', (pattern) => {
    expect(explainEventPattern(pattern)).toBeUndefined();
  });

  it.each([
    '',
    'upload',
    'upload.',
    'upload.redy',
    'upload.*.x',
    '*.ready',
    'vod',
    'vod.',
    'vod.**',
    'my.vod.*',
    'Upload.*',
    'other.*',
  ])('refuses %j and lists the valid types', (pattern) => {
    expect(explainEventPattern(pattern)).toBe(
      'must be vod. and a type of VOD, upload. and one of issued, uploaded, processing, ready, failed, rejected, expired, cancelled, deleted, or the beginning of such names and *, as upload.*',
    );
  });
});

describe('selectTargets()', () => {
  it('selects the targets with at least one matching pattern', () => {
    const targets = [
      { id: 'all', events: ['*'] },
      { id: 'some', events: ['vod.*', 'upload.ready'] },
      { id: 'others', events: ['vod.*'] },
      { id: 'none', events: [] },
    ];

    expect(selectTargets(targets, 'upload.ready').map(({ id }) => id)).toEqual(['all', 'some']);
  });
});
