import { readdir } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import type { HttpHandler } from '../../../lib/http/http-handler.ts';
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

  it('leaves out of a function what only another one reads', async () => {
    const bundles = await bundleFunctions();
    const readers = (variable: string) =>
      bundles.filter(({ code }) => Buffer.from(code).includes(variable)).map(({ name }) => name);

    expect(readers('CALLBACK_SIGN_KEYS')).toEqual(['callback']);
    expect(readers('VOD_API_ENDPOINT')).not.toContain('callback');
    expect(readers('VOD_API_ENDPOINT')).not.toContain('signature');
  });

  it('builds functions that answer, whatever their environment lacks', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    for (const bundle of await bundleFunctions()) {
      const { main_handler } = (await loadBundle(bundle)) as { main_handler: HttpHandler };

      expect(await main_handler({ httpMethod: 'PUT' }, {}), bundle.name).toMatchObject({
        statusCode: 500,
      });
    }
    vi.restoreAllMocks();
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
