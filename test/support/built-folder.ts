import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFunctions } from '../../tools/deploy/bundle.ts';

/** The entry point of a function, as the platform calls it. */
export type EntryPoint = (event: unknown, context: unknown) => Promise<unknown>;

/** Every function of `functions/`, built as it is deployed. */
export interface BuiltFolder {
  /** Names of the functions. */
  readonly names: readonly string[];
  /** Loads a function anew, as a new instance does; it reads the environment of this process. */
  load(name: string): EntryPoint;
  remove(): Promise<void>;
}

const FUNCTIONS = fileURLToPath(new URL('../../functions', import.meta.url));

/** Builds all functions, with these settings beside them. */
export async function buildFolder(settings?: object): Promise<BuiltFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-built-'));
  await writeFunctions(folder);
  if (settings !== undefined) {
    await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  }
  const sources = (await readdir(FUNCTIONS)).filter((file) => file.endsWith('.ts'));
  const require = createRequire(join(folder, 'package.json'));
  return {
    names: sources.map((file) => file.slice(0, -'.ts'.length)).sort(),
    load(name) {
      for (const file of Object.keys(require.cache)) {
        if (file.includes(folder)) delete require.cache[file];
      }
      const loaded: unknown = require(join(folder, `${name}.js`));
      const handler: unknown = Reflect.get(Object(loaded), 'main_handler');
      if (typeof handler !== 'function') throw new TypeError(`${name} has no "main_handler"`);
      return async (event, context): Promise<unknown> => handler(event, context);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
