import fc, { type Arbitrary } from 'fast-check';
import type { JsonSchema } from '../../tools/openapi/json-schema.ts';
import { resolve, typesOf } from './generate.ts';

/** One way of making a request wrong, and the path that an answer names. */
interface Fault {
  readonly path: readonly string[];
  /** What is put there; undefined removes what was there. */
  readonly value: Arbitrary<unknown>;
}

/** A request that is wrong in one place. */
export interface Wrong {
  readonly value: unknown;
  /** Path of the field that is wrong, as an error names it. */
  readonly path: string;
}

/** Returns requests that a schema refuses, each in one place of a request that it accepts. */
export function spoil(schema: JsonSchema, valid: Arbitrary<unknown>): Arbitrary<Wrong> {
  const faults = listFaults(schema, []);
  return fc
    .tuple(valid, fc.constantFrom(...faults))
    .chain(([value, { path, value: bad }]) =>
      bad.map((wrong) => ({ value: put(value, path, wrong), path: path.join('.') })),
    );
}

/** Values of each type, of which those with another type are wrong. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  string: ['7', 'true', 'text'],
  integer: [7, -1],
  number: [1.5, 1e300],
  boolean: [true, false],
  array: [[], [7], [[]]],
  object: [{}, { toString: 1 }],
};

function listFaults(given: JsonSchema, path: readonly string[]): readonly Fault[] {
  // A form that may be null is described by its other form.
  const schema = resolve(resolve(given).anyOf?.[0] ?? given);
  const types = typesOf(schema);
  const others = Object.keys(SAMPLES).filter((type) => !types.includes(type));
  const wrong = others.flatMap((type) => SAMPLES[type] ?? []);
  return [
    { path, value: fc.constantFrom(...wrong) },
    ...listValues(schema).map((value) => ({ path, value })),
    ...listMembers(schema, path),
  ];
}

function listValues(schema: JsonSchema): readonly Arbitrary<unknown>[] {
  const { enum: values, pattern, format, minimum, maximum, minLength, 'x-maxBytes': most } = schema;
  const numbers = [
    ...(minimum === undefined ? [] : [minimum - 1, -1e300]),
    ...(maximum === undefined ? [] : [maximum + 1, 1e300]),
  ];
  const texts = [
    ...(minLength === undefined && pattern === undefined ? [] : ['']),
    ...(most === undefined ? [] : ['a'.repeat(most + 1), '가'.repeat(Math.floor(most / 3) + 1)]),
    ...(format === 'date-time' ? NO_TIMES : []),
  ];
  const listed = values?.map((value) => String(value).toLowerCase());
  const expression = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return [
    ...[...numbers, ...texts].map((value) => fc.constant(value)),
    ...(listed === undefined
      ? []
      : [fc.string().filter((text) => !listed.includes(text.toLowerCase()))]),
    ...(expression === undefined ? [] : [fc.string().filter((text) => !expression.test(text))]),
  ];
}

const NO_TIMES = [
  ...['', 'tomorrow', '2099-01-01', '2099-01-01T00:00:00', '2099-02-30T00:00:00Z'],
  ...['2099-01-01T24:00:00Z', '2099-01-01T00:00:00+25:00', '10000-01-01T00:00:00Z'],
  '1969-12-31T23:59:59Z',
];

function listMembers(schema: JsonSchema, path: readonly string[]): readonly Fault[] {
  const { properties = {}, required = [], additionalProperties, items, minItems = 0 } = schema;
  const unknown = fc.constant('surplus');
  return [
    ...Object.entries(properties).flatMap(([name, field]) => listFaults(field, [...path, name])),
    ...required.map((name) => ({ path: [...path, name], value: fc.constant(undefined) })),
    ...(additionalProperties === false ? [{ path: [...path, 'notAField'], value: unknown }] : []),
    ...(minItems > 0 ? [{ path, value: fc.constant([]) }] : []),
    ...(items === undefined ? [] : listFaults(items, [...path, '0'])),
  ];
}

/** Returns a copy of `value` with another value at `path`; what is missing on the way is made. */
function put(value: unknown, [name, ...rest]: readonly string[], wrong: unknown): unknown {
  if (name === undefined) return wrong;
  if (/^\d+$/.test(name)) {
    const list = Array.isArray(value) ? value : [];
    return [put(list[0], rest, wrong), ...list.slice(1)];
  }
  const holder: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  const { [name]: old, ...others } = holder;
  const inner = put(old, rest, wrong);
  return inner === undefined ? others : { ...others, [name]: inner };
}

/** Returns query parameters of which one is wrong. */
export function spoilQuery(
  query: Readonly<Record<string, JsonSchema>>,
  valid: Arbitrary<unknown>,
): Arbitrary<Wrong> {
  const faults = [
    { path: ['notAField'], value: fc.constant('surplus') },
    ...Object.entries(query).flatMap(([name, schema]) =>
      [...listQueryValues(schema), fc.constant(['twice', 'twice']), fc.constant('')].map(
        (value) => ({ path: [name], value }),
      ),
    ),
  ];
  return fc
    .tuple(valid, fc.constantFrom(...faults))
    .chain(([value, { path, value: bad }]) =>
      bad.map((wrong) => ({ value: put(value, path, wrong), path: path.join('.') })),
    );
}

/** In a query everything is text, so a number is not a wrong type but another spelling. */
function listQueryValues(schema: JsonSchema): readonly Arbitrary<unknown>[] {
  const wrong = typesOf(schema).includes('integer')
    ? ['1.5', '-1', '0x1', 'many', '1e1', ' 1']
    : [];
  const values = listValues(schema).map((value) => value.map(String));
  return [...values, ...wrong.map((value) => fc.constant(value))];
}
