import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sectionOf } from './documents/documents.ts';

const ROOT = path.join(import.meta.dirname, '..');
const LIB = path.join(ROOT, 'lib');

/** An import of a value or a type, static or dynamic. */
const IMPORT = /(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)'/g;

/**
 * Lowest first. A file imports types and values from its own folder and from lower layers only; see ARCHITECTURE.md.
 */
const LAYERS = [
  ['problem.ts', 'config-error.ts', 'system.ts'],
  ['validation', 'signing'],
  ['net', 'model'],
  ['vod', 'ledger', 'policy'],
  ['runtime'],
  ['uploads'],
  ['pulls', 'webhooks'],
  ['actions', 'config'],
  ['auth', 'ingest'],
  ['sweep'],
];

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** Returns the folder of a file of lib, or the file's name if it is in no folder. */
function part(file: string): string {
  return file.split(path.sep)[0] ?? file;
}

/** Returns the files of lib that a file imports, statically or dynamically. */
function listImports(file: string): string[] {
  const text = readFileSync(path.join(LIB, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) =>
    path.relative(LIB, path.resolve(LIB, path.dirname(file), match[1] ?? '')),
  );
}

/** Returns the sources of the service and its tools, with a path from the root. */
function listSources(): readonly string[] {
  return ['lib', 'functions', 'client', 'tools'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file))
      .map((file) => path.join(folder, file)),
  );
}

/** Returns the files that each of `sources` imports, also types alone. */
function readImports(sources: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set(sources);
  return new Map(
    sources.map((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      const imported = [...text.matchAll(IMPORT)].map(([, name = '']) =>
        path.join(path.dirname(file), name),
      );
      return [file, imported.filter((each) => known.has(each))];
    }),
  );
}

/**
 * Returns the files that import themselves, if only by way of others, and those between two such circles: what is left when
 * files that import none of the rest, or that none of the rest imports, are removed again and again.
 */
function findCircles(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  let left = new Set(imports.keys());
  for (;;) {
    const imported = new Set(
      [...left].flatMap((file) => imports.get(file)?.filter((each) => left.has(each)) ?? []),
    );
    const rest = new Set(
      [...left].filter(
        (file) => imported.has(file) && imports.get(file)?.some((each) => left.has(each)),
      ),
    );
    if (rest.size === left.size) return [...left].toSorted();
    left = rest;
  }
}

/** Returns the position of a file's layer, or -1 if it is in none. */
function height(file: string): number {
  return LAYERS.findIndex((layer) => layer.includes(part(file)));
}

it('every folder of lib is in a layer and imports from lower layers only', () => {
  expect(files.filter((file) => height(file) === -1)).toEqual([]);
  const upward = files.flatMap((file) =>
    listImports(file)
      .filter((imported) => part(imported) !== part(file) && height(imported) >= height(file))
      .map((imported) => `${file} -> ${imported}`),
  );
  expect(upward).toEqual([]);
});

it('ARCHITECTURE.md has the same layers', () => {
  const told: string[][] = [];
  for (const row of sectionOf('ARCHITECTURE.md', 'Layers of lib').matchAll(
    /^\| (\d*) *\| (`[^|]+) \|/gm,
  )) {
    const names = row[2]?.match(/(?<=`)[\w.-]+(?=`)/g) ?? [];
    if (row[1] === '') told.at(-1)?.push(...names);
    else told.push([...names]);
  }

  const sort = (layers: readonly (readonly string[])[]) => layers.map((layer) => layer.toSorted());
  expect(sort(told.toReversed())).toEqual(sort(LAYERS));
});

it('no file imports itself by way of others, not even types', () => {
  expect(findCircles(readImports(listSources()))).toEqual([]);
});

it('lib imports neither functions nor tools', () => {
  expect(
    files.filter((file) => listImports(file).some((imported) => imported.startsWith('..'))),
  ).toEqual([]);
});
