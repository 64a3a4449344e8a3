import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';

/** A schema of the document, in the keywords that it uses: https://json-schema.org/draft/2020-12. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** Most bytes in UTF-8, which JSON Schema cannot say. */
  readonly 'x-maxBytes'?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Schemas that others refer to, by their names in the document. */
export type Parts = Readonly<Record<string, v.GenericSchema>>;

/** Descriptions of fields, by the fields' names. */
export type Texts = Readonly<Record<string, string>>;

/** What is left in a schema by a check that JSON Schema cannot say, until metadata follow and say it. */
const UNSAID = 'x-unsaid';

/**
 * Returns the JSON Schema of what passes `schema`: in requests, its input.
 *
 * @param parts become references.
 * @throws Error for a check that is not described.
 */
function convert(
  schema: v.GenericSchema,
  typeMode: 'input' | 'output',
  parts: Parts = {},
): JsonSchema {
  const config: ConversionConfig = {
    typeMode,
    target: 'draft-2020-12',
    definitions: parts,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    overrideSchema: ({ valibotSchema: { type }, jsonSchema, errors }) => {
      // An object that is found out to be one by a check of its own; what is in it is described separately.
      if (type === 'custom') return { type: 'object' };
      if (errors !== undefined) throw new Error(errors.join(' '));
      return { ...jsonSchema, ...(type === 'loose_object' ? { additionalProperties: true } : {}) };
    },
    overrideAction: ({ valibotAction, jsonSchema, errors }) => {
      const { type } = valibotAction;
      if (type === 'metadata') return withoutKeyword(jsonSchema, UNSAID);
      // One with flags, or after another one, is what the converter does not accept.
      if (isRegex(valibotAction)) {
        return { ...jsonSchema, pattern: valibotAction.requirement.source };
      }
      return errors === undefined ? jsonSchema : { ...jsonSchema, [UNSAID]: true };
    },
  };
  const { $schema: _version, $defs: _parts, ...converted } = toJsonSchema(schema, config);
  if (JSON.stringify(converted).includes(UNSAID)) {
    throw new Error(`A check needs v.metadata() after it: ${JSON.stringify(converted)}`);
  }
  return tidy(converted as JsonSchema);
}

function isRegex(action: object): action is v.RegexAction<string, undefined> {
  return Reflect.get(action, 'type') === 'regex';
}

function withoutKeyword(schema: object, keyword: string): object {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== keyword));
}

/** Returns a schema without what a more exact keyword already says. */
function tidy(schema: JsonSchema): JsonSchema {
  const { pattern, minLength, default: preset, required, ...rest } = schema;
  const isNumber = rest.type === 'integer' || rest.type === 'number';
  const isText = !isNumber && rest.enum === undefined;
  return {
    ...rest,
    ...(isText && pattern !== undefined ? { pattern } : {}),
    // A pattern that does not match the empty text says it too.
    ...(isText && minLength !== undefined && pattern === undefined ? { minLength } : {}),
    ...(preset === undefined ? {} : { default: isNumber ? Number(preset) : preset }),
    ...(required === undefined || required.length === 0 ? {} : { required }),
    ...mapSchemas(rest, tidy),
  };
}

/** Returns the members of `schema` that hold further schemas, after `change`. */
function mapSchemas(
  { items, properties, anyOf, oneOf }: JsonSchema,
  change: (schema: JsonSchema) => JsonSchema,
): JsonSchema {
  return {
    ...(items === undefined ? {} : { items: change(items) }),
    ...(properties === undefined ? {} : { properties: mapProperties(properties, change) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(change) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(change) }),
  };
}

function mapProperties(
  properties: Readonly<Record<string, JsonSchema>>,
  change: (schema: JsonSchema, name: string) => JsonSchema,
): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, change(schema, name)]),
  );
}

/**
 * Returns the JSON Schema of a request body whose fields `schema` checks: it has no other fields, and an optional one
 * may be null, which counts as left out.
 */
export function describeRequest(
  schema: v.GenericSchema,
  texts: Texts,
  parts: Parts = {},
): JsonSchema {
  const { properties = {}, required = [], ...rest } = convert(schema, 'input', parts);
  return {
    ...rest,
    properties: mapProperties(properties, (field, name) => ({
      ...(required.includes(name) ? field : allowNull(field)),
      ...describe(texts, name),
    })),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** Returns the schemas of query parameters, by their names. */
export function describeQuery(
  schema: v.GenericSchema,
  texts: Texts,
): Readonly<Record<string, JsonSchema>> {
  const { properties = {} } = convert(schema, 'input');
  return mapProperties(properties, (field, name) => ({ ...field, ...describe(texts, name) }));
}

/** Returns the JSON Schema of an answer or a message, which may have further fields in a later version. */
export function describeAnswer(schema: v.GenericSchema, parts: Parts): JsonSchema {
  return convert(schema, 'output', parts);
}

function describe(texts: Texts, name: string): Pick<JsonSchema, 'description'> {
  const { [name]: description } = texts;
  if (description === undefined) throw new Error(`The field ${name} has no description`);
  return { description };
}

function allowNull(schema: JsonSchema): JsonSchema {
  if (schema.$ref !== undefined) return { anyOf: [schema, { type: 'null' }] };
  const { type, enum: values } = schema;
  return {
    ...schema,
    type: [String(type), 'null'],
    ...(values === undefined ? {} : { enum: [...values, null] }),
  };
}
