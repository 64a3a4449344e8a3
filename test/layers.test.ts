import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sectionOf } from './documents/documents.ts';

const LIB = path.join(import.meta.dirname, '../lib');

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
  return [...text.matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)'/g)].map((match) =>
    path.relative(LIB, path.resolve(LIB, path.dirname(file), match[1] ?? '')),
  );
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

it('lib imports neither functions nor tools', () => {
  expect(
    files.filter((file) => listImports(file).some((imported) => imported.startsWith('..'))),
  ).toEqual([]);
});
