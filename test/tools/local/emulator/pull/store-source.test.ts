import { createHash } from 'node:crypto';
import { createServer, get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { storeSource } from '../../../../../tools/local/emulator/pull/store-source.ts';
import { startTransferClock } from '../../../../../tools/local/emulator/pull/transfer-clock.ts';
import { openObjects } from '../../../../../tools/local/emulator/storage/object-files.ts';
import { listen } from '../../../../support/listen.ts';
import { makeFolder } from '../../../../support/make-folder.ts';

const MEBIBYTE = 1024 * 1024;

it.each([
  ['a small source in one piece', 3, true],
  ['a large one in parts', 9 * MEBIBYTE, false],
])('stores %s', async (_, size, isWhole) => {
  const bytes = Buffer.alloc(size, 'media');
  const server = await listen(createServer((_request, response) => response.end(bytes)));
  onTestFinished(() => server.close());
  const body = await new Promise<IncomingMessage>((resolve) => get(server.origin, resolve));
  const source = { url: new URL(server.origin), contentType: 'video/mp4', length: size, body };
  const clock = startTransferClock({}, new AbortController().signal);
  onTestFinished(() => clock.stop());
  const objects = await openObjects(await makeFolder());
  let progress = 0;

  const stored = await storeSource(
    objects,
    { bucket: 'b-1', key: 'k.mp4' },
    source,
    clock,
    (all) => {
      progress = all;
    },
  );

  expect(stored).toMatchObject({ size, contentType: 'video/mp4' });
  expect(stored.parts.length === 1).toBe(isWhole);
  expect((await buffer(objects.read(stored, 0, size - 1))).equals(bytes)).toBe(true);
  expect(progress).toBe(size);
  const md5 = `"${createHash('md5').update(bytes).digest('hex')}"`;
  // An upload in parts has another one.
  expect(stored.etag === md5).toBe(isWhole);
});
