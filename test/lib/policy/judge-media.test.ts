import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UploadLimits } from '../../../lib/model/source-context.ts';
import type { MediaFacts } from '../../../lib/model/upload.ts';
import { listContainerTypes } from '../../../lib/policy/container-types.ts';
import { judgeMedia } from '../../../lib/policy/judge-media.ts';
import { isMediaType, MEDIA_TYPE_LIST } from '../../../lib/validation/media-type.ts';

const MOV = 'mov,mp4,m4a,3gp,3g2,mj2';

interface Case {
  readonly name: string;
  readonly limits: UploadLimits;
  readonly facts: MediaFacts;
}

/** Returns the problem, or a short form of it. */
function judge({ limits, facts }: Case) {
  const problem = judgeMedia(limits, facts);
  if (problem === undefined) return 'good';
  return problem.code === 'media_unreadable' ? ['unreadable', ...problem.rules] : problem;
}

const GOOD: readonly Case[] = [
  { name: 'without limits and without known facts', limits: {}, facts: {} },
  { name: 'of exactly the limit in bytes', limits: { maxBytes: 10 }, facts: { size: 10 } },
  { name: 'empty with a known size', limits: { maxBytes: 1 }, facts: { size: 0 } },
  { name: 'of exactly the limit in seconds', limits: { maxSeconds: 60 }, facts: { duration: 60 } },
  {
    name: 'an image, which has no duration',
    limits: { maxSeconds: 1 },
    facts: { duration: 0, container: 'png_pipe' },
  },
  {
    name: 'one of several types',
    limits: { mediaTypes: ['mkv', 'mp4'] },
    facts: { type: 'mp4', container: MOV },
  },
  {
    name: 'named in upper case',
    limits: { mediaTypes: ['mp4'] },
    facts: { type: 'MP4', container: MOV.toUpperCase() },
  },
  {
    name: 'without a file type',
    limits: { mediaTypes: ['webm'] },
    facts: { container: 'matroska,webm' },
  },
  {
    name: 'audio in the same container as video',
    limits: { mediaTypes: ['m4a'] },
    facts: { type: 'm4a', container: MOV },
  },
  {
    name: 'HLS',
    limits: { mediaTypes: ['m3u8'] },
    facts: { type: 'm3u8', container: 'hls,applehttp' },
  },
];

const UNREADABLE: readonly (Case & { readonly rules: readonly string[] })[] = [
  { name: 'of unknown size', limits: { maxBytes: 1 }, facts: {}, rules: ['maxBytes'] },
  {
    name: 'of unknown duration',
    limits: { maxBytes: 9, maxSeconds: 1 },
    facts: { size: 9 },
    rules: ['maxSeconds'],
  },
  {
    name: 'an executable with the type of a video',
    limits: { maxBytes: 9, maxSeconds: 1, mediaTypes: ['mp4'] },
    facts: { type: 'mp4', size: 9 },
    rules: ['maxSeconds', 'mediaTypes'],
  },
];

const EXCEEDED: readonly (Case & {
  readonly violations: readonly object[];
  readonly detail: string;
})[] = [
  {
    name: 'one byte too large',
    limits: { maxBytes: 10 },
    facts: { size: 11 },
    violations: [{ rule: 'maxBytes', limit: 10, actual: 11 }],
    detail: 'it has 11 bytes, and 10 are allowed',
  },
  {
    name: 'a fraction of a second too long',
    limits: { maxSeconds: 60 },
    facts: { duration: 60.04 },
    violations: [{ rule: 'maxSeconds', limit: 60, actual: 60.04 }],
    detail: 'it lasts 60.04 seconds, and 60 are allowed',
  },
  {
    name: 'of another type',
    limits: { mediaTypes: ['mp4', 'mkv'] },
    facts: { type: 'mov', container: MOV },
    violations: [{ rule: 'mediaTypes', limit: ['mp4', 'mkv'], actual: 'mov' }],
    detail: 'it is mov, and must be mp4 or mkv',
  },
  {
    name: 'of another type than its name says',
    limits: { mediaTypes: ['mp4'] },
    facts: { type: 'mp4', container: 'avi' },
    violations: [{ rule: 'mediaTypes', limit: ['mp4'], actual: 'avi' }],
    detail: 'it is avi, and must be mp4',
  },
  {
    name: 'an image with the type of a video',
    limits: { mediaTypes: ['mp4'] },
    facts: { type: 'mp4', container: 'png_pipe' },
    violations: [{ rule: 'mediaTypes', limit: ['mp4'], actual: 'png_pipe' }],
    detail: 'it is png_pipe, and must be mp4',
  },
  {
    name: 'audio instead of video',
    limits: { mediaTypes: ['mp4'] },
    facts: { type: 'mp3', container: 'mp3' },
    violations: [{ rule: 'mediaTypes', limit: ['mp4'], actual: 'mp3' }],
    detail: 'it is mp3, and must be mp4',
  },
  {
    name: 'certainly too large, with other facts unknown',
    limits: { maxBytes: 1, maxSeconds: 1, mediaTypes: ['mp4'] },
    facts: { type: 'exe', size: 2 },
    violations: [
      { rule: 'maxBytes', limit: 1, actual: 2 },
      { rule: 'mediaTypes', limit: ['mp4'], actual: 'exe' },
    ],
    detail: 'it has 2 bytes, and 1 are allowed; it is exe, and must be mp4',
  },
  {
    name: 'over every limit',
    limits: { maxBytes: 1, maxSeconds: 1, mediaTypes: ['mp4'] },
    facts: { type: 'mp4', container: 'flv', size: 2, duration: 2 },
    violations: [
      { rule: 'maxBytes', limit: 1, actual: 2 },
      { rule: 'maxSeconds', limit: 1, actual: 2 },
      { rule: 'mediaTypes', limit: ['mp4'], actual: 'flv' },
    ],
    detail:
      'it has 2 bytes, and 1 are allowed; it lasts 2 seconds, and 1 are allowed; it is flv, and must be mp4',
  },
];

