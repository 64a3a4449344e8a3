import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprintPull } from '../../../lib/pulls/pull-fingerprint.ts';
import { parsePullRequest } from '../../../lib/validation/pull-request.ts';

const URL = 'https://media.example.com/film.mp4';

function fingerprint(fields: object): string {
  const body = parsePullRequest({ mediaUrl: URL, ...fields }, { nowSeconds: 0, policy: {} });
  if (body.kind !== 'one') throw new Error('This is a batch');
  return fingerprintPull(body.request);
}

describe('fingerprintPull()', () => {
  // Databases store fingerprints of this form: every later release must compute the same one for the same request.
  it.each<[object, string]>([
    [{}, `{"mediaType":"mp4","mediaUrl":"${URL}"}`],
    [
      {
        ...{ mediaType: 'MP4', mediaName: '한글', coverUrl: 'https://media.example.com/c.png' },
        ...{ procedure: 'LongVideoPreset', expireTime: '2099-01-01T00:00:00Z', classId: 7 },
        ...{ storageRegion: 'ap-seoul', tasksPriority: -10, sessionContext: 's' },
        ...{ sourceContext: 'o', mediaStoragePath: '/films/film.mp4', idempotencyKey: 'job-7' },
        limits: { maxSeconds: 6, mediaTypes: ['mp4', 'mov'], maxBytes: 5 },
      },
      `{"classId":7,"coverUrl":"https://media.example.com/c.png","expireTime":4070908800,"limits":{"maxBytes":5,"maxSeconds":6,"mediaTypes":["mov","mp4"]},"mediaName":"한글","mediaStoragePath":"/films/film.mp4","mediaType":"mp4","mediaUrl":"${URL}","procedure":"LongVideoPreset","sessionContext":"s","sourceContext":"o","storageRegion":"ap-seoul","tasksPriority":-10}`,
    ],
  ])('is the SHA-256 of the fields of %j in a fixed order', (fields, text) => {
    expect(fingerprint(fields)).toBe(createHash('sha256').update(text).digest('base64'));
  });

  it.each<[string, object, object]>([
    ['the order of fields', { classId: 7, mediaName: 'a' }, { mediaName: 'a', classId: 7 }],
    [
      'the order of nested fields',
      { limits: { maxBytes: 5, maxSeconds: 6 } },
      { limits: { maxSeconds: 6, maxBytes: 5 } },
    ],
    [
      'the order of media types',
      { limits: { mediaTypes: ['mp4', 'mov'] } },
      { limits: { mediaTypes: ['mov', 'mp4'] } },
    ],
    [
      'null',
      { classId: null, limits: { maxBytes: 5, maxSeconds: null } },
      { limits: { maxBytes: 5 } },
    ],
    ['limits without a value', { limits: { maxBytes: null } }, {}],
    ['empty limits', { limits: {} }, {}],
    ['the key', { idempotencyKey: 'job-7' }, {}],
    [
      'the spelling of a time',
      { expireTime: '2099-01-01T09:00:00+0900' },
      { expireTime: '2099-01-01T00:00Z' },
    ],
    ['the spelling of a URL', { mediaUrl: 'HTTPS://MEDIA.example.com:443/film.mp4' }, {}],
    ['a type that the URL also has', { mediaType: 'MP4' }, {}],
  ])('does not depend on %s', (_what, one, other) => {
    expect(fingerprint(one)).toBe(fingerprint(other));
  });

  it('depends on every field', () => {
    const all = [
      ...[{}, { mediaUrl: 'https://media.example.com/b.mp4' }, { mediaType: 'mov' }],
      ...[{ mediaName: 'a' }, { coverUrl: URL.replace('.mp4', '') }, { procedure: 'a' }],
      ...[{ expireTime: '2099-01-01T00:00:00Z' }, { storageRegion: 'ap-seoul' }, { classId: 0 }],
      ...[{ tasksPriority: 0 }, { sessionContext: 'a' }, { sourceContext: 'a' }],
      ...[{ mediaStoragePath: '/a' }, { limits: { maxBytes: 1 } }, { limits: { maxSeconds: 1 } }],
      { limits: { mediaTypes: ['mp4'] } },
    ];

    expect(new Set(all.map(fingerprint)).size).toBe(all.length);
  });
});
