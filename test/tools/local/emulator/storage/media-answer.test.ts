import { createServer, request } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serveMedia } from '../../../../../tools/local/emulator/storage/media-answer.ts';
import { openObjects } from '../../../../../tools/local/emulator/storage/object-files.ts';
import type { ObjectStore } from '../../../../../tools/local/emulator/storage/objects.ts';
import { type Listening, listen } from '../../../../support/listen.ts';
import { makeFolder } from '../../../../support/make-folder.ts';

let dir: string;
let objects: ObjectStore;
let listening: Listening;
const server = createServer((incoming, outgoing) => {
  void serveMedia(objects, 'b-1', incoming.url ?? '', incoming, outgoing);
});

beforeEach(async () => {
  dir = await makeFolder();
  objects = await openObjects(dir);
  listening = await listen(server);
});
afterEach(() => listening.close());

function store(key: string, content: string) {
  const body = Readable.from([Buffer.from(content)]);
  return objects.put({ bucket: 'b-1', key }, body, content.length, 'text/html');
}

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      request({ host: '127.0.0.1', port: listening.port, path, headers, method }, (incoming) => {
        text(incoming).then((body) => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
        }, reject);
      })
        .on('error', reject)
        .end();
    },
  );
}

describe('serveMedia', () => {
  test('sends a file with the type of its extension', async () => {
    const { etag } = await store('1/a b/é.MP4', '0123456789');

    const answer = await ask('/1/a%20b/%C3%A9.MP4');

    expect(answer).toMatchObject({ status: 200, body: '0123456789' });
    expect(answer.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '10',
      'accept-ranges': 'bytes',
      etag,
    });
  });

  test.each([
    ['bytes=0-', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=4-5', 206, '45', 'bytes 4-5/10'],
    ['bytes=-1', 206, '9', 'bytes 9-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
  ])('answers the range %s of a player', async (range, status, body, contentRange) => {
    await store('a.mp4', '0123456789');

    const answer = await ask('/a.mp4', { Range: range });

    expect(answer).toMatchObject({ status, body });
    expect(answer.headers['content-range']).toBe(contentRange);
  });

  test('sends the whole file if it was replaced since the player began', async () => {
    const { etag } = await store('a.mp4', 'old');
    const same = await ask('/a.mp4', { Range: 'bytes=1-1', 'If-Range': etag });
    await store('a.mp4', 'new');

    const changed = await ask('/a.mp4', { Range: 'bytes=1-1', 'If-Range': etag });

    expect([same.status, same.body]).toEqual([206, 'l']);
    expect([changed.status, changed.body]).toEqual([200, 'new']);
  });

  test('answers HEAD with the size, and sends an empty file', async () => {
    await store('a.mp4', '0123456789');
    await store('empty.mp4', '');

    const head = await ask('/a.mp4', {}, 'HEAD');

    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe('10');
    expect(await ask('/empty.mp4')).toMatchObject({ status: 200, body: '' });
  });

  test.each(['a.html', 'a.svg', 'a.js', 'a'])(
    'never sends %s as a page that a browser would run',
    async (key) => {
      await store(key, '<script>');

      const { headers } = await ask(`/${key}`);

      expect(headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'x-content-type-options': 'nosniff',
      });
    },
  );

  test.each(['/none.mp4', '/../objects', '/%2e%2e/%2e%2e/etc/passwd', '/%ff', '/', '/a.mp4/'])(
    'finds nothing at %s',
    async (path) => {
      await store('a.mp4', 'x');

      expect((await ask(path)).status).toBe(404);
    },
  );

  test('refuses writing methods', async () => {
    await store('a.mp4', 'x');

    const answer = await ask('/a.mp4', {}, 'DELETE');

    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
  });
});
