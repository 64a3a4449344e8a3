import { readdirSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { retention } from '../../lib/config/retention-config.ts';
import { bundleFunctions } from '../../tools/deploy/bundle.ts';
import { OPERATIONS } from '../../tools/openapi/document.ts';
import { OPTIONS } from '../../tools/vod-emulator/options.ts';
import { blankCode, listDocuments, ROOT, readFile, sectionOf } from './documents.ts';

/** Returns the cells of the rows of a text's tables that begin with a code mark: all rows except headings. */
function listRows(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/^\| (`.+) \|$/gm)].map(([, row = '']) => row.split(' | '));
}

/** Returns what is between code marks, in order. */
function listCode(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** Returns the first code of a text. */
function readCode(text = ''): string {
  return listCode(text)[0] ?? '';
}

/** Returns the routes of a cell, such as `GET`, `POST /pulls/runs…`: each method with the path behind it. */
function listRoutes(cell: string): readonly { readonly method: string; readonly path: string }[] {
  const words = listCode(cell).map((code) => code.split(' '));
  return words.map(([method = ''], place) => ({
    method,
    path: words.slice(place).find((rest) => rest.length > 1)?.[1] ?? '',
  }));
}

describe.each(['README.md', 'docs/http-api.md'])('the table of functions in %s', (document) => {
  it('has the methods and paths of each function that openapi.json has, and no other', () => {
    const [beginning = ''] = readFile(document).split('\n## ');
    const told = listRows(beginning).flatMap(([name = '', cell = '']) =>
      listRoutes(cell).map((route) => ({ ...route, name: readCode(name) })),
    );
    const served = OPERATIONS.map(({ method, path }) => {
      const name = path.split('/')[1]?.replace('pulls', 'pull');
      const fits = (pattern: string) =>
        pattern.endsWith('…') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
      return (
        told.find(
          (each) => each.name === name && each.method === method.toUpperCase() && fits(each.path),
        ) ?? `${method} ${path}`
      );
    });

    expect(told.length).toBeGreaterThan(5);
    expect(new Set(served)).toEqual(new Set(told));
  });
});

describe('the requests that documents name', () => {
  const nameless = (route: string) => route.replaceAll(/\{\w+\}/g, '{}');
  const served = OPERATIONS.map(({ method, path }) => nameless(`${method.toUpperCase()} ${path}`));
  const named = listDocuments().flatMap((document) =>
    [...readFile(document).matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/(?!__local)[^`\s?]*)/g)].map(
      ([, route = '']) => ({ document, route: nameless(route) }),
    ),
  );

  it('are in openapi.json', () => {
    const unknown = named.filter(({ route }) =>
      route.endsWith('…')
        ? !served.some((each) => each.startsWith(route.slice(0, -1)))
        : !served.includes(route),
    );

    expect(unknown).toEqual([]);
    expect(named.length).toBeGreaterThan(60);
  });
});

/** Flags of other programs: curl, npm and biome. */
const FOREIGN = ['cacert', 'omit', 'prefix', 'write'];

