import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  type PutFileOptions,
  type PutProgress,
  putFile,
  VodUploadError,
} from '../../client/node.ts';
import { sectionOf } from '../documents/documents.ts';
import { fetchSha256, sha256 } from '../support/digest.ts';
import { useStack } from '../support/stack-stage.ts';
import { callerVariables, countParts, MEBIBYTE, writeMedia } from '../tools/cli/put/put-stage.ts';

const stage = useStack(() => ({ names: { classIds: [7] } }), { per: 'file' });

const execFileAsync = promisify(execFile);
const SCOPE = 'upload:sign upload:read';

async function signIn(scope = SCOPE): Promise<string> {
  const { VOD_UPLOAD_TOKEN: token = '' } = await callerVariables(stage, scope);
  return token;
}

/** Returns the options of a caller of the functions. */
async function options(change: Partial<PutFileOptions> = {}): Promise<PutFileOptions> {
  const { origin } = stage.stack;
  return { endpoint: origin, token: await signIn(), cloudUrl: `${origin}/__vod`, ...change };
}

/** Returns how many uploads are open in storage. */
async function countOpen(): Promise<number> {
  const names = await readdir(join(stage.dir, 'stack'), { recursive: true });
  return names.filter((name) => /storage\/uploads\/[^/]+$/.test(name)).length;
}

/** Aborts once as many bytes were sent. */
function abortAfter(bytes: number) {
  const stop = new AbortController();
  const onProgress = ({ loaded }: PutProgress) => {
    if (loaded >= bytes) stop.abort(new Error('enough'));
  };
  return { signal: stop.signal, onProgress };
}

