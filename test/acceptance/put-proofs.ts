import { EventEmitter } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { VodUploadClient, VodUploadRequest } from 'vod-node-sdk';
import {
  accountVariables,
  control,
  countParts,
  MEBIBYTE,
  type PutPlace,
  runPut,
  writeMedia,
} from '../tools/cli/put/put-stage.ts';
import { findNote } from './ways.ts';

const PARTS = 12;

/** The vendor's own SDK has no option for it. */
function notOfTheVendor(): void {
  expect(findNote('6')).toMatch(/server SDKs have none of these/);
  const names = [
    ...Object.getOwnPropertyNames(VodUploadClient.prototype),
    ...Object.keys(new VodUploadRequest()),
  ];
  expect(names).toContain('upload');
  expect(names.filter((name) => /pause|resume|cancel|abort|progress/i.test(name))).toEqual([]);
}

function put(place: PutPlace, name: string, more: readonly string[] = [], signals?: EventEmitter) {
  const args = [name, '--direct', '--part-size', '1MiB', '--json', ...more];
  return runPut(place, args, accountVariables(place), signals === undefined ? {} : { signals });
}

/** Begins an upload, and pauses it after some parts. */
async function pause(place: PutPlace, name: string) {
  await writeMedia(place, name, PARTS * MEBIBYTE);
  await control(place, 'speed', { bytesPerSecond: 8 * MEBIBYTE });
  const before = countParts(place);
  const signals = new EventEmitter();
  const running = put(place, name, [], signals);
  await expect.poll(() => countParts(place), { interval: 5 }).toBeGreaterThan(before + 1);
  signals.emit('SIGINT');
  const { exitCode, out } = await running;
  await control(place, 'speed', { bytesPerSecond: null });
  expect(exitCode).toBe(1);
  return { out, sent: countParts(place) - before };
}

/** It pauses, and no part is sent until it goes on. */
export async function putPauses(place: PutPlace): Promise<void> {
  notOfTheVendor();
  const { out, sent } = await pause(place, 'put-pause.mp4');
  expect(out).toContain('"event":"paused"');
  expect(sent).toBeLessThan(PARTS);
}

/** The same command sends only what is missing. */
export async function putResumes(place: PutPlace): Promise<void> {
  const { sent } = await pause(place, 'put-resume.mp4');
  const before = countParts(place);
  const { exitCode, out } = await put(place, 'put-resume.mp4');
  expect(exitCode).toBe(0);
  expect(out).toContain('"event":"resumed"');
  expect(countParts(place) - before).toBeLessThanOrEqual(PARTS - 2);
  expect(sent + countParts(place) - before).toBeGreaterThanOrEqual(PARTS);
}

/** Nothing of it is left. */
export async function putAborts(place: PutPlace): Promise<void> {
  const uploads = join(place.dir, 'stack', 'vod', 'storage', 'uploads');
  const others = await readdir(uploads);
  await pause(place, 'put-cancel.mp4');
  expect(await readdir(uploads)).toHaveLength(others.length + 1);
  const { exitCode, out } = await put(place, 'put-cancel.mp4', ['--abort']);
  expect(exitCode).toBe(0);
  expect(out).toContain('"removed":1');
  expect(await readdir(uploads)).toEqual(others);
}

/** It says while it uploads how far it is. */
export async function putReports(place: PutPlace): Promise<void> {
  await writeMedia(place, 'put-progress.mp4', 6 * MEBIBYTE);
  const { exitCode, out } = await put(place, 'put-progress.mp4', ['--max-rate', '2MiB']);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/"event":"progress",[^\n]*"sent":[1-9]\d*,"size":6291456,"bytesPerSecond":/);
}
