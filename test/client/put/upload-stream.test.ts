import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type UploadStreamRequest, uploadStream } from '../../../client/put/upload-stream.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { perTest } from '../../support/per-test.ts';
import { MEBIBYTE, openPutStage, sentParts } from './put-stage.ts';

const stage = perTest(() => openPutStage());

/** Uploads `film` in chunks of an odd size. */
function put(film: Buffer, change: Partial<UploadStreamRequest> = {}) {
  const chunks = Array.from({ length: Math.ceil(film.length / 65_537) }, (_, index) =>
    film.subarray(index * 65_537, (index + 1) * 65_537),
  );
  const { name, type, access, onEvent } = stage.request('');
  const stream = Readable.from(chunks, { objectMode: false });
  return uploadStream({ stream, name, type, access, onEvent, ...change }, stage.environment);
}

const listOpen = () => readdir(join(stage.emulator.dir, 'storage', 'uploads'));

describe('uploadStream()', () => {
  it.each([
    ['a few bytes', 5, []],
    ['exactly one part', 8 * MEBIBYTE, [1]],
    ['several parts', 20 * MEBIBYTE + 3, [1, 2, 3]],
  ])('uploads %s of unknown size', async (_, size, parts) => {
    const film = randomBytes(size);

    const result = await put(film);

    expect(result.size).toBe(size);
    expect(await fetchSha256(result.mediaUrl)).toBe(sha256(film));
    expect([...sentParts(stage)].sort()).toEqual(parts);
  });

  it('refuses a stream without bytes, and leaves nothing', async () => {
    await expect(put(Buffer.alloc(0))).rejects.toMatchObject({ code: 'wrong_size' });
    await expect(listOpen()).resolves.toEqual([]);
  });

  it('uploads a cover with it', async () => {
    const cover = { path: await stage.write('cover.png', 100), type: 'png' };

    const { coverUrl = '' } = await put(randomBytes(100), { cover });

    expect((await fetch(coverUrl)).headers.get('content-length')).toBe('100');
  });

  it.each([
    ['shorter', 9 * MEBIBYTE, 10 * MEBIBYTE, /has 9437184 bytes; 10485760 were announced/],
    ['longer', 10 * MEBIBYTE, 9 * MEBIBYTE, /has more bytes; 9437184 were announced/],
    ['shorter and small', 3, 4, /has 3 bytes; 4 were announced/],
  ])(
    'refuses a stream that is %s than announced, and leaves nothing',
    async (_, size, said, message) => {
      const error = await put(randomBytes(size), { size: said }).catch((reason: unknown) => reason);

      expect(error).toMatchObject({ code: 'wrong_size', message: expect.stringMatching(message) });
      expect(await listOpen()).toEqual([]);
      expect((await stage.emulator.client.SearchMedia({})).TotalCount).toBe(0);
    },
  );

  it('leaves nothing if the stream fails', async () => {
    const stream = (async function* () {
      yield randomBytes(9 * MEBIBYTE);
      throw new Error('the pipe broke');
    })();

    await expect(put(Buffer.alloc(0), { stream })).rejects.toThrow('the pipe broke');
    expect(await listOpen()).toEqual([]);
  });

  it.each([
    ['a pipe', (idle: PassThrough) => idle],
    [
      'an iterable',
      async function* (idle: PassThrough) {
        yield* idle;
      },
    ],
  ])('ends at once if it is aborted while %s is idle, and leaves nothing', async (_, toStream) => {
    const stop = new AbortController();
    const idle = new PassThrough();
    idle.write(randomBytes(9 * MEBIBYTE));
    const putting = put(Buffer.alloc(0), { stream: toStream(idle), signal: stop.signal });
    await expect.poll(() => sentParts(stage)).toEqual([1]);

    stop.abort(new Error('enough'));

    await expect(putting).rejects.toThrow('enough');
    expect(await listOpen()).toEqual([]);
  });

  it('ends at once if a part fails while the stream is idle', async () => {
    const idle = new PassThrough();
    stage.emulator.faults.arm('failed-part', 1_000);
    idle.write(randomBytes(9 * MEBIBYTE));

    await expect(put(Buffer.alloc(0), { stream: idle })).rejects.toMatchObject({ code: 'refused' });
    expect(idle.destroyed).toBe(true);
  });
});
