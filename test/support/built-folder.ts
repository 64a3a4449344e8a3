import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpHandler } from '../../lib/runtime/http-handler.ts';
import { writeFunctions } from '../../tools/deploy/bundle.ts';

/** The entry point of a function, as the platform calls it. */
export type EntryPoint = (event: unknown, context: unknown) => Promise<unknown>;

/** Every function of `functions/`, built as it is deployed. */
export interface BuiltFolder {
  readonly folder: string;
  /** Names of the functions. */
  readonly names: readonly string[];
  /** Loads a function again, as a new instance does; it reads the environment of this process. */
  load(name: 'signature' | 'pull' | 'callback' | 'uploads'): HttpHandler;
  load(name: string): EntryPoint;
  /** Writes settings next to the functions; functions that are loaded afterwards use them. */
  writeSettings(settings: object): Promise<void>;
  /** Returns the names of the files that the last loaded instance has loaded. */
  loaded(): readonly string[];
  remove(): Promise<void>;
}

const FUNCTIONS = fileURLToPath(new URL('../../functions', import.meta.url));

/** Builds all functions, with these settings next to them. */
export async function buildFolder(settings?: object): Promise<BuiltFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-built-'));
  await writeFunctions(folder);
  const writeSettings = (written: object) =>
    writeFile(join(folder, 'settings.json'), JSON.stringify(written));
  if (settings !== undefined) await writeSettings(settings);
  const sources = (await readdir(FUNCTIONS)).filter((file) => file.endsWith('.ts'));
  const require = createRequire(join(folder, 'package.json'));
  return {
    folder,
    names: sources.map((file) => file.slice(0, -'.ts'.length)).sort(),
    load(name: string) {
      for (const file of Object.keys(require.cache)) {
        if (file.includes(folder)) delete require.cache[file];
      }
      const loaded: unknown = require(join(folder, `${name}.js`));
      const handler: unknown = Reflect.get(Object(loaded), 'main_handler');
      if (typeof handler !== 'function') throw new TypeError(`${name} has no "main_handler"`);
      return async (event: unknown, context: unknown) => handler(event, context);
    },
    writeSettings,
    loaded: () =>
      Object.keys(require.cache)
        .filter((file) => file.startsWith(folder))
        .map((file) => basename(file, '.js'))
        .sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
