import { describe, expect, it } from 'vitest';
import { judgeMedia } from '../../../lib/policy/judge-media.ts';
import { readMediaFacts, readMediaFields } from '../../../lib/vod/media.ts';

const WEBM = 'matroska,webm';
const VIDEO = { VideoStreamSet: [{ Codec: 'vp8' }] };
const AUDIO = { AudioStreamSet: [{ Codec: 'opus' }] };
const IMAGE = { Category: 'Image' };
const ZEROS = { Size: 0, Container: '', Bitrate: 0, Height: 0, Width: 0, Duration: 0 };

/** As VOD tells it: numbers may be missing, and nobody else's word is taken for their shape. */
type Told = Readonly<Record<string, unknown>>;

/** What a file is under a limit of two seconds, and the length that its upload shows. */
function judge(meta: Told | null | undefined, basic?: Told) {
  const facts = readMediaFacts(basic, meta ?? undefined);
  const verdict = judgeMedia({ maxSeconds: 2 }, facts)?.code ?? 'good';
  return [verdict, readMediaFields(basic, meta ?? undefined).duration];
}

describe('the length of a media', () => {
  it.each<readonly [what: string, meta: Told, length: number, verdict: string]>([
    ['that VOD tells', { Container: WEBM, Duration: 2 }, 2, 'good'],
    ['that is a fraction too long', { Container: WEBM, Duration: 2.01 }, 2.01, 'limits_exceeded'],
    ['that is short', { Container: WEBM, Duration: 0.04 }, 0.04, 'good'],
    [
      'that its streams have alone',
      { Container: WEBM, ...VIDEO, Duration: 0, VideoDuration: 1.5, AudioDuration: 1.6 },
      ...([1.6, 'good'] as const),
    ],
    [
      'that one stream has alone, and is too long',
      { Container: 'mp3', ...AUDIO, VideoDuration: 0, AudioDuration: 3 },
      ...([3, 'limits_exceeded'] as const),
    ],
    [
      'of an animated picture',
      { Container: 'gif', ...VIDEO, Duration: 3 },
      ...([3, 'limits_exceeded'] as const),
    ],
  ])('counts: one %s', (_what, meta, length, verdict) => {
    expect(judge(meta)).toEqual([verdict, length]);
  });

  it.each<readonly [what: string, meta: Told | null | undefined]>([
    ['of a recording of a browser', { Container: WEBM, ...VIDEO, Duration: 0, VideoDuration: 0 }],
    ['of sound alone', { Container: 'aac', ...AUDIO, Duration: 0 }],
    ['that is left out', { Container: WEBM, ...VIDEO }],
    ['of a container without streams', { Container: WEBM, Duration: 0 }],
    ['that is null', { Container: WEBM, ...VIDEO, Duration: null }],
    ['that is a text', { Container: WEBM, ...VIDEO, Duration: '1.5' }],
    ['that is no number', { Container: WEBM, ...VIDEO, Duration: Number.NaN }],
    ['below nothing', { Container: WEBM, ...VIDEO, Duration: -1 }],
    ['without an end', { Container: WEBM, ...VIDEO, Duration: Number.POSITIVE_INFINITY }],
    ['of streams, below nothing', { Container: WEBM, Duration: 0, VideoDuration: -1 }],
    ['of a file that was not read', ZEROS],
    ['of a file of which the size is known alone', { ...ZEROS, Size: 500 }],
    ['of a file without metadata', null],
    ['of a file with empty metadata', {}],
    ['of nothing', undefined],
    ['of a picture with sound', { Container: 'png_pipe', ...AUDIO, Duration: 0 }],
    ['of pictures in a container of films', { Container: 'avi', ...VIDEO, Duration: 0 }],
  ])('is unknown, not short: one %s', (_what, meta) => {
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
  ])('is nothing that a picture needs: %s with %s', (Container, streams) => {
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

  it('is nothing that a picture needs of which VOD tells the category and the size alone', () => {
    expect(judge({ ...ZEROS, Size: 500, Width: 64, Height: 48 }, IMAGE)).toEqual([
      ...['good', undefined],
    ]);
  });

  it.each<readonly [what: string, meta: Told]>([
    ['a film', { Container: WEBM, ...VIDEO, Duration: 0, Width: 64, Height: 48 }],
    ['a film without its container', { ...ZEROS, ...VIDEO, Width: 64, Height: 48 }],
    ['a file that was not read', ZEROS],
  ])('is unknown although it is called a picture: %s', (_what, meta) => {
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
    ['over it', { Size: 11 }, 'limits_exceeded', 11],
    ['of more bytes than can be counted', { Size: 1e300 }, 'limits_exceeded', undefined],
    ['of nothing, where VOD has read it', { Size: 0, Container: 'wav' }, 'good', 0],
    ['of nothing, where it has not', ZEROS, 'media_unreadable', undefined],
    ['below nothing', { Size: -1, Container: WEBM }, 'media_unreadable', undefined],
    ['that is no number', { Size: Number.NaN, Container: WEBM }, 'media_unreadable', undefined],
    ['that is a text', { Size: '5', Container: WEBM }, 'media_unreadable', undefined],
  ])('is judged: one %s', (_what, meta, verdict, size) => {
    expect(judgeSize(meta)).toEqual([verdict, size]);
  });
});
