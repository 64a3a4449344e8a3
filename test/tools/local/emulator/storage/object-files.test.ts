import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  OPEN_UPLOAD_LIFE_MS,
  openObjects,
} from '../../../../../tools/local/emulator/storage/object-files.ts';
import type {
  ObjectStore,
  StoredObject,
} from '../../../../../tools/local/emulator/storage/objects.ts';
import { makeFolder } from '../../../../support/make-folder.ts';

const NAME = { bucket: 'b-1', key: 'b/1/video.mp4' };

let dir: string;
beforeEach(async () => {
  dir = await makeFolder();
});

function md5(bytes: Buffer | string): string {
  return createHash('md5').update(bytes).digest('hex');
}

function put(store: ObjectStore, name: { bucket: string; key: string }, text: string) {
  return store.put(name, Readable.from([Buffer.from(text)]), text.length, 'video/mp4');
}

function putPart(store: ObjectStore, uploadId: string, partNumber: number, bytes: Buffer) {
  return store.putPart(uploadId, partNumber, Readable.from([bytes]), bytes.length);
}

function contentOf(store: ObjectStore, object: StoredObject): Promise<Buffer> {
  return buffer(store.read(object, 0, object.size - 1));
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe('put', () => {
  test('stores the given bytes, with their MD5 as ETag', async () => {
    const store = await openObjects(dir);

    const object = await put(store, NAME, 'hello');

    expect(object).toMatchObject({ ...NAME, size: 5, etag: `"${md5('hello')}"` });
    expect(await store.find(NAME)).toEqual(object);
    expect(String(await contentOf(store, object))).toBe('hello');
  });

  test('stores an empty object', async () => {
    const store = await openObjects(dir);

    const object = await put(store, NAME, '');

    expect(object.size).toBe(0);
    expect(await contentOf(store, object)).toHaveLength(0);
  });

  test.each([
    ['ends early', 6],
    ['is longer than announced', 4],
  ])('stores nothing of a body that %s', async (_what, length) => {
    const store = await openObjects(dir);

    await expect(
      store.put(NAME, Readable.from([Buffer.from('hello')]), length, 'a/b'),
    ).rejects.toThrow(/bytes/);

    expect(await store.find(NAME)).toBeUndefined();
    expect(await filesUnder(dir)).toEqual([]);
  });

  test('keeps the old object when its replacement is interrupted', async () => {
    const store = await openObjects(dir);
    await put(store, NAME, 'old');
    const body = new PassThrough();
    const replacing = store.put(NAME, body, 100, 'video/mp4');

    body.write('new');
    body.destroy(new Error('connection lost'));

    await expect(replacing).rejects.toThrow('connection lost');
    const object = await store.find(NAME);
    expect(object && String(await contentOf(store, object))).toBe('old');
  });

  test('stores nothing of a body that fails halfway', async () => {
    const store = await openObjects(dir);
    async function* failing() {
      yield Buffer.alloc(100_000);
      throw new Error('connection lost');
    }

    const putting = store.put(NAME, Readable.from(failing()), 200_000, 'video/mp4');

    await expect(putting).rejects.toThrow('connection lost');
    expect(await filesUnder(dir)).toEqual([]);
  });

  test('replaces an object and frees its space', async () => {
    const store = await openObjects(dir);
    await put(store, NAME, 'old');

    await put(store, NAME, 'newer');

    const object = await store.find(NAME);
    expect(object && String(await contentOf(store, object))).toBe('newer');
    expect(await filesUnder(join(dir, 'blobs'))).toHaveLength(1);
  });

  test('stores one of many concurrent objects with the same key as a whole', async () => {
    const store = await openObjects(dir);
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);

    await Promise.all(texts.map((text) => put(store, NAME, text)));

    const object = await store.find(NAME);
    expect(texts).toContain(object && String(await contentOf(store, object)));
    expect(await filesUnder(join(dir, 'blobs'))).toHaveLength(1);
  });
});

describe('keys', () => {
  test.each([
    '../../../../etc/example',
    '..',
    '.',
    '/absolute',
    'a/../b',
    'a//b',
    'nul\0byte',
    'C:\\windows',
    `${'long/'.repeat(400)}end`,
    'é中文\u202e',
    '__proto__',
  ])('stores %j separately from all others, inside its directory', async (key) => {
    const store = await openObjects(join(dir, 'inner'));
    await put(store, NAME, 'another');

    const object = await put(store, { bucket: 'b-1', key }, 'hostile');

    expect(object.parts.every(({ file }) => file.startsWith(join(dir, 'inner')))).toBe(true);
    expect(await readdir(dir)).toEqual(['inner']);
    expect(await store.find({ bucket: 'b-1', key })).toEqual(object);
    expect(await store.find({ bucket: 'b-2', key })).toBeUndefined();
    const upload = await store.initiate({ bucket: '../b', key }, 'a/b');
    expect(await store.listUploads('../b', key)).toEqual([upload]);
  });

  test.each(['..', '../objects', 'a/b', '', '0'.repeat(31), `${'0'.repeat(32)}/..`])(
    'finds no upload with the id %j',
    async (uploadId) => {
      const store = await openObjects(dir);

      expect(await store.findUpload(uploadId)).toBeUndefined();
      expect(await store.findCompleted(uploadId)).toBeUndefined();
      await expect(putPart(store, uploadId, 1, Buffer.from('x'))).rejects.toThrow(/no open upload/);
      await store.abort(uploadId);
    },
  );
});

