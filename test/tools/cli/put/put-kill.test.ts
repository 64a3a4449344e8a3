import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCrc64 } from '../../../../client/put/crc64.ts';
import { seen } from '../../../support/activities.ts';
import { createChance } from '../../../support/chance.ts';
import { connectApi } from '../../../support/clients/client-stage.ts';
import { fetchSha256, sha256 } from '../../../support/digest.ts';
import { useStack } from '../../../support/stack-stage.ts';
import {
  accountVariables,
  callerVariables,
  control,
  countParts,
  MEBIBYTE,
  startPut,
  writeMedia,
} from './put-stage.ts';

const stage = useStack();

const PARTS = 64;
const KILLS = 10;

const ARGS = ['film.mp4', '--part-size', '1MiB', '--json'];

const listOpen = () => readdir(join(stage.dir, 'stack', 'vod', 'storage', 'uploads'));

/** Returns the event that a run wrote at its end. */
function readUploaded(out: string): Readonly<Record<string, unknown>> {
  return readEvents(out).find(({ event }) => event === 'uploaded') ?? {};
}

function readEvents(out: string): readonly Readonly<Record<string, unknown>>[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function checkUploaded(out: string, film: Buffer): Promise<void> {
  const uploaded = readUploaded(out);
  const crc = createCrc64();
  crc.update(film);
  expect(uploaded).toMatchObject({ size: film.length, crc64: crc.value() });
  expect(await fetchSha256(String(uploaded['mediaUrl']))).toBe(sha256(film));
  expect(await listOpen()).toEqual([]);
}

describe('an upload that is killed', () => {
  it.each([
    ['with the key of an account', ['--direct'], () => accountVariables(stage)],
    ['through the functions', [], () => callerVariables(stage, 'upload:sign')],
  ])('ten times at random is whole, %s', { timeout: 480_000 }, async (_, way, variables) => {
    const chance = createChance(7);
    const film = await writeMedia(stage, 'film.mp4', PARTS * MEBIBYTE);
    await control(stage, 'speed', { bytesPerSecond: 24 * MEBIBYTE });
    const environment = await variables();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = countParts(stage);
      const running = startPut(stage, [...ARGS, ...way], environment);
      const more = 1 + chance.below(4);
      await expect
        .poll(() => countParts(stage) - before, { interval: 2 })
        .toBeGreaterThanOrEqual(more);
      running.child.kill('SIGKILL');
      expect(await running.ended).toBe(null);
    }
    expect(await listOpen()).toHaveLength(1);
    await control(stage, 'speed', { bytesPerSecond: null });

    const last = startPut(stage, [...ARGS, ...way], environment);

    expect(await last.ended).toBe(0);
    expect(last.out()).toContain('"event":"resumed"');
    await checkUploaded(last.out(), film);
    // Parts that storage had whole are found there, though the program was killed before their answers arrived.
    expect(countParts(stage)).toBeLessThanOrEqual(PARTS + KILLS);
  });
});

describe('many small files whose uploads are killed', () => {
  it('become one media each, and those that were finished are not sent again', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `many/${index}.mp4`);
    const films = await Promise.all(names.map((name) => writeMedia(stage, name, 10_000)));
    const variables = accountVariables(stage);
    const chance = createChance(11);
    const uploads = () => seen(stage.stack, 'storage').length;
    for (let kill = 0; kill < 6; kill += 1) {
      const before = uploads();
      const running = startPut(stage, ['many', '--direct', '--json'], variables);
      const more = 1 + chance.below(12);
      await expect.poll(() => uploads() - before, { interval: 1 }).toBeGreaterThanOrEqual(more);
      running.child.kill('SIGKILL');
      await running.ended;
    }

    const last = startPut(stage, ['many', '--direct', '--json'], variables);

    expect(await last.ended).toBe(0);
    const uploaded = readEvents(last.out()).filter(({ event }) => event === 'uploaded');
    const mediaUrls = new Map(uploaded.map(({ path, mediaUrl }) => [path, String(mediaUrl)]));
    const digests = names.map((name) => fetchSha256(mediaUrls.get(name) ?? ''));
    expect(await Promise.all(digests)).toEqual(films.map(sha256));
    const api = connectApi(stage.stack);
    const { TotalCount } = await api.SearchMedia({ SubAppId: stage.stack.account.subAppId });
    expect(TotalCount).toBe(names.length);
    expect(await readdir(join(stage.dir, '.vod-upload'))).toHaveLength(names.length);
  });
});

describe('an upload', () => {
  it('ends at once at the second Ctrl+C, and goes on after a stop of the process', async () => {
    const film = await writeMedia(stage, 'film.mp4', 24 * MEBIBYTE);
    await control(stage, 'speed', { bytesPerSecond: 16 * MEBIBYTE });
    const environment = accountVariables(stage);
    const first = startPut(stage, [...ARGS, '--direct'], environment);
    await expect.poll(() => countParts(stage), { interval: 2 }).toBeGreaterThan(2);
    first.child.kill('SIGINT');
    first.child.kill('SIGINT');
    await first.ended;

    const second = startPut(stage, [...ARGS, '--direct'], environment);
    const before = countParts(stage);
    await expect.poll(() => countParts(stage), { interval: 2 }).toBeGreaterThan(before);
    second.child.kill('SIGSTOP');
    second.child.kill('SIGCONT');

    expect(await second.ended).toBe(0);
    await checkUploaded(second.out(), film);
  });

  it('goes on while the network is gone, for as long as its patience lasts', async () => {
    const film = await writeMedia(stage, 'film.mp4', 16 * MEBIBYTE);
    const { origin } = stage.stack;
    await control(stage, 'speed', { bytesPerSecond: 16 * MEBIBYTE });
    const running = startPut(stage, [...ARGS, '--direct'], accountVariables(stage));
    await expect.poll(() => countParts(stage), { interval: 2 }).toBeGreaterThan(2);

    await stage.restart({ port: Number(new URL(origin).port) });

    expect(await running.ended).toBe(0);
    expect(running.out()).toContain('"event":"retry"');
    await checkUploaded(running.out(), film);
  });
});
