import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../../lib/policy/load-settings.ts';
import { NO_SETTINGS } from '../../support/settings.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'settings-'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (text: string) => writeFile(join(directory, 'settings.json'), text);

describe('loadSettings()', () => {
  it('answers what is shipped', async () => {
    await write(JSON.stringify({ policy: { console: { maxBytes: 5 } } }));
    expect(await loadSettings(directory)).toMatchObject({ policy: { console: { maxBytes: 5 } } });
  });

  it('bounds nothing where nothing is shipped', async () => {
    expect(await loadSettings(directory)).toEqual(NO_SETTINGS);
  });

  it.each(['{"canary', '[]', '{"rules":"canary"}'])(
    'refuses %j, and does not tell it',
    async (text) => {
      await write(text);
      const load = async () => loadSettings(directory);
      await expect(load()).rejects.toThrow(/settings/);
      await expect(load()).rejects.not.toThrow(/canary/);
    },
  );
});
