import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bundleFunctions } from '../../../tools/deploy/bundle.ts';
import { loadBundle } from './load-bundle.ts';

/** What a bundle may weigh in bytes; those that are not named, 150 kB. */
const LIMITS: Readonly<Record<string, number>> = { signature: 45_000, callback: 45_000 };

describe('bundleFunctions()', () => {
  it('builds every function, each with the entry that the platform calls', async () => {
    const bundles = await bundleFunctions();
    const sources = await readdir(new URL('../../../functions/', import.meta.url));

    expect(bundles.map(({ name }) => `${name}.ts`).sort()).toEqual(sources.sort());
    for (const bundle of bundles) {
      expect(await loadBundle(bundle), bundle.name).toHaveProperty('main_handler');
    }
  });

  it('gives the same bytes for the same sources', async () => {
    expect(await bundleFunctions()).toEqual(await bundleFunctions());
  });

  it('keeps bundles small', async () => {
    const tooLarge = (await bundleFunctions()).filter(
      ({ name, code }) => code.length > (LIMITS[name] ?? 150_000),
    );

    expect(tooLarge.map(({ name, code }) => `${name}: ${code.length} bytes`)).toEqual([]);
  });
});