describe('multipart', () => {
  test('makes an object of the listed parts without copying them', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    const parts = [randomBytes(300_000), randomBytes(70_000), randomBytes(5)];
    for (const [index, bytes] of [...parts.entries()].reverse()) {
      await putPart(store, uploadId, index + 1, bytes);
    }
    const inodes = new Set<number>();
    for (const name of await readdir(join(dir, 'blobs', uploadId))) {
      inodes.add((await stat(join(dir, 'blobs', uploadId, name))).ino);
    }

    const object = await store.complete(uploadId, [1, 2, 3]);

    const digests = parts.map((bytes) => createHash('md5').update(bytes).digest());
    expect(object.etag).toBe(`"${md5(Buffer.concat(digests))}-3"`);
    expect((await contentOf(store, object)).equals(Buffer.concat(parts))).toBe(true);
    for (const { file } of object.parts) expect(inodes).toContain((await stat(file)).ino);
    expect(await store.findUpload(uploadId)).toBeUndefined();
  });

  test('reads any range across parts', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    for (const [index, text] of ['abc', 'd', '', 'efg'].entries()) {
      await putPart(store, uploadId, index + 1, Buffer.from(text));
    }
    const object = await store.complete(uploadId, [1, 2, 3, 4]);
    const whole = 'abcdefg';

    for (let start = 0; start < whole.length; start += 1) {
      for (let end = start; end < whole.length; end += 1) {
        const read = await buffer(store.read(object, start, end));
        expect(String(read)).toBe(whole.slice(start, end + 1));
      }
    }
  });

  test('uses the part that finished last', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    const slow = new PassThrough();
    const slowPart = store.putPart(uploadId, 1, slow, 4);
    slow.write('sl');

    await putPart(store, uploadId, 1, Buffer.from('quick'));
    slow.end('ow');
    const last = await slowPart;

    expect(await store.listParts(uploadId)).toEqual([last]);
    const object = await store.complete(uploadId, [1]);
    expect(String(await contentOf(store, object))).toBe('slow');
  });

  test('stores one of many concurrent parts with the same number as a whole', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    const bodies = Array.from({ length: 20 }, () => randomBytes(100_000));

    const stored = await Promise.all(bodies.map((bytes) => putPart(store, uploadId, 1, bytes)));

    const [part, ...others] = await store.listParts(uploadId);
    expect(others).toEqual([]);
    expect(stored).toContainEqual(part);
    const object = await store.complete(uploadId, [1]);
    expect(`"${md5(await contentOf(store, object))}"`).toBe(part?.etag);
  });

  test('stores nothing of a part that ends early', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');

    const body = Readable.from([Buffer.from('half')]);
    await expect(store.putPart(uploadId, 1, body, 8)).rejects.toThrow('4 of 8 bytes');

    expect(await store.listParts(uploadId)).toEqual([]);
    expect(await readdir(join(dir, 'blobs', uploadId))).toEqual([]);
  });

  test('returns the same object when it is completed again, until it is replaced', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    await putPart(store, uploadId, 1, Buffer.from('one'));

    const [first, second] = await Promise.all([
      store.complete(uploadId, [1]),
      store.complete(uploadId, [1]),
    ]);
    expect(second).toEqual(first);
    expect(await store.findCompleted(uploadId)).toEqual(first);

    await put(store, NAME, 'two');
    expect(await store.findCompleted(uploadId)).toBeUndefined();
    await expect(store.complete(uploadId, [1])).rejects.toThrow(/no open upload/);
  });

  test('refuses to complete with a missing part, and stays open', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    await putPart(store, uploadId, 1, Buffer.from('one'));

    await expect(store.complete(uploadId, [1, 2])).rejects.toThrow('part 2');

    expect(await store.findUpload(uploadId)).toBeDefined();
    expect(await store.find(NAME)).toBeUndefined();
  });

  test('removes an aborted upload and its parts', async () => {
    const store = await openObjects(dir);
    const { uploadId } = await store.initiate(NAME, 'video/mp4');
    await putPart(store, uploadId, 1, Buffer.from('one'));

    await store.abort(uploadId);

    expect(await store.findUpload(uploadId)).toBeUndefined();
    expect(await filesUnder(dir)).toEqual([]);
  });

  test('lists the uploads of a bucket under a prefix', async () => {
    const store = await openObjects(dir);
    const mine = await store.initiate({ bucket: 'b-1', key: 'a/1' }, 'a/b');
    await store.initiate({ bucket: 'b-1', key: 'b/1' }, 'a/b');
    await store.initiate({ bucket: 'b-2', key: 'a/1' }, 'a/b');

    expect(await store.listUploads('b-1', 'a/')).toEqual([mine]);
    await store.abort(mine.uploadId);
    expect(await store.listUploads('b-1', 'a/')).toEqual([]);
  });

  test('remove() deletes the object and its files', async () => {
    const store = await openObjects(dir);
    await put(store, NAME, 'old');

    await store.remove(NAME);
    await store.remove(NAME);

    expect(await store.find(NAME)).toBeUndefined();
    expect(await filesUnder(dir)).toEqual([]);
  });
});

