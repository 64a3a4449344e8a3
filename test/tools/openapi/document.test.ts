import { readdirSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { UPLOAD_STATES } from '../../../lib/model/upload-state.ts';
import { EVENT_MEMBERS } from '../../../lib/vod/event.ts';
import { describeApi, OPERATIONS } from '../../../tools/openapi/document.ts';
import { describeRequest } from '../../../tools/openapi/json-schema.ts';
import { exampleOf, PROBLEM_CODES, statusOf } from '../../../tools/openapi/problems.ts';
import { listProblems } from '../../../tools/openapi/responses.ts';
import { insertTables, writeTables } from '../../../tools/openapi/tables.ts';
import { createValidators } from '../../contract/validators.ts';
import { ROOT, readFile } from '../../documents/documents.ts';

const document = describeApi();

/** Returns the methods and paths that the document has below a path. */
function listDocumented(root: string): readonly string[] {
  return Object.entries(document.paths)
    .filter(([path]) => path === root || path.startsWith(`${root}/`))
    .flatMap(([path, item]) =>
      Object.keys(item ?? {})
        .filter((method) => METHODS.includes(method))
        .map((method) => `${method} ${path.slice(root.length).replaceAll(/\{.*?\}/g, ':')}`),
    )
    .toSorted();
}

const METHODS = ['get', 'put', 'post', 'delete'];

/** Returns the methods and paths in the table of routes of a source. */
function listRoutes(file: string): readonly string[] {
  const [, table = ''] = /^const ROUTES(.*?)^\]/ms.exec(readFile(file)) ?? [];
  return [...table.matchAll(/\['([A-Z]+)', '([^']*)'/g)]
    .map(([, method = '', path = '']) => {
      const names = path === '/' ? '' : path.replaceAll(/:\w+/g, ':');
      return `${method.toLowerCase()} ${names}`;
    })
    .toSorted();
}

describe('docs/openapi.json', () => {
  it('is what the code says: npm run openapi writes it', () => {
    expect(JSON.parse(readFile('docs/openapi.json'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('has the tables of docs/http-api.md: npm run openapi writes them', () => {
    const markdown = readFile('docs/http-api.md');

    expect(insertTables(markdown, writeTables(document))).toBe(markdown);
  });

  it('has every path that the function looks at, and no other', () => {
    expect(listDocumented('/uploads').length).toBeGreaterThan(5);
    expect(listDocumented('/uploads')).toEqual(listRoutes('functions/uploads.ts'));
  });

  it('has every path of runs, and no other', () => {
    expect(listDocumented('/pulls/runs').length).toBeGreaterThan(4);
    expect(listDocumented('/pulls/runs')).toEqual(listRoutes('lib/pulls/run-routes.ts'));
  });

  it('has every problem with its status and an example of its own form', () => {
    const validate = createValidators(document)('components', 'schemas', 'Problem');
    const answered = new Set<string>(OPERATIONS.flatMap(listProblems));

    for (const code of PROBLEM_CODES) {
      const example = exampleOf(code);
      expect(example).toMatchObject({ code, status: statusOf(code) });
      expect(validate?.(example), code).toBe(true);
      if (code !== 'method_not_allowed') expect(answered).toContain(code);
    }
  });

  it('has examples in the words of the functions', () => {
    const lib = readdirSync(`${ROOT}lib`, { recursive: true, encoding: 'utf8' });
    const sources = [
      ...lib.filter((name) => name.endsWith('.ts')).map((name) => `lib/${name}`),
      'functions/uploads.ts',
    ].map(readFile);
    const text = sources.join('\n').replaceAll('\\', '');
    const beginnings = PROBLEM_CODES.flatMap((code) => {
      const { detail = '' } = exampleOf(code);
      // Names, numbers, reasons, and the verb of a sentence about VOD are put in.
      const parts = detail.split(/"[^"]*"|\d[\w.:-]*|: |^VOD (?=did)/).map((part) => part.trim());
      return parts.filter((part) => part.length > 15).map((part) => part.slice(0, 15));
    });

    expect(beginnings.length).toBeGreaterThan(20);
    expect(beginnings.filter((beginning) => !text.includes(beginning))).toEqual([]);
  });

  it('has a message for every state of an upload and every type of VOD, and one for new types', () => {
    expect(Object.keys(document.webhooks)).toEqual([
      ...UPLOAD_STATES.map((state) => `upload.${state}`),
      ...Object.keys(EVENT_MEMBERS).map((type) => `vod.${type}`),
      'vod.*',
    ]);
  });

  it('has only references that lead somewhere', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
    for (const [, path = ''] of references) {
      const found = path
        .split('/')
        .reduce<unknown>((node, name) => Reflect.get(Object(node), name), document);
      expect(found, path).toBeTypeOf('object');
    }
  });
});

describe('describeRequest()', () => {
  it('throws for a check that nothing describes', () => {
    const even = v.pipe(
      v.number(),
      v.check((value) => value % 2 === 0, 'must be even'),
    );

    expect(() => describeRequest(v.object({ even }), { even: 'a number' })).toThrow(
      'A check needs v.metadata() after it',
    );
    const merely = v.pipe(even, v.description('an even number'));
    expect(() => describeRequest(v.object({ merely }), { merely: 'a number' })).toThrow(
      'A check needs v.metadata() after it',
    );
    const said = v.pipe(even, v.metadata({ multipleOf: 2 }));
    expect(
      describeRequest(v.object({ even: said }), { even: 'a number' }).properties?.['even'],
    ).toEqual({ type: 'number', multipleOf: 2, description: 'a number' });
  });

  it('throws for what is no JSON', () => {
    expect(() => describeRequest(v.object({ at: v.date() }), { at: 'a time' })).toThrow('"date"');
  });

  it('throws for a field without a description', () => {
    expect(() => describeRequest(v.object({ name: v.string() }), {})).toThrow(
      'The field name has no description',
    );
  });
});