describe('the flags that documents name', () => {
  it('are those of a command of this project, or of a program that is known here', () => {
    const code = ['tools', 'test/bench', 'test/mutation']
      .flatMap((folder) =>
        readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.(?:ts|mjs|cjs)$/.test(name))
          .map((name) => readFile(`${folder}/${name}`)),
      )
      .join('\n');
    // In a help text or an example, or as an option of parseArgs().
    const inCode = code.matchAll(
      /(?<=[\s`'"(])--([a-z][a-z-]+)|^\s*'?([a-z][a-z-]+)'?: \{ type: /gm,
    );
    const known = new Set([
      ...[...inCode].map(([, shown, option]) => shown ?? option),
      ...[...Object.keys(OPTIONS), ...FOREIGN],
    ]);
    const named = listDocuments().flatMap((document) =>
      [...readFile(document).matchAll(/(?<=[\s`(])--([a-z][a-z-]+)/g)].map(([, name = '']) => ({
        document,
        name,
      })),
    );

    expect(named.filter(({ name }) => !known.has(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(100);
  });
});

describe('CHANGELOG.md', () => {
  it('has nothing changed or fixed before the first version: what is unreleased is added', () => {
    const [, ...versions] = readFile('CHANGELOG.md').split('\n## ');
    const [first = ''] = versions.slice(-1);
    const parts = [...first.matchAll(/^### (.+)$/gm)].map(([, title]) => title);

    expect(parts).toEqual(['Upgrading', 'Added', 'Security']);
  });
});

describe('what is kept', () => {
  const rows = listRows(sectionOf('docs/operations.md', 'What is kept'));
  const write = (milliseconds = Number.POSITIVE_INFINITY) =>
    Number.isFinite(milliseconds) ? `${milliseconds / 86_400_000}d` : 'forever';
  const defaults = Object.entries(v.parse(retention, '')).map(([kind, time]) => [
    kind,
    write(time),
  ]);

  it('is told with the defaults of the code', () => {
    const text = defaults.map((pair) => pair.join('=')).join();

    expect(rows.map(([kind, time]) => [readCode(kind), readCode(time)])).toEqual(defaults);
    expect(readFile('docs/configuration.md')).toContain(`\`${text}\` by default`);
    expect(readFile('.env.example')).toContain(`#RETENTION=${text}\n`);
  });

  it.each(rows.map(([kind, , shortest]) => [readCode(kind), readCode(shortest)] as const))(
    'is told with the shortest time of %s',
    (kind, shortest) => {
      const explain = (days: number) =>
        v.safeParse(retention, `${kind}=${days}d`).issues?.map(({ message }) => message) ?? [];
      const days = Number.parseInt(shortest, 10);
      const refusal = expect.stringContaining(`must have ${shortest} or more for ${kind}`);

      expect(explain(days)).not.toContainEqual(refusal);
      expect(explain(days - 1)).toContainEqual(refusal);
    },
  );

  it('is not everything in any sentence that refers to the page about it', () => {
    const sentences = listDocuments().flatMap((document) =>
      blankCode(readFile(document))
        .split(/\n(?=\n|- |\| |\d+\. )|(?<=\.)\s/)
        .filter((sentence) => /#what-is-kept|`RETENTION`/.test(sentence))
        .map((sentence) => `${document}: ${sentence}`),
    );

    expect(sentences.length).toBeGreaterThan(10);
    expect(
      sentences.filter((sentence) =>
        /\b(?:nothing|never)\b(?:\s\w+){0,2}\s(?:deleted|removed)\b/i.test(sentence),
      ),
    ).toEqual([]);
  });
});

describe('the sizes of long tests', () => {
  const write = (value: string | undefined) =>
    Number(value?.replaceAll('_', '')).toLocaleString('en');

  it.each([
    ['FUZZ', 'test/fuzz/fuzz.test.ts', ['docs/commands.md', 'SECURITY.md']],
    ['CHAOS', 'test/chaos/chaos.test.ts', ['docs/commands.md']],
  ])('that %s chooses are those of the documents', (variable, file, documents) => {
    const [, small, full] = /\{ small: ([\d_]+), full: ([\d_]+) \}/.exec(readFile(file)) ?? [];
    const [, ofCi] =
      new RegExp(`${variable}=\\$\\{${variable}:-(\\d+)\\}`).exec(readFile('.ci/run')) ?? [];
    const sizes = [small, ofCi, full].map(write);

    for (const document of documents) {
      const text = readFile(document);
      expect(sizes.filter((size) => !text.includes(size))).toEqual([]);
    }
  });
});

describe('the functions that are named together', () => {
  it('in operations.md for their calls of VOD are those that read their limit', () => {
    const section = sectionOf('docs/operations.md', 'Calls of VOD');
    const [, told = ''] = /all\sinstances of (.+?) together/s.exec(section) ?? [];
    const [, readers] =
      listRows(readFile('docs/configuration.md')).find(
        ([name]) => name === '`VOD_CALLS_PER_SECOND`',
      ) ?? [];

    expect(listCode(told)).toEqual(listCode(readers ?? '-'));
  });

  it('for having the SDK are the files that have it', async () => {
    const [, told = ''] =
      /The SDK is in (.+?), which/s.exec(readFile('docs/decisions/lean-sdk-bundle.md')) ?? [];
    const having = (await bundleFunctions()).filter(({ packages }) =>
      packages.some((folder) => folder.includes('tencentcloud-sdk')),
    );

    expect(listCode(told).toSorted()).toEqual(having.map(({ name }) => name).toSorted());
  });
});