describe('openObjects', () => {
  test('finds parts and objects again after a restart', async () => {
    const before = await openObjects(dir);
    const { uploadId } = await before.initiate(NAME, 'video/mp4');
    await putPart(before, uploadId, 1, Buffer.from('one'));
    const parts = await before.listParts(uploadId);
    const object = await put(before, { bucket: 'b-1', key: 'other' }, 'other');

    const after = await openObjects(dir);

    expect(await after.find(object)).toEqual(object);
    expect(await after.listParts(uploadId)).toEqual(parts);
    await putPart(after, uploadId, 2, Buffer.from('two'));
    const completed = await after.complete(uploadId, [1, 2]);
    expect(String(await contentOf(after, completed))).toBe('onetwo');
    expect(await (await openObjects(dir)).findCompleted(uploadId)).toEqual(completed);
  });

  test('uses a part that was sent again even if the clock was set back in between', async () => {
    const before = await openObjects(dir, () => new Date('2026-01-02T00:00:00Z'));
    const { uploadId } = await before.initiate(NAME, 'video/mp4');
    await putPart(before, uploadId, 1, Buffer.from('first'));

    const after = await openObjects(dir, () => new Date('2026-01-01T12:00:00Z'));
    const again = await putPart(after, uploadId, 1, Buffer.from('second'));

    expect(await after.listParts(uploadId)).toEqual([again]);
  });

  test('expires uploads that have been open for more than a day', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z');
    const now = () => new Date(time);
    const before = await openObjects(dir, now);
    const stale = await before.initiate(NAME, 'video/mp4');
    await putPart(before, stale.uploadId, 1, Buffer.from('one'));
    time += 1;
    const fresh = await before.initiate(NAME, 'video/mp4');
    time += OPEN_UPLOAD_LIFE_MS;

    const after = await openObjects(dir, now);

    expect(await after.findUpload(stale.uploadId)).toBeUndefined();
    expect(await after.findUpload(fresh.uploadId)).toEqual(fresh);
    expect(await readdir(join(dir, 'blobs'))).toEqual([fresh.uploadId]);
  });

  test('removes files that an interrupted writer left', async () => {
    const before = await openObjects(dir);
    const { uploadId } = await before.initiate(NAME, 'video/mp4');
    await writeFile(join(dir, 'blobs', uploadId, 'half.tmp'), 'half a part');

    await openObjects(dir);

    expect(await readdir(join(dir, 'blobs', uploadId))).toEqual([]);
  });

  test('removes the parts of objects that an interrupted process was storing, and no others', async () => {
    const before = await openObjects(dir);
    const object = await put(before, NAME, 'whole');
    const { uploadId } = await before.initiate(NAME, 'video/mp4');
    const part = await putPart(before, uploadId, 1, Buffer.from('part'));
    await mkdir(join(dir, 'blobs', 'interrupted'));
    await writeFile(join(dir, 'blobs', 'interrupted', 'half'), 'half');

    const after = await openObjects(dir);
    const added = await put(after, { ...NAME, key: 'added' }, 'added meanwhile');
    await after.tidied();

    expect(await readdir(join(dir, 'blobs'))).not.toContain('interrupted');
    expect(String(await contentOf(after, object))).toBe('whole');
    expect(String(await contentOf(after, added))).toBe('added meanwhile');
    expect(await after.listParts(uploadId)).toEqual([part]);
  });

  test.each([
    ['a killed', false, []],
    ['an orderly', true, ['left']],
  ])('looks for them after %s run only', async (_how, orderly, left) => {
    const before = await openObjects(dir);
    if (orderly) await before.close();
    await mkdir(join(dir, 'blobs', 'left'));

    const after = await openObjects(dir);
    await after.tidied();

    expect(await readdir(join(dir, 'blobs'))).toEqual(left);
    await (await openObjects(dir)).tidied();
    expect(await readdir(join(dir, 'blobs'))).toEqual([]);
  });

  test('keeps an object whose upload was not closed before the process ended', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z');
    const now = () => new Date(time);
    const before = await openObjects(dir, now);
    const { uploadId } = await before.initiate(NAME, 'video/mp4');
    await putPart(before, uploadId, 1, Buffer.from('one'));
    const record = join(dir, 'uploads', `${uploadId}.json`);
    const open = await readFile(record);
    const object = await before.complete(uploadId, [1]);
    await writeFile(record, open);
    time += OPEN_UPLOAD_LIFE_MS + 1;

    const after = await openObjects(dir, now);
    await after.tidied();

    expect(await after.findUpload(uploadId)).toBeUndefined();
    expect(String(await contentOf(after, object))).toBe('one');
  });

  test('names the file that is damaged', async () => {
    const before = await openObjects(dir);
    await put(before, NAME, 'x');
    const [manifest = ''] = await readdir(join(dir, 'objects'));
    await writeFile(join(dir, 'objects', manifest), '{');

    await expect(before.find(NAME)).rejects.toThrow(manifest);
  });
});

