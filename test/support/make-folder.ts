import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { removeScratch } from './remove-scratch.ts';

/** Returns the path of a new folder, which is removed after the running test. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-'));
  onTestFinished(() => removeScratch(folder));
  return folder;
}
