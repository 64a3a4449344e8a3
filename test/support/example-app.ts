import { cp, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { buildClient } from '../../tools/client/build-client.ts';
import { ROOT } from '../documents/documents.ts';

/** Names of the folders in `examples/`. */
export type ExampleName = 'consumer' | 'plain' | 'react';

/**
 * Copies an example into a new folder in `parent`, with the packages that it names: the client as it would be installed,
 * and all others from this project, whose versions must be those of the example. Returns the folder.
 */
export async function installExample(name: ExampleName, parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, `${name}-`));
  await cp(join(ROOT, 'examples', name), folder, { recursive: true });
  const packages = join(folder, 'node_modules');
  await mkdir(join(packages, 'vod-upload-client'), { recursive: true });
  await cp(join(ROOT, 'client/package.json'), join(packages, 'vod-upload-client/package.json'));
  await buildClient(join(packages, 'vod-upload-client/dist'));
  const { dependencies, devDependencies } = await readManifest(folder);
  for (const [dependency, range] of Object.entries({ ...dependencies, ...devDependencies })) {
    if (dependency === 'vod-upload-client') continue;
    const source = join(ROOT, 'node_modules', dependency);
    const { version } = await readManifest(source);
    if (range !== `^${version}`) {
      throw new Error(`examples/${name} names ${dependency} ${range}, and ${version} is tested`);
    }
    await symlink(source, join(packages, dependency));
  }
  return folder;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}
