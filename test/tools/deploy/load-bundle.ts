import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../../../tools/deploy/bundle.ts';

/** Loads a bundle as the platform does: as a CommonJS file with only the bundles `beside` next to it. */
export async function loadBundle(
  { name, code }: Bundle,
  beside: readonly Bundle[] = [],
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-bundle-'));
  try {
    const file = join(folder, `${name}.cjs`);
    await writeFile(file, code);
    for (const other of beside) await writeFile(join(folder, `${other.name}.js`), other.code);
    return createRequire(file)(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
