import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin, PluginBuild } from 'esbuild';

const VALIBOT = fileURLToPath(import.meta.resolve('valibot'));

/** A function that valibot marks as free of side effects. */
const MARKED_FUNCTION = /\/\* @__NO_SIDE_EFFECTS__ \*\/\s*function (\w+)/g;

/** A call of valibot in the project's sources. */
const CALL = /(?<![\w.$])v\.(\w+)\(/g;

/**
 * What a schema says in JSON Schema of a check that has no words there. It is for documents, and has at most one level
 * of braces within its own.
 */
const METADATA = /\s*\bv\.metadata\(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\),?/g;

/**
 * Returns the esbuild plugin that lets a bundle leave out the schemas that its function does not use, and
 * the metadata of the others.
 *
 * Valibot marks its functions as free of side effects, but esbuild respects such a mark only within one file. So the
 * plugin repeats it at each call: https://esbuild.github.io/api/#tree-shaking-and-side-effects.
 */
export function pureSchemas(): Plugin {
  return { name: 'pure-schemas', setup: setUpPureSchemas };
}

async function setUpPureSchemas(build: PluginBuild): Promise<void> {
  const valibot = await readFile(VALIBOT, 'utf8');
  const pure = new Set(Array.from(valibot.matchAll(MARKED_FUNCTION), ([, name]) => name));

  build.onLoad({ filter: /[\\/]lib[\\/][^.]+\.ts$/ }, async ({ path }) => {
    const source = await readFile(path, 'utf8');
    const contents = source
      .replace(METADATA, '')
      .replace(CALL, (call, name: string) => (pure.has(name) ? `/* @__PURE__ */ ${call}` : call));
    return { contents, loader: 'ts' };
  });
}
