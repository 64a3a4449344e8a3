import { randomBytes } from 'node:crypto';
import { appendFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PutError } from '../../../client/put/put-error.ts';
import { abortFile } from '../../../client/put/remove-parts.ts';
import { lockState } from '../../../client/put/state-lock.ts';
import { type UploadFileRequest, uploadFile } from '../../../client/put/upload-file.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { perTest } from '../../support/per-test.ts';
import { MEBIBYTE, openPutStage, type PutStage, sentParts, storageCalls } from './put-stage.ts';

const stage = perTest(() => openPutStage());

const PARTS = 8;

/** Uploads until storage has some parts, and ends. */
async function interrupt(request: UploadFileRequest, parts = 3): Promise<void> {
  const stop = new AbortController();
  const unlisten = stage.emulator.activity.listen((each) => {
    if (
      each.type === 'storage' &&
      each.operation === 'UploadPart' &&
      sentParts(stage).length >= parts
    ) {
      stop.abort(new Error('interrupted'));
    }
  });
  const put = uploadFile({ ...request, signal: stop.signal }, stage.environment);
  await expect(put).rejects.toThrow('interrupted');
  unlisten();
}

/** Returns the multipart uploads that are open in storage. */
async function listOpen({ emulator }: PutStage): Promise<readonly string[]> {
  return readdir(join(emulator.dir, 'storage', 'uploads'));
}

async function prepare(size = PARTS * MEBIBYTE) {
  const film = randomBytes(size);
  const path = await stage.write('film.mp4', film);
  return { film, path, request: stage.request(path) };
}

describe('an interrupted upload', () => {
  it('is continued: at most the parts in flight are sent again', async () => {
    const { film, request } = await prepare();
    await interrupt(request);
    const before = sentParts(stage).length;

    const { mediaUrl, isNew } = await uploadFile(request, stage.environment);

    expect(isNew).toBe(true);
    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(before).toBeGreaterThanOrEqual(3);
    expect(sentParts(stage).length).toBeLessThanOrEqual(PARTS + 4);
    expect(stage.events).toContainEqual({ type: 'resumed', bytes: expect.any(Number) });
    expect(
      storageCalls(stage).filter(({ operation }) => operation === 'InitiateMultipartUpload'),
    ).toHaveLength(1);
  });

  it('is continued although its last step was done, and its answer lost', async () => {
    const { film, request } = await prepare();
    await interrupt(request, PARTS);
    const access = stage.direct();
    const lost = { ...access, commit: () => Promise.reject(new PutError('unreachable', 'gone')) };
    await expect(uploadFile({ ...request, access: lost }, stage.environment)).rejects.toThrow(
      'gone',
    );
    const before = sentParts(stage).length;

    const { mediaUrl } = await uploadFile(request, stage.environment);

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(sentParts(stage).length).toBe(before);
  });

  it('begins again if VOD does not continue it', async () => {
    const { film, request } = await prepare();
    await interrupt(request);
    stage.emulator.passSeconds(2 * 86_400);
    const access = stage.direct({ now: () => Date.now() + 2 * 86_400_000 });

    const { mediaUrl } = await uploadFile({ ...request, access }, stage.environment);

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(stage.events).toContainEqual({
      type: 'restarted',
      reason: expect.stringMatching(/a day/),
    });
  });

  it('trusts storage: parts that it does not list are sent again', async () => {
    const { film, request } = await prepare();
    await interrupt(request);
    const uploads = join(stage.emulator.dir, 'storage', 'uploads');
    await rm(uploads, { recursive: true, force: true });
    await stage.emulator.reopen();

    const { mediaUrl } = await uploadFile(request, stage.environment);

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
  });

  it('is not continued with a file that has changed, nor with other options', async () => {
    const { path, request } = await prepare();
    await interrupt(request);

    await expect(uploadFile({ ...request, options: 'x' }, stage.environment)).rejects.toMatchObject(
      {
        code: 'other_options',
      },
    );
    await utimes(path, 1, 1);
    await expect(uploadFile(request, stage.environment)).rejects.toMatchObject({
      code: 'file_changed',
      message: expect.stringMatching(/film\.mp4 has changed since .*--abort/),
    });
  });

  it('is removed, with its parts, by an abort', async () => {
    const { request } = await prepare();
    await interrupt(request);
    expect(await listOpen(stage)).toHaveLength(1);

    expect(await abortFile(request, stage.environment)).toBe('removed');

    expect(storageCalls(stage).at(-1)).toMatchObject({
      operation: 'AbortMultipartUpload',
      status: 204,
    });
    expect(await listOpen(stage)).toEqual([]);
    expect(await readdir(request.stateFolder)).toEqual([]);
    expect(await abortFile(request, stage.environment)).toBe('nothing');
  });

  it('begins again if only its last step is left, and its session is over', async () => {
    const { film, request } = await prepare();
    const commit = async () => {
      throw new Error('killed');
    };
    await expect(
      uploadFile({ ...request, access: { ...request.access, commit } }, stage.environment),
    ).rejects.toThrow('killed');
    stage.emulator.passSeconds(2 * 86_400);
    const now = () => Date.now() + 2 * 86_400_000;
    const clock = { ...stage.environment.clock, now };

    const { mediaUrl } = await uploadFile(
      { ...request, access: stage.direct({ now }) },
      { ...stage.environment, clock },
    );

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(stage.events).toContainEqual({
      type: 'restarted',
      reason: expect.stringContaining('its session lasts a day'),
    });
  });

  it('is forgotten by an abort if its session is over', async () => {
    const { request } = await prepare();
    await interrupt(request);
    stage.emulator.passSeconds(2 * 86_400);

    expect(await abortFile(request, stage.environment)).toBe('expired');
    expect(await readdir(request.stateFolder)).toEqual([]);
  });
});

