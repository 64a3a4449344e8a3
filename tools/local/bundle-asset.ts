import { fileURLToPath } from 'node:url';
import type { Format } from 'esbuild';

const PAGE = new URL('./page/', import.meta.url);

/** Returns a file of the page with all that it imports. `file` is its path in the page's folder. */
export async function bundleAsset(file: string, format?: Format): Promise<Buffer> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, PAGE))],
    bundle: true,
    ...(format === undefined ? {} : { format }),
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    write: false,
  });
  return Buffer.from(outputFiles[0]?.contents ?? []);
}
