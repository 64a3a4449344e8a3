import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Answers the esbuild plugin that leaves the ledger out of what imports it: it is in a file of its own beside the
 * functions, once, and one that has no database never loads it.
 *
 * @param file absolute path of the ledger's source.
 */
export function sharedLedger(file: string): Plugin {
  const name = basename(file, '.ts');
  return {
    name: 'shared-ledger',
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, async (args) => {
        if (args.pluginData === SKIP) return undefined;
        const { path } = await build.resolve(args.path, {
          importer: args.importer,
          kind: args.kind,
          resolveDir: args.resolveDir,
          pluginData: SKIP,
        });
        return path === file && args.kind !== 'entry-point'
          ? { path: `./${name}.js`, external: true }
          : undefined;
      });
    },
  };
}

/** Marks the plugin's own question, which it must not ask itself again. */
const SKIP = Symbol('shared-ledger');
