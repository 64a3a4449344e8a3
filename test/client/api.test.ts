import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import openapi from '../../docs/openapi.json' with { type: 'json' };
import { ROOT } from '../documents/documents.ts';
import { removeScratch } from '../support/remove-scratch.ts';

/** VOD calls the first; `vod-upload` the others, to listen and to move libraries. */
const NOT_OF_THE_CLIENT = [
  'post /callback',
  'get /uploads/events',
  'get /uploads/events/{eventId}',
  'get /pulls/runs',
  'post /pulls/runs',
  'get /pulls/runs/{runId}',
  'get /pulls/runs/{runId}/items',
  'post /pulls/runs/{runId}/items',
  'post /pulls/runs/{runId}/pause',
  'post /pulls/runs/{runId}/resume',
  'post /pulls/runs/{runId}/retry',
  'post /pulls/runs/{runId}/cancel',
  'post /pulls/runs/{runId}/undo',
];
/** Of these fields the client accepts every text: a newer service may have more values. */
const OPEN_FIELDS = ['code', 'mediaType', 'mediaTypes', 'type'];

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Body {
  readonly content?: { readonly 'application/json'?: { readonly schema: Schema } };
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

const schemas: Readonly<Record<string, Schema>> = openapi.components.schemas;
const parameters: Readonly<Record<string, unknown>> = openapi.components.parameters;

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
};

/** Returns the schema as a TypeScript type. `null`, which counts as left out, is left out of it. */
function printType(schema: Schema): string {
  if (schema.$ref !== undefined) return `Document_${schema.$ref.split('/').at(-1)}`;
  if ('const' in schema) return JSON.stringify(schema.const);
  const values = schema.enum?.map((value) => JSON.stringify(value));
  const types = values ?? [schema.oneOf ?? schema.anyOf ?? []].flat().map(printType);
  if (types.length > 0) return types.filter((type) => type !== 'null').join(' | ');
  const type = [schema.type ?? 'null'].flat().find((name) => name !== 'null');
  if (type === 'array') return `(${printType(schema.items ?? {})})[]`;
  return type === 'object' ? printObject(schema) : (SCALARS[type ?? ''] ?? 'null');
}

function withoutValues({ items, ...schema }: Schema): Schema {
  return items === undefined ? { type: 'string' } : { ...schema, items: withoutValues(items) };
}

function printObject({ properties = {}, required = [] }: Schema): string {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const type = OPEN_FIELDS.includes(name) ? printType(withoutValues(schema)) : printType(schema);
    return `'${name}'${required.includes(name) ? '' : '?'}: ${type}`;
  });
  return `{ ${fields.join('; ')} }`;
}

/** Returns the parameters in one part of a request as a type, without the header that asks for what has changed. */
function printParameters(operation: Operation, part: string): string {
  const used = (operation.parameters ?? [])
    .map(({ $ref, ...own }) =>
      $ref === undefined ? own : (parameters[$ref.split('/').at(-1) ?? ''] as Parameter),
    )
    .filter((parameter) => parameter.in === part && parameter.name !== 'If-None-Match');
  const properties = Object.fromEntries(used.map(({ name, schema }) => [name, schema]));
  const required = used.filter((parameter) => parameter.required).map(({ name }) => name);
  return used.length === 0 ? 'undefined' : printObject({ properties, required });
}

function compare(ours: string, theirs: string): string {
  return `({} as Compare<${ours}, ${theirs}>) satisfies 'same';`;
}

function compareOperation(path: string, method: string, operation: Operation): string[] {
  const ours = `paths['${path}']['${method}']`;
  const body = operation.requestBody?.content?.['application/json']?.schema;
  return [
    ...['path', 'query', 'header'].map((part) =>
      compare(`Parameters<${ours}, '${part}'>`, printParameters(operation, part)),
    ),
    ...(body === undefined || body.$ref === '#/components/schemas/Nothing'
      ? []
      : [compare(`${ours}['requestBody']['content']['application/json']`, printType(body))]),
    ...Object.entries(operation.responses).flatMap(([status, { content }]) => {
      const schema = content?.['application/json']?.schema;
      if (schema === undefined) return [];
      const answer = `${ours}['responses'][${status}]['content']['application/json']`;
      return [compare(answer, printType(schema))];
    }),
  ];
}

const PREAMBLE = `
  import type { components, paths } from '${join(ROOT, 'client/api.ts')}';
  type Schemas = components['schemas'];
  type Operations = { [P in keyof paths]: \`\${keyof paths[P] & string} \${P}\` }[keyof paths];
  type Named<N extends string, Otherwise> = N extends keyof Schemas ? Schemas[N] : Otherwise;
  type Parameters<O, P extends string> =
    O extends { parameters: { [Key in P]?: infer Ours } } ? NonNullable<Ours> : undefined;
  type Plain<T> = T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T;
  // Were each side a type of its own, the compiler would compare their arguments, where an optional field may be missing.
  type Compare<A, B> =
    (<X>() => X extends Plain<A> ? 1 : 2) extends (<X>() => X extends Plain<B> ? 1 : 2)
      ? 'same' : { client: Plain<A>; document: Plain<B> };`;

/** Returns a program that has an error for each difference, on a line that says where it is. */
function writeComparison(): string {
  const operations = Object.entries(openapi.paths as Readonly<Record<string, object>>)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    .filter(({ path, method }) => !NOT_OF_THE_CLIENT.includes(`${method} ${path}`));
  const names = operations.map(({ path, method }) => `'${method} ${path}'`);
  return [
    PREAMBLE,
    ...Object.entries(schemas).flatMap(([name, schema]) => [
      `type Document_${name} = ${printType(schema)};`,
      compare(`Named<'${name}', Document_${name}>`, `Document_${name}`),
    ]),
    compare('Operations', names.join(' | ')),
    ...operations.flatMap(({ path, method, operation }) =>
      compareOperation(path, method, operation),
    ),
  ].join('\n');
}

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vod-upload-api-'));
});
afterAll(() => removeScratch(scratch));

it('agrees with the OpenAPI document in every path, field and type', async () => {
  await writeFile(join(scratch, 'comparison.ts'), writeComparison());
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, noErrorTruncation: true },
    ...{ module: 'nodenext', target: 'es2023', allowImportingTsExtensions: true, types: [] },
  };
  const project = join(scratch, 'tsconfig.json');
  await writeFile(project, JSON.stringify({ compilerOptions, files: ['comparison.ts'] }));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const compile = promisify(execFile)(process.execPath, [compiler, '--pretty', '-p', project]);
  const differences = await compile.then(
    () => '',
    ({ stdout }: { readonly stdout: string }) => stripVTControlCharacters(stdout),
  );

  expect(differences).toBe('');
});
