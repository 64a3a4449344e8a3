import { Readable } from 'node:stream';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { imageTypeOf } from '../../../../../tools/local/emulator/image-type.ts';
import { probeMetaData } from '../../../../../tools/local/emulator/metadata.ts';
import { buildPicture, buildTone } from '../../../../../tools/local/emulator/pull/sample-media.ts';
import { buildVideo } from '../../../../../tools/local/emulator/pull/sample-video.ts';

function probe(bytes: Buffer) {
  const object = {
    ...{ bucket: 'b', key: 'k', etag: '', contentType: '', lastModified: '', parts: [] },
    size: bytes.length,
  };
  return probeMetaData(object, (_object, start, end) =>
    Readable.from([bytes.subarray(start, end + 1)]),
  );
}

describe('buildVideo()', () => {
  it('returns an MP4 that players can play', async () => {
    expect(await probe(buildVideo(2))).toMatchObject({
      Container: 'mov,mp4,m4a,3gp,3g2,mj2',
      ...{ Width: 64, Height: 48, Duration: 2 },
      VideoStreamSet: [{ Codec: 'h264', Fps: 5 }],
    });
  });
});

describe('buildTone()', () => {
  it('returns a WAV file', async () => {
    expect(await probe(buildTone(2))).toMatchObject({
      ...{ Container: 'wav', Duration: 2 },
      AudioStreamSet: [{ Codec: 'pcm', SamplingRate: 8_000 }],
    });
  });
});

describe('buildPicture()', () => {
  it('returns a PNG file', async () => {
    const picture = buildPicture(64, 48);

    expect(imageTypeOf(picture)).toBe('png');
    expect(await probe(picture)).toMatchObject({ Width: 64, Height: 48 });
    const start = picture.indexOf('IDAT') + 4;
    const length = picture.readUInt32BE(start - 8);
    expect(inflateSync(picture.subarray(start, start + length))).toHaveLength(65 * 48);
  });
});
