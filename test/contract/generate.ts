import fc, { type Arbitrary } from 'fast-check';
import type { JsonSchema } from '../../tools/openapi/json-schema.ts';
import { DOCUMENT } from './validators.ts';

/** Values of fields that a schema does not describe completely, by the fields' names. */
export type Chosen = Readonly<Record<string, Arbitrary<unknown>>>;

/** Returns `schema`, or what it refers to. */
export function resolve(schema: JsonSchema): JsonSchema {
  const { $ref } = schema;
  if ($ref === undefined) return schema;
  return DOCUMENT.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {};
}

/** Returns the types that a value may have. */
export function typesOf({ type = [] }: JsonSchema): readonly string[] {
  return typeof type === 'string' ? [type] : type;
}

/** Returns an arbitrary of values that `schema` accepts. */
export function generate(schema: JsonSchema, chosen: Chosen = {}): Arbitrary<unknown> {
  const { anyOf, oneOf, enum: values, ...resolved } = resolve(schema);
  const forms = anyOf ?? oneOf;
  if (forms !== undefined) return fc.oneof(...forms.map((form) => generate(form, chosen)));
  if (values !== undefined) return fc.constantFrom(...values);
  const types = typesOf(resolved);
  return fc.oneof(...types.map((type) => generateType(type, resolved, chosen)));
}

function generateType(type: string, schema: JsonSchema, chosen: Chosen): Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer': {
      const { minimum = -1_000, maximum = 1_000 } = schema;
      return fc.oneof(
        fc.constantFrom(minimum, maximum),
        fc.integer({ min: minimum, max: maximum }),
      );
    }
    case 'string':
      return generateText(schema);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 6 } = schema;
      const maxLength = Math.min(maxItems, minItems + 5);
      return fc.array(generate(items, chosen), { minLength: minItems, maxLength });
    }
    default:
      return generateObject(schema, chosen);
  }
}

function generateText(schema: JsonSchema): Arbitrary<string> {
  const { format, pattern, minLength = 0, maxLength = 40, 'x-maxBytes': maxBytes } = schema;
  if (format === 'date-time') return FUTURE;
  // Everything but NUL; a generator from the pattern itself would make few other texts than ASCII.
  if (pattern === '^[^\\0]+$') {
    return fc.string({ unit: 'binary', minLength: 1 }).map((text) => text.replaceAll('\0', 'x'));
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const most = maxBytes ?? maxLength;
  const edges = fc.constantFrom('a'.repeat(most), '가'.repeat(Math.floor(most / 3)));
  const any = fc.string({ unit: 'binary', minLength, maxLength: Math.min(40, most >> 2) });
  return fc.oneof({ weight: 1, arbitrary: edges }, { weight: 9, arbitrary: any });
}

/** Times that are in the future for long, in the spellings of RFC 3339. */
const FUTURE = fc
  .tuple(
    fc.integer({ min: Date.UTC(2090), max: Date.UTC(2099, 11) }),
    fc.constantFrom('Z', '.250Z', '+09:00', '-03:30', 'z'),
  )
  .map(([time, zone]) => new Date(time).toISOString().slice(0, 19) + zone);

function generateObject(
  { properties = {}, required = [] }: JsonSchema,
  chosen: Chosen,
): Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const { [name]: own } = chosen;
    return [name, own ?? generate(schema, chosen)];
  });
  const model: Readonly<Record<string, Arbitrary<unknown>>> = Object.fromEntries(fields);
  return fc.record(model, { requiredKeys: [...required], noNullPrototype: true });
}
