import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCrc64 } from '../../../client/put/crc64.ts';
import { uploadFile } from '../../../client/put/upload-file.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { perTest } from '../../support/per-test.ts';
import { MEBIBYTE, openPutStage, sentParts, storageCalls } from './put-stage.ts';

const stage = perTest(() => openPutStage());

function crcOf(bytes: Uint8Array): string {
  const crc = createCrc64();
  crc.update(bytes);
  return crc.value();
}

describe('uploadFile()', () => {
  it.each([
    ['a small file', 5, []],
    ['a file of one part', MEBIBYTE, []],
    ['a byte more', MEBIBYTE + 1, [1, 2]],
    ['several parts', 5 * MEBIBYTE, [1, 2, 3, 4, 5]],
  ])('uploads %s whole', async (_, size, parts) => {
    const film = randomBytes(size);
    const path = await stage.write('film.mp4', film);

    const result = await uploadFile(stage.request(path), stage.environment);

    expect(result).toMatchObject({ isNew: true, size, crc64: crcOf(film) });
    expect(await fetchSha256(result.mediaUrl)).toBe(sha256(film));
    expect([...sentParts(stage)].sort()).toEqual(parts);
  });

  it('refuses an empty file, before VOD is asked for anything', async () => {
    const path = await stage.write('film.mp4', Buffer.alloc(0));
    const access = { ...stage.request(path).access, prepare: () => expect.unreachable() };

    const put = uploadFile(stage.request(path, { access }), stage.environment);

    await expect(put).rejects.toMatchObject({ code: 'wrong_size', message: `${path} is empty.` });
  });

  it('uploads a cover with it', async () => {
    const [film, cover] = [randomBytes(100), randomBytes(2 * MEBIBYTE)];
    const path = await stage.write('film.mp4', film);
    const request = stage.request(path, {
      cover: { path: await stage.write('cover.png', cover), type: 'png' },
    });

    const { mediaUrl, coverUrl = '' } = await uploadFile(request, stage.environment);

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(await fetchSha256(coverUrl)).toBe(sha256(cover));
  });

  it('sends a part again that was refused, cut, or received otherwise', async () => {
    const film = randomBytes(6 * MEBIBYTE);
    const path = await stage.write('film.mp4', film);
    stage.emulator.faults.arm('failed-part', 2);
    stage.emulator.faults.arm('dropped-connection', 1);

    const { mediaUrl } = await uploadFile(stage.request(path), stage.environment);

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    const sent = stage.events.flatMap((event) => (event.type === 'sent' ? [event.bytes] : []));
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBe(film.length);
    expect(stage.events.filter(({ type }) => type === 'retry')).toHaveLength(3);
  });

  it('replaces credentials before they expire', async () => {
    const film = randomBytes(8 * MEBIBYTE);
    const path = await stage.write('film.mp4', film);
    stage.emulator.faults.arm('short-credentials', 1, 2);
    let calls = 0;
    const access = stage.direct();
    const renew: typeof access.renew = (session) => {
      calls += 1;
      return access.renew(session);
    };
    const request = stage.request(path, { access: { ...access, renew } });
    const slow = {
      take: async () => void (await stage.environment.clock.sleep(500)),
      step: MEBIBYTE,
    };

    const { mediaUrl } = await uploadFile(request, { ...stage.environment, rate: slow });

    expect(await fetchSha256(mediaUrl)).toBe(sha256(film));
    expect(calls).toBeGreaterThan(0);
    expect(storageCalls(stage).filter(({ status }) => status === 403)).toEqual([]);
  });

  it('follows the clock of VOD if that of the machine is wrong', async () => {
    const path = await stage.write('film.mp4', 3 * MEBIBYTE);
    const late = () => Date.now() - 3_600_000;
    const clock = { ...stage.environment.clock, now: late };
    const request = stage.request(path, { access: stage.direct({ now: late }) });

    const { isNew } = await uploadFile(request, { ...stage.environment, clock });

    expect(isNew).toBe(true);
  });

  it('does not upload a file again that it has uploaded, except when it is asked to', async () => {
    const path = await stage.write('film.mp4', 100);
    const request = stage.request(path);

    const first = await uploadFile(request, stage.environment);
    const second = await uploadFile(request, stage.environment);
    const third = await uploadFile({ ...request, again: true }, stage.environment);
    const fourth = await uploadFile({ ...request, options: 'others' }, stage.environment);

    expect(second).toEqual({ ...first, isNew: false });
    expect(new Set([first, third, fourth].map(({ fileId }) => fileId)).size).toBe(3);
    expect([third.isNew, fourth.isNew]).toEqual([true, true]);
  });

  it('leaves no credentials on the disk', async () => {
    const path = await stage.write('film.mp4', 100);
    const { stateFolder } = stage.request(path);

    await uploadFile(stage.request(path), stage.environment);

    const names = await readdir(stateFolder);
    const states = await Promise.all(
      names.map((name) => readFile(join(stateFolder, name), 'utf8')),
    );
    expect(states.join()).toContain('"type":"ended"');
    expect(states.join()).not.toContain('AKIDtmp');
  });
});
