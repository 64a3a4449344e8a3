import mediaInfoFactory from 'mediainfo.js';
import { describe, expect, it } from 'vitest';
import { createInspector } from '../../client/mediainfo.ts';
import { silentWav } from '../tools/local/emulator/ugc/media-samples.ts';

const inspect = createInspector(() => mediaInfoFactory({ format: 'object' }));

/** Returns a file of silence. */
const makeSilence = (name: string, seconds: number) =>
  new File([new Uint8Array(silentWav(seconds))], name);

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