describe('putFile()', () => {
  it.each([
    ['a path', (path: string) => path],
    ['a URL', (path: string) => pathToFileURL(path)],
  ])('uploads the file of %s with its cover, and reports its bytes', async (_, toSource) => {
    const film = await writeMedia(stage, 'Film.MP4', 9 * MEBIBYTE);
    const cover = await writeMedia(stage, 'cover.png', 300);
    const seenProgress: PutProgress[] = [];

    const result = await putFile(
      toSource(join(stage.dir, 'Film.MP4')),
      await options({
        request: { classId: 7 },
        cover: join(stage.dir, 'cover.png'),
        onProgress: (progress) => seenProgress.push(progress),
      }),
    );

    expect(result.isNew).toBe(true);
    expect(await fetchSha256(result.mediaUrl)).toBe(sha256(film));
    expect(await fetchSha256(result.coverUrl ?? '')).toBe(sha256(cover));
    const headers = { authorization: `Bearer ${await signIn()}` };
    const content = `${result.size}-${result.crc64}`;
    const found = await fetch(`${stage.stack.origin}/uploads?content=${content}`, { headers });
    const { items } = (await found.json()) as { items: { uploadId: string }[] };
    expect(items.map(({ uploadId }) => uploadId)).toContain(result.uploadId);
    const show = async () => {
      const url = `${stage.stack.origin}/uploads/${result.uploadId}`;
      return (await fetch(url, { headers })).json();
    };
    // VOD's notification may come later.
    await expect.poll(show).toMatchObject({ name: 'Film', classId: 7, fileId: result.fileId });
    const loaded = seenProgress.map((each) => each.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(seenProgress.at(-1)).toEqual({ loaded: film.length, total: film.length });
  });

  const bytes = randomBytes(17 * MEBIBYTE + 5);
  it.each<[string, () => Parameters<typeof putFile>[0], number | undefined]>([
    ['a Buffer', () => bytes, bytes.length],
    ['a Blob', () => new Blob([bytes]), bytes.length],
    ['a Readable', () => Readable.from([bytes], { objectMode: false }), undefined],
    ['a web stream', () => new Blob([bytes]).stream(), undefined],
  ])('uploads %s', async (_, create, total) => {
    const totals = new Set<number | undefined>();

    const { mediaUrl, size } = await putFile(
      create(),
      await options({ name: 'film.mp4', onProgress: (each) => totals.add(each.total) }),
    );

    expect(size).toBe(bytes.length);
    expect(await fetchSha256(mediaUrl)).toBe(sha256(bytes));
    expect([...totals]).toEqual([total]);
  });

  it('refuses a stream that has another size than was said, and leaves nothing', async () => {
    const put = putFile(
      Readable.from([Buffer.alloc(5)]),
      await options({ name: 'a.mp4', size: 6 }),
    );

    await expect(put).rejects.toThrow(VodUploadError);
    await expect(put).rejects.toMatchObject({ problem: { code: 'wrong_size' } });
  });

  it('says what it needs to know about bytes', async () => {
    await expect(putFile(Buffer.alloc(5), await options())).rejects.toThrow(/name: "film\.mp4"/);
  });

  it('has the reason of the service, with its code', async () => {
    await writeMedia(stage, 'film.mp4', 5);
    const token = await signIn('upload:read');

    const put = putFile(join(stage.dir, 'film.mp4'), await options({ token }));

    await expect(put).rejects.toThrow(VodUploadError);
    await expect(put).rejects.toMatchObject({
      problem: { code: 'insufficient_scope', status: 403 },
    });
  });

  it('says that a file is missing', async () => {
    await expect(putFile(join(stage.dir, 'none.mp4'), await options())).rejects.toMatchObject({
      problem: { code: 'unreadable', detail: expect.stringContaining('none.mp4') },
    });
  });

  it('asks for another token if one is not accepted', async () => {
    await writeMedia(stage, 'film.mp4', 5);
    const refused: (string | undefined)[] = [];
    const token: PutFileOptions['token'] = (old) => {
      refused.push(old);
      return old === undefined ? 'an old one' : signIn();
    };

    await putFile(join(stage.dir, 'film.mp4'), await options({ token }));

    expect(refused.slice(0, 2)).toEqual([undefined, 'an old one']);
  });
});

describe('a stream', () => {
  it('that fails before it is read rejects with its error', async () => {
    const named = await options({ name: 'film.mp4' });

    const put = putFile(createReadStream(join(stage.dir, 'nothing.mp4')), named);

    await expect(put).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('of text is refused, since that is not what was in it', async () => {
    const texts = [
      Readable.from(['film']),
      new Readable({ read() {}, encoding: 'utf8' }),
      Readable.from([{ film: 1 }]),
    ];
    texts[1]?.push(Buffer.from([0xff, 0xfe]));

    for (const stream of texts) {
      await expect(putFile(stream, await options({ name: 'a.mp4' }))).rejects.toMatchObject({
        problem: { code: 'unreadable', detail: expect.stringContaining('must have bytes') },
      });
    }
    expect(await countOpen()).toBe(0);
  });

  it('is closed if its upload is refused, or its cover is missing', async () => {
    for (const change of [{ token: 'wrong' }, { cover: join(stage.dir, 'no.png') }]) {
      const stream = new Readable({ read() {} });
      const put = putFile(stream, { ...(await options({ name: 'film.mp4' })), ...change });

      await expect(put).rejects.toBeInstanceOf(VodUploadError);
      expect(stream.destroyed).toBe(true);
    }
  });
});

describe('an interrupted putFile()', () => {
  it('leaves nothing without a folder for its state', async () => {
    await writeMedia(stage, 'film.mp4', 40 * MEBIBYTE);
    const put = putFile(join(stage.dir, 'film.mp4'), await options(abortAfter(10 * MEBIBYTE)));

    await expect(put).rejects.toThrow('enough');

    expect(await countOpen()).toBe(0);
  });

  it('is continued by the same call with one, once', async () => {
    // More parts than are sent at the same time, so that some are stored while others are still to be sent.
    const film = await writeMedia(stage, 'film.mp4', 120 * MEBIBYTE);
    const path = join(stage.dir, 'film.mp4');
    const stateFolder = join(stage.dir, 'state-1');
    const before = countParts(stage);
    const stop = new AbortController();
    const interrupted = await options({
      ...{ stateFolder, signal: stop.signal },
      onProgress() {
        if (countParts(stage) >= before + 3) stop.abort(new Error('enough'));
      },
    });
    await expect(putFile(path, interrupted)).rejects.toThrow('enough');
    const loaded: number[] = [];
    const onProgress = (progress: PutProgress) => loaded.push(progress.loaded);

    const result = await putFile(path, await options({ stateFolder, onProgress }));
    const again = await putFile(path, await options({ stateFolder }));

    expect(await fetchSha256(result.mediaUrl)).toBe(sha256(film));
    expect(loaded[0]).toBeGreaterThanOrEqual(12 * MEBIBYTE);
    expect(again).toEqual({ ...result, isNew: false });
  });

  it('begins again with a file that has changed, and leaves nothing of the old one', async () => {
    await writeMedia(stage, 'film.mp4', 40 * MEBIBYTE);
    const path = join(stage.dir, 'film.mp4');
    const stateFolder = join(stage.dir, 'state-2');
    const interrupted = await options({ stateFolder, ...abortAfter(20 * MEBIBYTE) });
    await expect(putFile(path, interrupted)).rejects.toThrow('enough');
    expect(await countOpen()).toBe(1);
    await writeFile(path, 'another film');

    const { mediaUrl } = await putFile(path, await options({ stateFolder }));

    expect(await (await fetch(mediaUrl)).text()).toBe('another film');
    expect(await countOpen()).toBe(0);
  });
});

describe('the example of docs/client.md', () => {
  it('uploads a file and standard input', async () => {
    const [, example = ''] =
      /```js\n(.*?)```/s.exec(sectionOf('docs/client.md', 'Uploads from a server')) ?? [];
    const { host } = new URL(stage.stack.origin);
    const program = example
      .replace('vod-upload-client/node', new URL('../../client/node.ts', import.meta.url).href)
      .replaceAll('localhost:3000', host);
    await writeFile(join(stage.dir, 'example.mjs'), program);
    const film = await writeMedia(stage, 'films/one.mp4', 5 * MEBIBYTE);
    const token = await signIn();
    const running = execFileAsync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), 'example.mjs'],
      { cwd: stage.dir, env: { ...process.env, VOD_API_KEY: token } },
    );
    running.child.stdin?.end(film);

    const { stdout } = await running;

    expect(stdout).toContain(`${film.length} of ${film.length}\n`);
    const urls = stdout.match(/http:\S+/g) ?? [];
    expect(await Promise.all(urls.map(fetchSha256))).toEqual([sha256(film), sha256(film)]);
  });
});
