import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { LICENSES_FILE, writeLicenses } from '../deploy/write-licenses.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLIENT = join(ROOT, 'client');

/** Files of the package's entry points, one for each entry of `exports`. */
const ENTRIES = ['vod-upload', 'node', 'react', 'progress', 'mediainfo'];

/**
 * Writes the code and the types of the client into `folder`, for which everything in it is removed. What it needs of
 * other packages is part of it, with their licences, so that the package has no dependencies.
 */
export async function buildClient(folder: string = join(CLIENT, 'dist')): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const [packages] = await Promise.all([bundle(folder), writeTypes(folder)]);
  const licenses = await writeLicenses(packages);
  await writeFile(
    join(folder, LICENSES_FILE),
    licenses.replace('The functions have', 'This package has'),
  );
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

/** Returns the folders of the packages that are in the code. */
async function bundle(folder: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => join(CLIENT, `${name}.ts`)),
    outdir: folder,
    chunkNames: 'shared-[hash]',
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'neutral', target: 'es2022' },
    // As far as possible the form that its author made for bundlers.
    mainFields: ['module', 'main'],
    external: ['react', 'node:*'],
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs).filter((path) => path.startsWith('node_modules/'));
  const named = inputs.map(
    (path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? dirname(path),
  );
  return [...new Set(named)].map((path) => join(ROOT, path));
}

async function writeTypes(folder: string): Promise<void> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const project = join(CLIENT, 'tsconfig.build.json');
  await promisify(execFile)(process.execPath, [tsc, '-p', project, '--outDir', folder]);
  // No entry point has a type of the engine.
  await rm(join(folder, 'put'), { recursive: true });
}
