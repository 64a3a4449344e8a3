import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import { explainIdempotencyKey, parsePullRequest } from '../../../lib/validation/pull-request.ts';
import {
  CONTEXT,
  parseMany,
  parseOne,
  pathsOf,
  refusalOf,
  URL_TEXT,
} from './pull-request-stage.ts';

const MAX_MEDIA_BYTES = 50_000 * 1024 ** 3;

describe('parsePullRequest()', () => {
  it('reads every field', () => {
    const request = parseOne({
      mediaUrl: 'HTTPS://Samples.Example.com:443/한글.MP4?sign=a%2Bb',
      mediaType: 'MOV',
      mediaName: '한글 이름',
      coverUrl: 'HTTP://Samples.Example.com:80/cover.PNG',
      procedure: 'LongVideoPreset',
      expireTime: '2027-01-01T09:00:00+09:00',
      storageRegion: 'ap-seoul',
      classId: 7,
      tasksPriority: -10,
      sessionContext: 'session',
      sourceContext: 'source',
      mediaStoragePath: '/a/b.mp4',
      limits: { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['MOV', 'mp4'] },
      idempotencyKey: 'key-1',
    });

    expect(request).toEqual({
      mediaUrl: 'https://samples.example.com/%ED%95%9C%EA%B8%80.MP4?sign=a%2Bb',
      mediaType: 'mov',
      mediaName: '한글 이름',
      coverUrl: 'http://samples.example.com/cover.PNG',
      procedure: 'LongVideoPreset',
      expireTime: Date.UTC(2027, 0, 1) / 1_000,
      storageRegion: 'ap-seoul',
      classId: 7,
      tasksPriority: -10,
      sessionContext: 'session',
      sourceContext: 'source',
      mediaStoragePath: '/a/b.mp4',
      limits: { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['mov', 'mp4'] },
      idempotencyKey: 'key-1',
    });
  });

  it('requires only a URL, and reads the type from its extension', () => {
    expect(parseOne({})).toEqual({ mediaUrl: URL_TEXT, mediaType: 'mp4' });
  });

  it.each([
    ['mediaName', 'x'.repeat(256)],
    ['mediaName', '🎬'.repeat(64)],
    ['procedure', 'x'.repeat(128)],
    ['expireTime', '2026-11-22T08:00:01Z'],
    ['classId', 0],
    ['classId', 2 ** 31 - 1],
    ['tasksPriority', 10],
    ['tasksPriority', -10],
    ['sessionContext', 'x'.repeat(1_000)],
    ['sessionContext', `${'한'.repeat(333)}x`],
    ['sourceContext', 'x'.repeat(250)],
    ['mediaStoragePath', '/'],
    ['mediaStoragePath', `/${'x'.repeat(849)}`],
    ['limits', { maxBytes: 1 }],
    ['limits', { maxBytes: MAX_MEDIA_BYTES, maxSeconds: Number.MAX_SAFE_INTEGER }],
    ['limits', {}],
    ['limits', { mediaTypes: ['mov', 'MP4'] }],
    ['idempotencyKey', 'x'],
    ['idempotencyKey', '~'.repeat(255)],
    ['coverUrl', 'https://samples.example.com/cover'],
    ['coverUrl', 'https://samples.example.com/cover.GIF'],
    ['coverUrl', 'https://samples.example.com/cover.jpeg?a.exe'],
    ['coverUrl', 'https://samples.example.com/cover.jpg'],
  ])('accepts %s at its limit (%#)', (path, value) => {
    expect(parseOne({ [path]: value })).toHaveProperty(path);
  });

  it.each([
    ['mediaUrl', undefined],
    ['mediaUrl', null],
    ['mediaUrl', ''],
    ['mediaUrl', 5],
    ['mediaUrl', [URL_TEXT]],
    ['mediaUrl', 'ftp://samples.example.com/a.mp4'],
    ['mediaUrl', 'http://169.254.169.254/a.mp4'],
    ['mediaUrl', 'https://samples.example.com/a.mpd'],
    ['mediaUrl', 'https://samples.example.com/a.MPD?x=a.mp4'],
    ['mediaType', ''],
    ['mediaType', '.mp4'],
    ['mediaType', 'exe'],
    ['mediaType', 'video/mp4'],
    ['mediaType', 'MPD'],
    ['mediaType', 4],
    ['mediaName', ''],
    ['mediaName', 'x'.repeat(257)],
    ['mediaName', `${'🎬'.repeat(64)}x`],
    ['mediaName', 'half \ud83c'],
    ['coverUrl', ''],
    ['coverUrl', 5],
    ['coverUrl', 'http://10.0.0.1/cover.png'],
    ['coverUrl', 'https://samples.example.com/cover.bmp'],
    ['coverUrl', 'https://samples.example.com/cover.png.exe'],
    ['procedure', 'x'.repeat(129)],
    ['expireTime', '2026-11-22T08:00:00Z'],
    ['expireTime', '2027-02-30T00:00:00Z'],
    ['expireTime', 1_800_000_000],
    ['expireTime', ['2026-11-22T08:00:00Z']],
    ['storageRegion', 'mars'],
    ['classId', -1],
    ['classId', 2 ** 31],
    ['classId', '7'],
    ['tasksPriority', 11],
    ['tasksPriority', -11],
    ['tasksPriority', 0.5],
    ['sessionContext', 'x'.repeat(1_001)],
    ['sessionContext', '한'.repeat(334)],
    ['sourceContext', 'x'.repeat(251)],
    ['sourceContext', '한'.repeat(84)],
    ['mediaStoragePath', ''],
    ['mediaStoragePath', 'a/b.mp4'],
    ['mediaStoragePath', '/a\n.mp4'],
    ['mediaStoragePath', `/${'x'.repeat(850)}`],
    ['limits', []],
    ['limits.maxBytes', 0],
    ['limits.maxBytes', MAX_MEDIA_BYTES + 1],
    ['limits.maxSeconds', 0],
    ['limits.mediaTypes', []],
    ['limits.mediaTypes', 'mp4'],
    ['limits.mediaTypes.1', ['mov', 'exe']],
    ['limits.mediaTypes.1', ['mp4', 4]],
    ['limits.colour', 'red'],
    ['idempotencyKey', ''],
    ['idempotencyKey', '~'.repeat(256)],
    ['idempotencyKey', 'a b'],
    ['idempotencyKey', 'a\u007f'],
    ['idempotencyKey', '키'],
    ['idempotencyKey', 5],
    ['taskPriority', 1],
    ['fileId', '1'],
    ['__proto__', 'red'],
    ['constructor', 'red'],
  ])('names the wrong field %s, alone and in a batch (%#)', (path, value) => {
    const [first = '', second] = path.split('.');
    const field = second === undefined ? value : { [second]: value };
    const fields = Object.entries({ mediaUrl: URL_TEXT }).filter(([name]) => name !== first);
    // Of entries, since `__proto__` is no ordinary member of a literal.
    const body = Object.fromEntries([
      ...fields,
      ...(value === undefined ? [] : [[first, field] as const]),
    ]);

    const single = refusalOf(body);
    const [good, bad] = parseMany([{ mediaUrl: URL_TEXT }, body]);

    expect(pathsOf(single)).toEqual([path]);
    expect(single.errors?.[0]?.message).not.toBe('');
    expect(single.message).toContain(`"${path}"`);
    expect(good).toEqual({ mediaUrl: URL_TEXT, mediaType: 'mp4' });
    expect(pathsOf(bad)).toEqual([`items.1.${path}`]);
  });

  it('names every wrong field at once', () => {
    const body = {
      mediaUrl: 'http://localhost/a.mp4',
      mediaType: 'exe',
      coverUrl: 'file:///cover.png',
      classId: 'x',
      expireTime: '2000-01-01T00:00:00Z',
      limits: { maxBytes: 0, weight: 1 },
      idempotencyKey: '',
      colour: 'red',
    };

    expect([...pathsOf(refusalOf(body))].sort()).toEqual([
      'classId',
      'colour',
      'coverUrl',
      'expireTime',
      'idempotencyKey',
      'limits.maxBytes',
      'limits.weight',
      'mediaType',
      'mediaUrl',
    ]);
  });

  it.each<readonly [body: unknown, hint: string]>([
    [[], ': send the list as its items'],
    ['text', '; it is a string, as of an object that was written as JSON twice'],
    ...[null, 7, true, undefined].map((body) => [body, ''] as const),
  ])('refuses the body %j', (body, hint) => {
    const problem = refusalOf(body);

    expect(problem.message).toBe(`The body must be a JSON object${hint}.`);
    expect(pathsOf(problem)).toEqual(['']);
  });

  it('names the types that a cover may have', () => {
    expect(refusalOf({ mediaUrl: URL_TEXT, coverUrl: URL_TEXT }).errors).toEqual([
      {
        path: 'coverUrl',
        message:
          'must end in a type that a pull accepts for covers, or in none: gif, jpeg, jpg, png',
      },
    ]);
  });

  it('names the field that an empty body lacks', () => {
    const errors = [{ path: 'mediaUrl', message: 'must be given' }];

    expect(refusalOf({}).errors).toEqual(errors);
    expect(refusalOf({ mediaType: 'mp4' }).errors).toEqual(errors);
  });

  it('applies the policy to the URLs of media and cover', () => {
    const context = { ...CONTEXT, policy: { hosts: ['*.example.com'] } };

    expect(parseOne({ coverUrl: 'https://b.example.com/c.png' }, context)).toHaveProperty(
      'coverUrl',
    );
    const problem = refusalOf(
      { mediaUrl: 'https://example.org/a.mp4', coverUrl: 'https://example.org/c.png' },
      context,
    );
    expect(pathsOf(problem)).toEqual(['mediaUrl', 'coverUrl']);
  });

  it('quotes no secrets of URLs', () => {
    const secret = 'canary';
    const problem = refusalOf({
      mediaUrl: `https://${secret}:${secret}@samples.example.com/${secret}.mp4?${secret}`,
      coverUrl: `https://samples.example.com/${secret}.${secret}?${secret}#${secret}`,
    });

    expect(problem.message + JSON.stringify(problem.errors)).not.toContain(secret);
  });

  it('returns or throws a problem for any body', () => {
    const anyItem = fc.oneof(
      fc.anything(),
      fc.dictionary(
        fc.constantFrom('mediaUrl', 'mediaType', 'coverUrl', 'limits', 'expireTime', 'x'),
        fc.oneof(fc.anything(), fc.webUrl(), fc.constant(URL_TEXT), fc.string()),
      ),
    );
    const anyBody = fc.oneof(anyItem, fc.record({ items: fc.array(anyItem) }));

    fc.assert(
      fc.property(anyBody, (body) => {
        try {
          const parsed = parsePullRequest(body, CONTEXT);
          expect(['one', 'many']).toContain(parsed.kind);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          expect(pathsOf(error).length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('explainIdempotencyKey()', () => {
  it.each(['!', '0190b6a4-7b1e-7cc0-8000-000000000000', '"quoted"', '~'.repeat(255)])(
    'accepts %s',
    (key) => {
      expect(explainIdempotencyKey(key)).toBeUndefined();
    },
  );

  it.each(['', ' ', 'a b', 'a\n', '키', '~'.repeat(256)])('refuses %j', (key) => {
    const message = 'must have 1 to 255 visible ASCII characters';

    expect(explainIdempotencyKey(key)).toBe(message);
    expect(refusalOf({ mediaUrl: URL_TEXT, idempotencyKey: key }).errors).toEqual([
      { path: 'idempotencyKey', message },
    ]);
  });
});
