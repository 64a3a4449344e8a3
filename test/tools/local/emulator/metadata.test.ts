import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { probeMetaData } from '../../../../tools/local/emulator/metadata.ts';
import type { StoredObject } from '../../../../tools/local/emulator/storage/objects.ts';
import { LENGTHLESS } from '../../../support/lengthless-media.ts';
import { blackPng, silentWav, turnedMp4 } from './ugc/media-samples.ts';

function storeBytes(size: number): StoredObject {
  return {
    bucket: 'b-1',
    key: 'k',
    size,
    etag: '""',
    contentType: 'application/octet-stream',
    lastModified: '2026-01-01T00:00:00.000Z',
    parts: [],
  };
}

function probeBytes(bytes: Buffer) {
  return probeMetaData(storeBytes(bytes.length), (_object, start, end) =>
    Readable.from([bytes.subarray(start, end + 1)]),
  );
}

describe('probeMetaData()', () => {
  it('finds the audio stream of a WAV file', async () => {
    const bytes = silentWav(2);

    const metaData = await probeBytes(bytes);

    expect(metaData).toMatchObject({
      Size: bytes.length,
      Container: 'wav',
      Bitrate: 64_000,
      Height: 0,
      Width: 0,
      Duration: 2,
      Rotate: 0,
      VideoStreamSet: [],
      AudioStreamSet: [{ Bitrate: 64_000, SamplingRate: 8_000, Codec: 'pcm' }],
      VideoDuration: 0,
      AudioDuration: 2,
      Md5: '',
    });
  });

  it('finds size, duration and rotation of an MP4 whose index is at its end', async () => {
    const bytes = turnedMp4(64, 36, 3, 1_000);

    const metaData = await probeBytes(bytes);

    expect(metaData).toMatchObject({
      Size: bytes.length,
      Container: 'mov,mp4,m4a,3gp,3g2,mj2',
      Height: 36,
      Width: 64,
      Duration: 3,
      Rotate: 90,
      VideoStreamSet: [{ Bitrate: 8_000, Height: 36, Width: 64, Codec: 'mpeg4', Fps: 1 }],
      AudioStreamSet: [],
      VideoDuration: 3,
      AudioDuration: 0,
    });
  });

  it('does not let a file that it knows wait behind one that takes long', async () => {
    const bytes = silentWav(3);
    const known = await probeBytes(bytes);
    const slow = new PassThrough();
    const probing = probeMetaData(storeBytes(1_000), () => slow);

    const again = await probeBytes(bytes);
    slow.end();

    expect(again).toBe(known);
    expect(await probing).toBeNull();
  });

  it('reads only what it needs from a long file', async () => {
    const bytes = turnedMp4(64, 36, 40, 1_000_000);
    let read = 0;

    const metaData = await probeMetaData(storeBytes(bytes.length), (_object, start, end) => {
      read += end + 1 - start;
      return Readable.from([bytes.subarray(start, end + 1)]);
    });

    expect(metaData?.Duration).toBe(40);
    expect(read).toBeLessThan(bytes.length / 4);
  });

  it('finds the size of an image', async () => {
    const metaData = await probeBytes(blackPng(20, 10));

    expect(metaData).toMatchObject({ Container: 'png', Width: 20, Height: 10, Duration: 0 });
    expect(metaData?.VideoStreamSet).toEqual([]);
  });

  it.each([
    ['webm', 'matroska,webm', 'VideoStreamSet', 'vp8'],
    ['mkv', 'matroska,webm', 'VideoStreamSet', 'vp8'],
    ['aac', 'aac', 'AudioStreamSet', 'aac'],
    ['flac', 'flac', 'AudioStreamSet', 'flac'],
  ] as const)(
    'finds the streams but no length of %s if the file does not contain its length',
    async (type, container, streams, codec) => {
      const metaData = await probeBytes(LENGTHLESS[type]);

      expect(metaData).toMatchObject({
        ...{ Size: LENGTHLESS[type].length, Container: container, [streams]: [{ Codec: codec }] },
        ...{ Duration: 0, VideoDuration: 0, AudioDuration: 0 },
      });
    },
  );

  it.each([
    ['text', Buffer.from('this is no media file at all')],
    ['nothing', Buffer.alloc(0)],
    ['zeroes', Buffer.alloc(100_000)],
  ])('returns null for %s', async (_name, bytes) => {
    expect(await probeBytes(bytes)).toBeNull();
  });

  it('returns null if reading fails, and still reads the next file', async () => {
    const broken = probeMetaData(storeBytes(100), () => {
      throw new Error('the disk is gone');
    });
    const whole = probeBytes(silentWav(1));

    expect(await broken).toBeNull();
    expect(await whole).toMatchObject({ Duration: 1 });
  });

  it('returns the right result for each of several concurrent files', async () => {
    const durations = await Promise.all(
      [1, 2, 3].map(async (seconds) => (await probeBytes(silentWav(seconds)))?.Duration),
    );

    expect(durations).toEqual([1, 2, 3]);
  });
});
