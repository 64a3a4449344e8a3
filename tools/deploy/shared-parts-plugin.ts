import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Returns the esbuild plugin that leaves `files` out of the bundles that import them: each is a separate file in the
 * folder of the functions, and a function that never needs it never loads it.
 *
 * @param files absolute paths of sources, with different names.
 */
export function sharedParts(files: readonly string[]): Plugin {
  const names = files.map((file) => basename(file, '.ts'));
  return {
    name: 'shared-parts',
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`/(?:${names.join('|')})\\.ts$`) }, async (args) => {
        if (args.pluginData === SKIP || args.kind === 'entry-point') return undefined;
        const { path } = await build.resolve(args.path, {
          importer: args.importer,
          kind: args.kind,
          resolveDir: args.resolveDir,
          pluginData: SKIP,
        });
        return files.includes(path)
          ? { path: `./${basename(path, '.ts')}.js`, external: true }
          : undefined;
      });
    },
  };
}

/** Marks the plugin's own call of `resolve`, which it must not handle again. */
const SKIP = Symbol('shared-parts');
