import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blankCode, listDocuments, listHeadings, ROOT, readFile } from './documents.ts';

interface Link {
  readonly target: string;
  readonly line: number;
}

/** Returns the links and pictures of a document, without those in code. */
function listLinks(document: string): readonly Link[] {
  // A link may continue in the next line, so the whole text is searched, with code blanked out.
  const text = blankCode(readFile(document)).replaceAll(/`[^`\n]*`/g, (code) =>
    ' '.repeat(code.length),
  );
  return [...text.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)/g)].map((match) => ({
    target: match[1] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** Returns the anchors of a document, as GitHub makes them: https://github.com/gjtorikian/html-pipeline toc_filter. */
function listAnchors(document: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  return new Set(
    listHeadings(document).map(({ text }) => {
      const shown = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = shown.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
      const count = counts.get(anchor) ?? 0;
      counts.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

/** Returns why a link points nowhere. */
function explainLink(document: string, target: string): string | undefined {
  if (/^https:\/\//.test(target)) return URL.canParse(target) ? undefined : 'is no URL';
  if (/^[a-z]+:/i.test(target)) return 'is neither https nor a file';
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (file.startsWith('..') || !existsSync(join(ROOT, file))) return 'is no file of the project';
  if (anchor === undefined) return undefined;
  if (statSync(join(ROOT, file)).isDirectory() || !file.endsWith('.md')) return 'has no headings';
  return listAnchors(file).has(anchor) ? undefined : 'names no heading';
}

const documents = listDocuments();

describe('the links of the documents', () => {
  it.each(documents)(
    'of %s point to files, headings and https addresses that are valid',
    (document) => {
      const broken = listLinks(document).flatMap(({ target, line }) => {
        const problem = explainLink(document, target);
        return problem === undefined ? [] : [`${document}:${line} ${target} ${problem}`];
      });

      expect(broken).toEqual([]);
    },
  );

  it('are all found, and a broken link is reported', () => {
    const all = documents.flatMap(listLinks).map(({ target }) => target);

    expect(all.length).toBeGreaterThan(150);
    expect(all.filter((target) => target.includes('#')).length).toBeGreaterThan(60);
    expect(explainLink('README.md', 'docs/nothing.md')).toBe('is no file of the project');
    expect(explainLink('README.md', '../elsewhere/README.md')).toBe('is no file of the project');
    expect(explainLink('docs/README.md', 'http-api.md#nothing')).toBe('names no heading');
    expect(explainLink('docs/README.md', 'http-api.md#post-signature')).toBeUndefined();
    expect(explainLink('README.md', 'http://example.com')).toBe('is neither https nor a file');
  });

  it('reach every page from the README in at most two steps', () => {
    const follow = (document: string) =>
      listLinks(document).flatMap(({ target }) => {
        const [path = ''] = target.split('#');
        return /\.(?:md|txt)$/.test(path) && !path.includes(':')
          ? [normalize(join(dirname(document), path))]
          : [];
      });
    const first = follow('README.md');

    expect(new Set(['README.md', ...first, ...first.flatMap(follow)])).toEqual(new Set(documents));
  });
});

/** Returns the names in a document that look like source files. */
function listNamedFiles(document: string): readonly string[] {
  const names = readFile(document).match(
    /(?<=`)[\w./-]+\/[\w.-]+\.(?:ts|cjs|mjs|sql|json|yml|md)(?=`)/g,
  );
  return [...new Set(names)].filter((name) => !name.startsWith('.serverless/'));
}

/** Names of all source files, without their folders. */
const SOURCES: ReadonlySet<string> = new Set(
  ['client', 'functions', 'lib', 'test', 'tools'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      basename(file),
    ),
  ),
);

describe('the files that documents name', () => {
  // This document describes how to write an app, whose files are not in this project.
  const named = documents.filter((document) => !/front-end|CHANGELOG/.test(document));

  it.each(named)('in %s exist', (document) => {
    const gone = listNamedFiles(document).filter(
      (name) => !['', 'lib/', 'docs/'].some((folder) => existsSync(join(ROOT, folder + name))),
    );

    expect(gone).toEqual([]);
  });

  it.each(named)('in %s without their folder exist in some folder', (document) => {
    const names = readFile(document).match(/(?<=`)[\w.-]+\.(?:ts|tsx|cjs|mjs)(?=`)/g) ?? [];

    expect(names.filter((name) => !SOURCES.has(name))).toEqual([]);
  });

  it('are found', () => {
    expect(SOURCES.size).toBeGreaterThan(500);
    expect(listNamedFiles('ARCHITECTURE.md').length).toBeGreaterThan(20);
    expect(listNamedFiles('CONTRIBUTING.md').length).toBeGreaterThan(20);
  });
});

describe('the tables of the documents', () => {
  it('have as many cells in each row as in their heading', () => {
    const uneven = documents.flatMap((document) => {
      const tables = blankCode(readFile(document)).match(/(?:^ *\|.*\n)+/gm) ?? [];
      const widths = tables.map((table) =>
        table
          .trimEnd()
          .split('\n')
          .map((row) => row.match(/(?<!\\)\|/g)?.length),
      );
      return widths.flatMap((rows, n) =>
        new Set(rows).size === 1 ? [] : [`${document}, table ${n + 1}`],
      );
    });

    expect(uneven).toEqual([]);
  });
});
