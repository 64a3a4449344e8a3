import { describe, expect, it } from 'vitest';
import { parseOne, refusalOf, URL_TEXT } from './pull-request-stage.ts';

describe('parsePullRequest() of the type of a media', () => {
  it.each([
    ['https://samples.example.com/a.MP4', undefined, 'mp4'],
    ['https://samples.example.com/a.m3u8?token=1', undefined, 'm3u8'],
    ['https://samples.example.com/a%2emkv', undefined, 'mkv'],
    ['https://samples.example.com/watch.php?f=a', 'Mp4', 'mp4'],
    ['https://samples.example.com/watch', 'flac', 'flac'],
    ['https://samples.example.com/a.mov', 'mp4', 'mp4'],
  ])('reads the type of %s with mediaType %s as %s', (mediaUrl, named, mediaType) => {
    const given = named === undefined ? {} : { mediaType: named };
    expect(parseOne({ mediaUrl, ...given }).mediaType).toBe(mediaType);
  });

  it.each([
    ['https://samples.example.com/watch', 'has no extension'],
    ['https://samples.example.com/', 'has no extension'],
    ['https://samples.example.com/watch?f=a.mp4', 'has no extension'],
    ['https://samples.example.com/watch.php', 'ends in another extension'],
    ['https://samples.example.com/a.mp4%20', 'ends in another extension'],
  ])('requires mediaType for %s', (mediaUrl, reason) => {
    const [error] = refusalOf({ mediaUrl }).errors ?? [];

    expect(error?.path).toBe('mediaType');
    expect(error?.message).toContain('must name the type');
    expect(error?.message).toContain(reason);
  });

  it('names a mediaType that is not a string once', () => {
    const problem = refusalOf({ mediaUrl: 'https://samples.example.com/watch', mediaType: 4 });

    expect(problem.errors).toEqual([{ path: 'mediaType', message: 'must be a string' }]);
  });

  it.each([
    [{ mediaUrl: 'https://samples.example.com/a.mpd' }, 'mediaUrl'],
    [{ mediaUrl: 'https://samples.example.com/a.mpd', mediaType: 'mp4' }, 'mediaUrl'],
    [{ mediaUrl: 'https://samples.example.com/a', mediaType: 'mpd' }, 'mediaType'],
  ])('refuses the DASH manifest in %j', (body, path) => {
    const [error, ...others] = refusalOf(body).errors ?? [];

    expect(error?.path).toBe(path);
    expect(error?.message).toContain('DASH');
    expect(others).toEqual([]);
  });

  it.each([
    [{ limits: { mediaTypes: ['mov'] } }],
    [{ limits: { mediaTypes: ['mp4'] }, mediaType: 'mov' }],
  ])('refuses a type outside the limits of the same request: %j', (fields) => {
    const [error, ...others] = refusalOf({ mediaUrl: URL_TEXT, ...fields }).errors ?? [];

    expect(error?.path).toBe('mediaType');
    expect(error?.message).toContain('limits.mediaTypes');
    expect(others).toEqual([]);
  });
});
