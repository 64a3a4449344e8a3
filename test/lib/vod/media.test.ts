import { describe, expect, it } from 'vitest';
import { judgeMedia } from '../../../lib/policy/judge-media.ts';
import { readMediaFacts, readMediaFields } from '../../../lib/vod/media.ts';

const WEBM = 'matroska,webm';
const VIDEO = { VideoStreamSet: [{ Codec: 'vp8' }] };
const AUDIO = { AudioStreamSet: [{ Codec: 'opus' }] };
const IMAGE = { Category: 'Image' };
const ZEROS = { Size: 0, Container: '', Bitrate: 0, Height: 0, Width: 0, Duration: 0 };

/** A media description as VOD returns it: numbers may be missing, and its shape is not trusted. */
type Told = Readonly<Record<string, unknown>>;

/** The verdict on a file under a limit of two seconds, and the duration that its upload shows. */
function judge(meta: Told | null | undefined, basic?: Told) {
  const facts = readMediaFacts(basic, meta ?? undefined);
  const verdict = judgeMedia({ maxSeconds: 2 }, facts)?.code ?? 'good';
  return [verdict, readMediaFields(basic, meta ?? undefined).duration];
}

describe('the length of a media', () => {
  it.each<readonly [what: string, meta: Told, length: number, verdict: string]>([
    ['that VOD reports', { Container: WEBM, Duration: 2 }, 2, 'good'],
    ['that is a fraction too long', { Container: WEBM, Duration: 2.01 }, 2.01, 'limits_exceeded'],
    ['that is short', { Container: WEBM, Duration: 0.04 }, 0.04, 'good'],
    [
      'that only its streams have',
      { Container: WEBM, ...VIDEO, Duration: 0, VideoDuration: 1.5, AudioDuration: 1.6 },
      ...([1.6, 'good'] as const),
    ],
    [
      'that only one stream has and that is too long',
      { Container: 'mp3', ...AUDIO, VideoDuration: 0, AudioDuration: 3 },
      ...([3, 'limits_exceeded'] as const),
    ],
    [
      'of an animated picture',
      { Container: 'gif', ...VIDEO, Duration: 3 },
      ...([3, 'limits_exceeded'] as const),
    ],
  ])('is checked against the limit: a duration %s', (_what, meta, length, verdict) => {
    expect(judge(meta)).toEqual([verdict, length]);
  });

  it.each<readonly [what: string, meta: Told | null | undefined]>([
    ['of a browser recording', { Container: WEBM, ...VIDEO, Duration: 0, VideoDuration: 0 }],
    ['of sound alone', { Container: 'aac', ...AUDIO, Duration: 0 }],
    ['that is absent', { Container: WEBM, ...VIDEO }],
    ['of a container without streams', { Container: WEBM, Duration: 0 }],
    ['that is null', { Container: WEBM, ...VIDEO, Duration: null }],
    ['that is a string', { Container: WEBM, ...VIDEO, Duration: '1.5' }],
    ['that is NaN', { Container: WEBM, ...VIDEO, Duration: Number.NaN }],
    ['that is negative', { Container: WEBM, ...VIDEO, Duration: -1 }],
    ['that is infinite', { Container: WEBM, ...VIDEO, Duration: Number.POSITIVE_INFINITY }],
    ['of streams, that is negative', { Container: WEBM, Duration: 0, VideoDuration: -1 }],
    ['of a file that was not analysed', ZEROS],
    ['of a file with only a known size', { ...ZEROS, Size: 500 }],
    ['of a file without metadata', null],
    ['of a file with empty metadata', {}],
    ['of nothing', undefined],
    ['of a picture with sound', { Container: 'png_pipe', ...AUDIO, Duration: 0 }],
    ['of pictures in a container of films', { Container: 'avi', ...VIDEO, Duration: 0 }],
  ])('is unknown, not short: a duration %s', (_what, meta) => {
    expect(judge(meta)).toEqual(['media_unreadable', undefined]);
  });

  it.each([
    ['png_pipe', 'VideoStreamSet'],
    ['jpeg_pipe', 'VideoStreamSet'],
    ['image2', 'VideoStreamSet'],
    ['gif', 'none'],
    ['PNG', 'none'],
    ['bitmap', 'none'],
    ['webp', 'none'],
    ['tiff', 'none'],
  ])('is not required of a picture: %s with %s', (Container, streams) => {
    const meta = {
      Container,
      Duration: 0,
      Width: 64,
      Height: 48,
      ...(streams !== 'none' && VIDEO),
    };
    expect(judge(meta)).toEqual(['good', undefined]);
    expect(judge(meta, IMAGE)).toEqual(['good', undefined]);
  });

  it('is not required of a picture of which VOD reports only category and size', () => {
    expect(judge({ ...ZEROS, Size: 500, Width: 64, Height: 48 }, IMAGE)).toEqual([
      ...['good', undefined],
    ]);
  });

  it.each<readonly [what: string, meta: Told]>([
    ['a film', { Container: WEBM, ...VIDEO, Duration: 0, Width: 64, Height: 48 }],
    ['a film without its container', { ...ZEROS, ...VIDEO, Width: 64, Height: 48 }],
    ['a file that was not analysed', ZEROS],
  ])('is unknown if %s is only called a picture', (_what, meta) => {
    expect(judge(meta, { ...IMAGE, Type: 'png' })).toEqual(['media_unreadable', undefined]);
  });
});

describe('the size of a media', () => {
  const judgeSize = (meta: Told) => {
    const facts = readMediaFacts(undefined, meta);
    return [judgeMedia({ maxBytes: 10 }, facts)?.code ?? 'good', readMediaFields({}, meta).size];
  };

  it.each<readonly [what: string, meta: Told, verdict: string, size: number | undefined]>([
    ['within its limit', { Size: 10 }, 'good', 10],
    ['over its limit', { Size: 11 }, 'limits_exceeded', 11],
    ['beyond any exact number', { Size: 1e300 }, 'limits_exceeded', undefined],
    ['of zero, if VOD has analysed the file', { Size: 0, Container: 'wav' }, 'good', 0],
    ['of zero, if VOD has not', ZEROS, 'media_unreadable', undefined],
    ['that is negative', { Size: -1, Container: WEBM }, 'media_unreadable', undefined],
    ['that is NaN', { Size: Number.NaN, Container: WEBM }, 'media_unreadable', undefined],
    ['that is a string', { Size: '5', Container: WEBM }, 'media_unreadable', undefined],
  ])('is checked: a size %s', (_what, meta, verdict, size) => {
    expect(judgeSize(meta)).toEqual([verdict, size]);
  });
});