describe('judgeMedia()', () => {
  it.each(GOOD)('accepts a file that is $name', (media) => {
    expect(judge(media)).toBe('good');
  });

  it.each(UNREADABLE)('cannot judge a file that is $name', (media) => {
    expect(judge(media)).toEqual(['unreadable', ...media.rules]);
  });

  it.each(EXCEEDED)('reports every limit that is exceeded by a file that is $name', (media) => {
    expect(judge(media)).toEqual({
      code: 'limits_exceeded',
      ...media.violations[0],
      violations: media.violations,
      detail: `The file is not what its upload allows: ${media.detail}.`,
    });
  });

  it('explains what is unknown about a file and how to fix it', () => {
    const detailOf = (facts: MediaFacts) =>
      judgeMedia({ maxBytes: 9, maxSeconds: 60 }, facts)?.detail;
    expect(detailOf({ container: 'matroska,webm', size: 5 })).toBe(
      'VOD finds no duration in the file, and its upload allows 60 seconds. What a browser records or a program writes to a pipe often carries none: write the duration into the file before the upload.',
    );
    expect(detailOf({})).toBe(
      'VOD cannot read the file, and what its upload allows depends on that: maxBytes, maxSeconds.',
    );
    expect(detailOf({ container: 'avi' })).toMatch(/cannot read .* maxBytes, maxSeconds\.$/);
    expect(detailOf({ size: 5 })).toMatch(/cannot read .* maxSeconds\.$/);
  });

  it('truncates the type of a file in the problem', () => {
    const problem = judgeMedia({ mediaTypes: ['mp4'] }, { type: 'x'.repeat(10_000) });
    expect(problem?.detail.length).toBeLessThan(200);
  });

  it('accepts exactly the files within all limits', () => {
    const amount = fc.nat({ max: 20 });
    fc.assert(
      fc.property(amount, amount, amount, amount, (maxBytes, maxSeconds, size, duration) => {
        const problem = judgeMedia({ maxBytes, maxSeconds }, { size, duration });
        const violated = [
          ...(size > maxBytes ? ['maxBytes'] : []),
          ...(duration > maxSeconds ? ['maxSeconds'] : []),
        ];
        const named = problem?.code === 'limits_exceeded' ? problem.violations : [];
        expect(named.map(({ rule }) => rule)).toEqual(violated);
      }),
    );
  });
});

describe('listContainerTypes()', () => {
  it('has a container for each type that VOD accepts', () => {
    const containers = [
      ...[MOV, 'matroska,webm', 'avi', 'flv', 'asf', 'rm', 'mpegts', 'hls', 'mpeg', 'mxf'],
      ...['ogg', 'mp3', 'flac', 'wav', 'aac', 'amr'],
    ];
    const types = containers.flatMap((container) => [...listContainerTypes(container)]);
    expect(MEDIA_TYPE_LIST.split(', ').filter((type) => !types.includes(type))).toEqual([]);
  });

  it.each([
    ['mov', 'mov mp4 m4a 3gp qt mp4v m4v f4v'],
    ['matroska', 'mkv webm'],
    ['flv', 'flv f4v'],
    ['live_flv', 'flv'],
    ['asf', 'asf wmv wm asx'],
    ['asf_o', 'asf wmv wm asx'],
    ['rm', 'rm rmvb ra ram'],
    ['mpegts', 'ts m3u8'],
    ['hls', 'm3u8'],
    ['applehttp', 'm3u8'],
    ['mpeg', 'mpeg mpg mpe vob dat'],
    ['mpegvideo', 'mpeg mpg mpe'],
    ['m4v', 'm4v mp4v'],
    ['w64', 'wav'],
    ['amrnb', 'amr'],
    ['amrwb', 'amr'],
  ])('accepts the container %s for the types %s', (container, types) => {
    expect([...listContainerTypes(container)].filter(isMediaType)).toEqual(
      expect.arrayContaining(types.split(' ')),
    );
  });

  it.each(['', 'elf', 'png_pipe', 'constructor', '__proto__'])(
    'does not know %j as a media container',
    (name) => {
      expect([...listContainerTypes(name)].filter(isMediaType)).toEqual([]);
    },
  );
});

describe('the actual value in a problem', () => {
  it('has at most 64 characters of a type or a container', () => {
    const limits = { mediaTypes: ['mp4'] };
    const long = 'x'.repeat(65);
    expect(judgeMedia(limits, { type: long })).toMatchObject({ actual: long.slice(0, 64) });
    expect(judgeMedia(limits, { type: 'mp4', container: long })).toMatchObject({
      actual: long.slice(0, 64),
    });
  });
});
