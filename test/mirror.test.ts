import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');

/** Folders whose tests are below `test/`, at the same path. */
const MIRRORED = ['client', 'functions', 'lib', 'tools'];

/** Tests of programs that are not part of this project, against the local stack. */
const FOREIGN = ['tools/local/clients'];

/** Returns the paths of files below a folder of the project. */
function listFiles(folder: string, ending: RegExp): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file) && !/(^|\/)(node_modules|dist)\//.test(file))
    .map((file) => `${folder}/${file}`);
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

const tests = listFiles('test', /\.test\.ts$/);

/** Returns the names of functions, methods and variables that code defines. */
function listDefined(code: string): readonly string[] {
  const declared = /\b(?:function\*?|const|let) (\w+)/g;
  const member = /^\s+(?:(?:readonly|async|get) )*\*?(\w+)\??(?=[(:,<])/gm;
  return [declared, member].flatMap((each) =>
    [...code.matchAll(each)].map(([, name = '']) => name),
  );
}

it('each test is where its source is', () => {
  const folders = tests
    .map((file) => path.dirname(file).replace('test/', ''))
    .filter((folder) => MIRRORED.some((top) => folder === top || folder.startsWith(`${top}/`)));

  expect(folders.length).toBeGreaterThan(200);
  expect(
    [...new Set(folders)].filter(
      (folder) => !existsSync(path.join(ROOT, folder)) && !FOREIGN.includes(folder),
    ),
  ).toEqual([]);
});

it('a test that is titled by a function names one that there is', () => {
  const sources = [...MIRRORED, 'test'].flatMap((folder) => listFiles(folder, /\.(ts|tsx|mjs)$/));
  const defined = new Set(
    sources.filter((file) => !file.endsWith('.test.ts')).flatMap((file) => listDefined(read(file))),
  );
  const titles = tests.flatMap((file) =>
    [...read(file).matchAll(/\bdescribe(?:\.\w+)?\('(\w+)\(\)/g)].map(([, name = '']) => ({
      file,
      name,
    })),
  );

  expect(titles.length).toBeGreaterThan(200);
  expect(titles.filter(({ name }) => !defined.has(name))).toEqual([]);
});
