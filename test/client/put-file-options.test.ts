import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createVodApi, putFile } from '../../client/node.ts';
import { isMediaType as isTakenMediaType } from '../../client/put/media-types.ts';
import { isMediaType } from '../../lib/validation/media-type.ts';
import { type Listening, listen } from '../support/listen.ts';
import { makeFolder } from '../support/make-folder.ts';

let service: Listening;
let requests = 0;
beforeAll(async () => {
  service = await listen(
    createServer((_request, response) => {
      requests += 1;
      response.writeHead(500).end();
    }),
  );
});
afterAll(() => service.close());
beforeEach(() => {
  requests = 0;
});

/** Calls it as a program without types may. */
function call(source: unknown, options: object): Promise<unknown> {
  return Reflect.apply(putFile, undefined, [
    source,
    { endpoint: service.origin, token: 'a token', ...options },
  ]);
}

const film = () => Readable.from([Buffer.from('film')], { objectMode: false });

describe('putFile() refuses, before it reads or asks anything,', () => {
  it.each<[string, object, string]>([
    ['a mistyped option', { sesionContext: 'x' }, 'sesionContext is not an option'],
    [
      'a field of the request among the options',
      { sessionContext: 'x' },
      'sessionContext is not an option: it is a field of request, { request: { sessionContext } }',
    ],
    ['one that is nearly an option', { stateFoler: 'x' }, 'did you mean stateFolder?'],
    ['one that is nearly a field', { sesionContext: 'x' }, 'did you mean request.sessionContext?'],
    ['a mistyped field', { request: { clasId: 7 } }, 'did you mean request.classId?'],
    ['a type that VOD does not take', { type: 'exe' }, 'type must be one that VOD takes'],
    [
      'a type with a dot',
      { type: '.mp4' },
      'such as mp4, mov or mp3: in lower case, without a dot',
    ],
    ['a playlist', { type: 'm3u8' }, 'type must not be m3u8: a signature is for one file'],
    ['a manifest', { type: 'mpd' }, 'type must be one that VOD takes'],
    ['a cover that is none', { cover: 'b.mp4' }, 'cover must be the path or the URL of an image'],
    ['an endpoint without its scheme', { endpoint: 'localhost:3000' }, 'endpoint must be a URL'],
    ['an endpoint for uploads alone', { endpoint: { uploads: 'http://a' } }, 'endpoint must be'],
    ['no token', { token: undefined }, 'token must be a token, or a function that returns one'],
    ['an address that is none', { cloudUrl: 'localhost' }, 'cloudUrl must be a URL'],
    ['a signal that is none', { signal: 5 }, 'signal must be an AbortSignal'],
    ['a listener that is none', { onProgress: 5 }, 'onProgress must be a function'],
    ['a size that is none', { size: '5' }, 'size must be a number of bytes'],
  ])('%s', async (_what, options, message) => {
    const stream = film();

    const put = call(stream, { name: 'a.mp4', ...options });

    await expect(put).rejects.toThrow(message);
    await expect(put).rejects.toBeInstanceOf(TypeError);
    expect({ requests, isRead: stream.readableDidRead }).toEqual({ requests: 0, isRead: false });
    expect(stream.destroyed).toBe(true);
  });

  it('all that is wrong, together', async () => {
    const options = { name: 'a.mp4', type: 'exe', cover: 5, again: true, clasId: 7, size: -1 };

    await expect(call(film(), options)).rejects.toThrow(
      /^putFile\(\): clasId is not an option.*; cover must be .*; size must be .*; type must be .*; again needs a stateFolder.*\.$/,
    );
  });

  it.each<[string, unknown, object, string]>([
    ['nothing', undefined, {}, 'the source must be'],
    ['an empty path', '', {}, 'the source must be'],
    ['an ArrayBuffer', new ArrayBuffer(5), { name: 'a.mp4' }, 'the source must be'],
    ['a URL elsewhere', new URL('https://example.com/a.mp4'), {}, 'the source must be'],
    ['a size of a file', 'a.mp4', { size: 5 }, 'size is for a stream'],
    [
      'a state of a stream',
      film(),
      { name: 'a.mp4', stateFolder: 'x' },
      'stateFolder is for files',
    ],
    ['a type by its name', 'notes.txt', {}, 'type must be one that VOD takes'],
  ])('%s', async (_what, source, options, message) => {
    await expect(call(source, options)).rejects.toThrow(message);
    expect(requests).toBe(0);
  });
});

it('putFile() takes every option, undefined ones too', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'film.mp4');
  await writeFile(path, 'film');
  const stop = new AbortController();
  const options = {
    ...{ request: { classId: 7 }, name: 'film', type: 'mp4', cover: undefined, size: undefined },
    ...{ stateFolder: join(folder, 'state'), again: true, signal: stop.signal },
    onProgress: () => undefined,
    cloudUrl: `${service.origin}/__vod`,
  };

  const put = call(path, options);
  await expect.poll(() => requests).toBeGreaterThan(0);
  stop.abort(new Error('enough'));

  await expect(put).rejects.toThrow('enough');
});

it('createVodApi() says what it needs', () => {
  const create = (options: unknown) => Reflect.apply(createVodApi, undefined, [options]);

  expect(() => create({ url: 'http://localhost:3000' })).toThrow(
    'createVodApi() needs { endpoint: "https://…", token }',
  );
  expect(() => create(undefined)).toThrow('createVodApi() needs');
});

it('the client takes the types that the functions know', () => {
  const types = 'mp4 mov mkv m3u8 ts ogg mp3 aac exe txt jpg mpd webm flac amr wmv MP4'.split(' ');

  expect(types.map((type) => isTakenMediaType(type))).toEqual(
    types.map((type) => isMediaType(type)),
  );
});
