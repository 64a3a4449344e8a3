import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/config-error.ts';
import { loadSettings } from '../../../lib/policy/load-settings.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vod-upload-settings-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function refusalOf(run: () => unknown): Promise<ConfigError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('Nothing was refused');
}

describe('loadSettings()', () => {
  it('returns empty settings immediately for a missing or an empty file', async () => {
    const none = { keys: [], policy: { profiles: {}, select: [] }, rules: [] };
    expect(loadSettings(folder)).toEqual(none);

    await writeFile(join(folder, 'settings.json'), '{"keys":[],"policy":{}}');

    expect(loadSettings(folder)).toEqual(none);
  });

  it('reads the file of settings', async () => {
    const policy = { profiles: { default: { maxBytes: 1 } } };
    await writeFile(join(folder, 'settings.json'), JSON.stringify({ keys: [], policy }));

    expect(await loadSettings(folder)).toEqual({
      keys: [],
      policy: { ...policy, select: [] },
      rules: [],
    });
  });

  it('reports all mistakes together, and no value', async () => {
    const settings = {
      keys: [{ name: 'migration', sha256: 'canary', scopes: ['upload:pull'] }],
      policy: { select: [{ profile: 'pro', scope: 's' }] },
    };
    await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));

    const error = await refusalOf(() => loadSettings(folder));

    expect(error.variables).toEqual(['keys.0.sha256', 'policy.select.0.profile']);
    expect(error.message).toBe(
      'Cannot serve with these settings: keys.0.sha256 must be the SHA-256 of the key: 64 hexadecimal digits; policy.select.0.profile names no profile; there are none',
    );
  });

  it.each(['[]', '{"keys":7}', '{"keys":[],"webhooks":[]}'])(
    'refuses the invalid settings %s',
    async (text) => {
      await writeFile(join(folder, 'settings.json'), text);

      expect((await refusalOf(() => loadSettings(folder))).message).toMatch(
        /must be a|not a field/,
      );
    },
  );

  it.each(['', '{"keys":"canary', 'canary'])('refuses %j, which is not JSON', async (text) => {
    await writeFile(join(folder, 'settings.json'), text);

    const error = await refusalOf(() => loadSettings(folder));

    expect(error.message).toBe('Cannot serve with these settings: settings.json must be JSON');
  });

  it('fails for an unreadable file instead of using empty settings', async () => {
    await mkdir(join(folder, 'settings.json'));

    const error = await refusalOf(() => loadSettings(folder));

    expect(error.message).toBe('Cannot serve with these settings: settings.json cannot be read');
  });
});
