import { describe, expect, it } from 'vitest';
import { authorizePulls, toPullJob } from '../../../lib/pulls/prepare-pull.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { pullOf } from './pull-stage.ts';

const fieldsOf = (request: object) => {
  const pull = { owner: 'ann', subAppId: 7, request: { ...pullOf('film'), ...request } };
  return toPullJob('01JUPLOADEXAMPLE', pull, CONTEXTS.keys[0]).fields;
};

describe('toPullJob()', () => {
  it.each([
    ['film.mp4?token=canary', {}, 'film.mp4'],
    ['films/%EC%98%81%ED%99%94%20%231.MP4', {}, '영화 #1.MP4'],
    ['film.mp4', { mediaName: 'mine' }, 'mine'],
    ['download.php?id=canary', {}, 'download.php'],
    [`${'a'.repeat(252)}.mp4`, {}, `${'a'.repeat(252)}.mp4`],
    // The ends of these may be a secret, empty, not text, or too long.
    ['canary-0123456789abcdef', {}, undefined],
    ['film.mp4.canary-0123', {}, undefined],
    ['canary.0123456789abcdef', {}, undefined],
    ['.mp4', {}, undefined],
    ['film.mp4/', {}, undefined],
    ['%FF.mp4', {}, undefined],
    [`${'a'.repeat(253)}.mp4`, {}, undefined],
  ])('names the upload of %s after its file, if the file has a name', (path, more, name) => {
    const fields = fieldsOf({ mediaUrl: `https://media.example.com/${path}`, ...more });

    expect(fields.name).toBe(name);
    expect(JSON.stringify(fields)).not.toContain('canary');
  });

  it('records the fields that the upload shows, and neither URL', () => {
    const same = {
      ...{ storageRegion: 'ap-seoul', classId: 7, procedure: 'LongVideoPreset' },
      ...{ sourceContext: 'mine', sessionContext: 'theirs', limits: { maxSeconds: 60 } },
    };
    const urls = { coverUrl: 'https://media.example.com/cover.png' };

    expect(fieldsOf({ ...same, ...urls, expireTime: 1_798_761_600 })).toEqual({
      ...same,
      ...{ subAppId: 7, name: 'film.mp4', mediaExpireTime: 1_798_761_600_000 },
    });
    expect(fieldsOf({}).mediaExpireTime).toBeUndefined();
  });
});

describe('authorizePulls()', () => {
  it('gives a request without a key no idempotency key', () => {
    const owner = { owner: 'ann', subAppId: undefined, profile: {} };

    expect(authorizePulls([pullOf('a')], undefined, owner)).toEqual([
      { owner: 'ann', request: pullOf('a') },
    ]);
  });
});
