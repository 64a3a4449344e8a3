import mediaInfoFactory from 'mediainfo.js';
import { describe, expect, it } from 'vitest';
import { createInspector } from '../../client/mediainfo.ts';

const inspect = createInspector(() => mediaInfoFactory({ format: 'object' }));

/** Returns a WAV file of silence: 8 bits, 8000 a second. */
function makeSilence(name: string, seconds: number): File {
  const data = Buffer.alloc(44 + seconds * 8_000, 128);
  data.write('RIFF');
  data.writeUInt32LE(data.length - 8, 4);
  data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(8_000, 24);
  data.writeUInt32LE(8_000, 28);
  data.writeUInt16LE(1, 32);
  data.writeUInt16LE(8, 34);
  data.write('data', 36);
  data.writeUInt32LE(data.length - 44, 40);
  return new File([data], name);
}

describe('an inspection with mediainfo.js', () => {
  it('finds the duration and the type of the content, whatever the name says', async () => {
    expect(await inspect(makeSilence('film.mp4', 3), {})).toEqual({ duration: 3, types: ['wav'] });
  });

  it('finds nothing in what is no media', async () => {
    expect(await inspect(new File(['a text'], 'film.mp4'), {})).toEqual({});
  });

  it('reads one file at a time, and goes on after one that cannot be read', async () => {
    const broken = Object.assign(new File(['a'], 'broken.mp4'), {
      slice() {
        throw new Error('unreadable');
      },
    });

    const found = await Promise.allSettled([
      ...[inspect(broken, {}), inspect(makeSilence('a.wav', 1), {})],
      inspect(makeSilence('b.wav', 2), {}),
    ]);

    expect(found.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(found[2]).toMatchObject({ value: { duration: 2 } });
  });
});
