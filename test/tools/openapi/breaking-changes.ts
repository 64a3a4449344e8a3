import { isJsonObject } from '../../../lib/validation/json-object.ts';

type Node = Readonly<Record<string, unknown>>;

/** One place of a document that callers depend on: a value that they write, or one that they read. */
interface Place {
  readonly use: 'request' | 'answer';
  readonly isRequired: boolean;
  /** Undefined for an operation itself. */
  readonly schema: Node | undefined;
  readonly scopes?: string;
}

type Places = Map<string, Place>;

/**
 * Returns what programs that were written for the document `released` can no longer rely on in `current`, each in a
 * sentence. A new optional field of a request, and a new field or value in an answer, break nobody.
 */
export function findBreakingChanges(released: unknown, current: unknown): readonly string[] {
  const [before, after] = [listPlaces(toNode(released)), listPlaces(toNode(current))];
  const added = [...after].filter(([name, { use, isRequired }]) => {
    // A field of something new is no change for those who do not use it.
    const isOfOld = before.has(name.replace(/[.?][^.?]+$/, ''));
    return use === 'request' && isRequired && isOfOld && !before.has(name);
  });
  return [
    ...added.map(([name]) => `${name} is new and required`),
    ...[...before].flatMap(([name, old]) => {
      const now = after.get(name);
      const changes = now === undefined ? ['is gone'] : comparePlaces(old, now);
      return changes.map((change) => `${name} ${change}`);
    }),
  ];
}

function comparePlaces(old: Place, now: Place): readonly string[] {
  const isRequest = old.use === 'request';
  const [written, read] = isRequest ? [old, now] : [now, old];
  const changes = [
    old.scopes !== now.scopes && 'needs another scope',
    isRequest && !old.isRequired && now.isRequired && 'is required',
    !isRequest && old.isRequired && !now.isRequired && 'may be missing',
    !includesAll(listTypes(read.schema), listTypes(written.schema)) && 'has another type',
    old.schema?.['const'] !== now.schema?.['const'] && 'has another value',
    isRequest && isNarrower(old.schema ?? {}, now.schema ?? {}) && 'has narrower bounds',
  ];
  return changes.filter((change) => change !== false);
}

/** Returns whether `written`, undefined if it may be anything, is in `read`. */
function includesAll(
  read: readonly unknown[] | undefined,
  written: readonly unknown[] | undefined,
) {
  return read === undefined || (written?.every((each) => read.includes(each)) ?? false);
}

function listTypes(schema: Node = {}): readonly unknown[] | undefined {
  const { type } = schema;
  if (type === undefined) return undefined;
  const types = Array.isArray(type) ? type : [type];
  return types.includes('number') ? [...types, 'integer'] : types;
}

const LOWER = ['minimum', 'minLength', 'minItems'];
const UPPER = ['maximum', 'maxLength', 'maxItems', 'x-maxBytes'];

function isNarrower(old: Node, now: Node): boolean {
  const bound = (schema: Node, name: string, none: number) => Number(schema[name] ?? none);
  const { enum: values, pattern, format } = now;
  return (
    LOWER.some((name) => bound(now, name, -Infinity) > bound(old, name, -Infinity)) ||
    UPPER.some((name) => bound(now, name, Infinity) < bound(old, name, Infinity)) ||
    !includesAll(toList(values), toList(old['enum'])) ||
    (pattern !== undefined && pattern !== old['pattern']) ||
    (format !== undefined && format !== old['format'])
  );
}

function toList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function listPlaces(document: Node): Places {
  const places: Places = new Map();
  for (const part of ['paths', 'webhooks']) {
    for (const [path, methods] of Object.entries(toNode(document[part]))) {
      for (const [method, operation] of Object.entries(toNode(methods))) {
        const isMessage = part === 'webhooks';
        addOperation(places, `${method.toUpperCase()} ${path}`, toNode(operation), {
          document,
          use: isMessage ? 'answer' : 'request',
        });
      }
    }
  }
  return places;
}

interface Reading {
  readonly document: Node;
  readonly use: Place['use'];
}

function addOperation(places: Places, name: string, operation: Node, reading: Reading): void {
  const { document, use } = reading;
  const { security, parameters, requestBody, responses } = operation;
  const scopes = JSON.stringify(security);
  places.set(name, { use, isRequired: false, schema: undefined, scopes });
  for (const each of toList(parameters) ?? []) {
    const { name: parameter, required, schema } = resolve(document, each);
    addSchema(places, `${name}?${parameter}`, schema, {
      ...reading,
      isRequired: required === true,
    });
  }
  const { required, content } = resolve(document, requestBody);
  addContent(places, `${name} body`, content, { ...reading, isRequired: required === true });
  // Consumers answer messages themselves.
  for (const [status, answer] of use === 'answer' ? [] : Object.entries(toNode(responses))) {
    const { content: answered } = resolve(document, answer);
    if (!/^[23]/.test(status)) continue;
    places.set(`${name} ${status}`, { use: 'answer', isRequired: true, schema: undefined });
    const place = `${name} ${status} body`;
    addContent(places, place, answered, { document, use: 'answer', isRequired: true });
  }
}

interface SchemaReading extends Reading {
  readonly isRequired: boolean;
}

function addContent(places: Places, name: string, content: unknown, reading: SchemaReading): void {
  for (const media of Object.values(toNode(content))) {
    addSchema(places, name, toNode(media)['schema'], reading);
  }
}

function addSchema(places: Places, name: string, given: unknown, reading: SchemaReading): void {
  const { document, use, isRequired } = reading;
  const schema = resolve(document, given);
  places.set(name, { use, isRequired, schema });
  const needed = toList(schema['required']) ?? [];
  for (const [field, inner] of Object.entries(toNode(schema['properties']))) {
    const isFieldRequired = needed.includes(field);
    addSchema(places, `${name}.${field}`, inner, { ...reading, isRequired: isFieldRequired });
  }
  if (schema['items'] !== undefined) addSchema(places, `${name}[]`, schema['items'], reading);
  for (const [index, form] of (toList(schema['anyOf'] ?? schema['oneOf']) ?? []).entries()) {
    addSchema(places, `${name}|${index}`, form, reading);
  }
}

/** Returns `value`, or what it refers to. */
function resolve(document: Node, value: unknown): Node {
  const { $ref, ...node } = toNode(value);
  if (typeof $ref !== 'string') return node;
  const names = $ref.split('/').slice(1);
  const target = names.reduce<Node>((found, name) => toNode(found[name]), document);
  return resolve(document, target);
}

function toNode(value: unknown): Node {
  return isJsonObject(value) ? value : {};
}
