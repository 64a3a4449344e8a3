import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Builds the program that runs an instance of a function into `folder`; returns its path. */
export async function buildRuntime(folder: string): Promise<string> {
  // This file is CommonJS, whatever type the folder's package.json has.
  const outfile = join(folder, 'instance-process.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./instance-process.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
  });
  return outfile;
}