describe('a file that changes while it is read', () => {
  it.each([
    ['grows', (path: string) => appendFile(path, 'more')],
    ['is written to', (path: string) => writeFile(path, randomBytes(PARTS * MEBIBYTE))],
    ['is cut', (path: string) => writeFile(path, '')],
    [
      'is replaced',
      async (path: string) => {
        await rm(path);
        await writeFile(path, randomBytes(PARTS * MEBIBYTE));
      },
    ],
  ])('is not uploaded if it %s', async (_, change) => {
    const { path, request } = await prepare();
    let isChanged = false;
    const rate = {
      step: MEBIBYTE,
      take: async () => {
        if (isChanged || sentParts(stage).length < 2) return;
        isChanged = true;
        await change(path);
      },
    };

    const put = uploadFile(request, { ...stage.environment, rate });

    await expect(put).rejects.toMatchObject({ code: 'file_changed' });
    expect(isChanged).toBe(true);
    expect(await listOpen(stage)).toEqual([]);
    expect((await stage.emulator.client.SearchMedia({})).TotalCount).toBe(0);
    expect(await readdir(request.stateFolder)).toEqual([]);
  });
});

describe('the state', () => {
  it('belongs to one process', async () => {
    const { request } = await prepare();

    // Either may be the first to have it.
    const results = await Promise.allSettled([
      uploadFile(request, stage.environment),
      uploadFile(request, stage.environment),
    ]);

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({ code: 'in_use' }),
    });
  });

  it('may be on a disk that is full from the beginning', async () => {
    const { film, request } = await prepare();
    const name = await nameOfState(request);
    await abortFile(request, stage.environment);
    await symlink('/dev/full', join(request.stateFolder, `${name}.new`));

    const { mediaUrl } = await uploadFile(request, stage.environment);

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(stage.events).toContainEqual({ type: 'state_lost', reason: 'ENOSPC' });
  });

  it('may be on a disk that becomes full', async () => {
    const { film, request } = await prepare();
    const file = join(request.stateFolder, await nameOfState(request));
    const rate = {
      step: MEBIBYTE,
      take: async () => {
        await rm(file, { force: true });
        await symlink('/dev/full', file).catch(() => undefined);
      },
    };

    const { mediaUrl } = await uploadFile(request, { ...stage.environment, rate });

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    const lost = stage.events.filter(({ type }) => type === 'state_lost');
    expect(lost).toEqual([{ type: 'state_lost', reason: 'ENOSPC' }]);
  });

  it('that was lost leaves nothing in storage if the upload fails', async () => {
    const { request } = await prepare();
    const stateFolder = join(request.path, 'below-a-file');

    await interrupt({ ...request, stateFolder });

    expect(stage.events).toContainEqual({ type: 'state_lost', reason: 'ENOTDIR' });
    expect(await listOpen(stage)).toEqual([]);
  });
});

/** Interrupts an upload, and returns the name of its state. */
async function nameOfState(request: ReturnType<typeof stage.request>): Promise<string> {
  await interrupt(request);
  const names = await readdir(request.stateFolder);
  return names.find((name) => name.endsWith('.ndjson')) ?? '';
}

describe('lockState()', () => {
  const lock = (file: string) => lockState(file, 'film.mp4');

  it('is free again after it is released', async () => {
    const file = join(stage.folder, 'a.lock');
    const { release } = await lock(file);
    await expect(lock(file)).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await release();
    await (await lock(file)).release();
    expect(await readdir(stage.folder)).toEqual([]);
  });

  it.each([
    ['a process that has ended', { pid: 2 ** 22 + 1 }],
    ['a process that had the number of this one', { started: '1' }],
    ['nobody', undefined],
  ])('takes over the lock of %s', async (_, change) => {
    const file = join(stage.folder, 'a.lock');
    const holder = { token: 'other', pid: process.pid, host: hostname(), started: '', ...change };
    await writeFile(file, change === undefined ? '' : JSON.stringify(holder));

    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lock(file)));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes over a lock that an ended process was taking over, and leaves nothing of either', async () => {
    const file = join(stage.folder, 'a.lock');
    const ended = { pid: 2 ** 22 + 1, host: hostname(), started: '' };
    await writeFile(file, JSON.stringify({ ...ended, token: 'first' }));
    await writeFile(`${file}.first`, JSON.stringify({ ...ended, token: 'second' }));

    const { release } = await lock(file);

    await expect(lock(file)).rejects.toMatchObject({ code: 'in_use' });
    await release();
    expect(await readdir(stage.folder)).toEqual([]);
  });

  it('respects the lock of another machine', async () => {
    const file = join(stage.folder, 'a.lock');
    const holder = { token: 'other', pid: 1, host: 'elsewhere', started: '' };
    await writeFile(file, JSON.stringify(holder));

    await expect(lock(file)).rejects.toThrow(/process 1 on elsewhere.*remove .*a\.lock/);
  });
});