describe('the state of a version that computed no CRC', () => {
  /** Removes from the files of `dir` what that version did not write. */
  async function removeCrcs() {
    const blobs = join(dir, 'blobs');
    for (const id of await readdir(blobs)) {
      for (const name of await readdir(join(blobs, id))) {
        const [, before = name] = /^(\d+-\d+-\d+-[0-9a-f]{32})-\d+$/.exec(name) ?? [];
        await rename(join(blobs, id, name), join(blobs, id, before));
      }
    }
    for (const name of await readdir(join(dir, 'objects'))) {
      const file = join(dir, 'objects', name);
      const { crc64, parts, ...manifest } = JSON.parse(await readFile(file, 'utf8'));
      expect(crc64).toMatch(/^\d+$/);
      const before = parts.map((part: { file: string; size: number }) => ({
        ...part,
        file: part.file.replace(/-\d+$/, ''),
      }));
      await writeFile(file, JSON.stringify({ ...manifest, parts: before }));
    }
  }

  test('is read, and its objects have none', async () => {
    const { crc64, ...object } = await put(await openObjects(dir), NAME, 'content');
    await removeCrcs();

    const after = await openObjects(dir);

    const found = await after.find(NAME);
    expect(found).toEqual({ ...object, parts: [{ file: expect.any(String), size: 7 }] });
    expect(found && String(await contentOf(after, found))).toBe('content');
    expect((await put(after, NAME, 'content')).crc64).toBe(crc64);
  });

  test('has parts that can be joined with newer ones, into an object without a CRC', async () => {
    const before = await openObjects(dir);
    const { uploadId } = await before.initiate(NAME, 'video/mp4');
    const { crc64, ...first } = await putPart(before, uploadId, 1, Buffer.from('one'));
    await removeCrcs();

    const after = await openObjects(dir);
    const second = await putPart(after, uploadId, 2, Buffer.from('two'));

    expect(crc64).toMatch(/^\d+$/);
    expect(second.crc64).toMatch(/^\d+$/);
    expect(await after.listParts(uploadId)).toEqual([first, second]);
    const object = await after.complete(uploadId, [1, 2]);
    expect(object).not.toHaveProperty('crc64');
    expect(String(await contentOf(after, object))).toBe('onetwo');
  });
});

test('a 512 MiB part is stored without growing memory', async () => {
  const store = await openObjects(dir);
  const { uploadId } = await store.initiate(NAME, 'video/mp4');
  const chunk = randomBytes(256 * 1024);
  const count = 2048;
  let highest = 0;
  async function* generated() {
    for (let index = 0; index < count; index += 1) {
      highest = Math.max(highest, process.memoryUsage.rss());
      yield chunk;
    }
  }
  const before = process.memoryUsage.rss();

  const body = Readable.from(generated(), { objectMode: false });
  const part = await store.putPart(uploadId, 1, body, count * chunk.length);
  const object = await store.complete(uploadId, [1]);
  const hash = createHash('md5');
  for await (const read of store.read(object, 0, object.size - 1)) {
    hash.update(read);
    highest = Math.max(highest, process.memoryUsage.rss());
  }

  expect(object.size).toBe(512 * 1024 * 1024);
  expect(`"${hash.digest('hex')}"`).toBe(part.etag);
  expect(highest - before).toBeLessThan(160 * 1024 * 1024);
});
