import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { uploadFile } from '../../../client/put/upload-file.ts';
import { listHlsSet } from '../../../tools/put/hls-set.ts';
import { MEBIBYTE, openPutStage } from '../../client/put/put-stage.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { perTest } from '../../support/per-test.ts';

const stage = perTest(() => openPutStage());

/** Writes a set of files; lines of a playlist, or a size. */
async function write(files: Readonly<Record<string, readonly string[] | number>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(stage.folder, name)), { recursive: true });
    if (typeof content === 'number') await stage.write(name, content);
    else await writeFile(join(stage.folder, name), ['#EXTM3U', ...content, ''].join('\r\n'));
  }
  return join(stage.folder, Object.keys(files)[0] ?? '');
}

const SET = {
  'film.m3u8': [
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="audio/en.m3u8"',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="720/frames.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1',
    '720/index.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=2',
    '1080/more/index.m3u8?token=secret',
  ],
  'audio/en.m3u8': ['#EXTINF:1,', 'a.aac'],
  '720/frames.m3u8': [
    '#EXT-X-BYTERANGE:10@0',
    'one%20a.ts',
    '#EXT-X-BYTERANGE:10@10',
    'one%20a.ts',
  ],
  '720/index.m3u8': [
    '#EXT-X-KEY:METHOD=AES-128,URI="keys/k.bin"',
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://keys.example.com/k"',
    '#EXT-X-MAP:URI="init.mp4"',
    '#EXTINF:1,',
    'one%20a.ts',
  ],
  '1080/more/index.m3u8': ['#EXTINF:1,', 'b.ts', '#EXT-X-ENDLIST'],
  'audio/a.aac': 10,
  '720/one a.ts': MEBIBYTE + 7,
  '720/keys/k.bin': 16,
  '720/init.mp4': 20,
  '1080/more/b.ts': 30,
};

describe('listHlsSet()', () => {
  it('names every file once, in any depth', async () => {
    const playlist = await write(SET);

    const names = (await listHlsSet(playlist)).map(({ name }) => name);

    expect(names.toSorted()).toEqual(
      Object.keys(SET)
        .filter((name) => name !== 'film.m3u8')
        .toSorted(),
    );
  });

  it('reports everything that is missing or elsewhere, without queries', async () => {
    const playlist = await write({
      'film.m3u8': ['a.ts', 'https://cdn.example.com/b.ts?sign=secret', '/c.ts', 'sub/list.m3u8'],
      'sub/list.m3u8': ['../d.ts', 'e.ts'],
    });

    const error = await listHlsSet(playlist).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 'incomplete_set',
      message: `${playlist} cannot be uploaded: a.ts, named in film.m3u8, is missing; film.m3u8 names a file elsewhere: https://cdn.example.com/b.ts; film.m3u8 names a file elsewhere: /c.ts; sub/list.m3u8 names a file elsewhere: ../d.ts; sub/e.ts, named in sub/list.m3u8, is missing. Every file must be in the folder of the playlist that names it, or below.`,
    });
  });

  it('reads playlists that name each other', async () => {
    const playlist = await write({ 'a.m3u8': ['b.m3u8'], 'b.m3u8': ['a.m3u8'] });

    expect(await listHlsSet(playlist)).toHaveLength(2);
  });

  it('refuses what is no playlist', async () => {
    const playlist = await stage.write('film.m3u8', 100);

    await expect(listHlsSet(playlist)).rejects.toThrow('film.m3u8 does not begin with #EXTM3U');
  });
});

describe('uploadFile()', () => {
  it('uploads a set, so that its names are right beside the playlist', async () => {
    const playlist = await write(SET);
    const attachments = await listHlsSet(playlist);
    const request = stage.request(playlist, { type: 'm3u8', attachments });

    const { mediaUrl } = await uploadFile(request, stage.environment);

    for (const { path, name } of attachments) {
      const url = new URL(name.split('/').map(encodeURIComponent).join('/'), mediaUrl).href;
      expect(await fetchSha256(url)).toBe(sha256(await readFile(path)));
    }
  });
});
