import * as v from 'valibot';
import { findUnknownFields } from '../validation/fields.ts';
import { isJsonObject } from '../validation/json-object.ts';

type Map = Readonly<Record<string, unknown>>;

/** An object schema alone accepts a list as a map. */
const map = v.custom<Map>(isJsonObject, 'must be a map');

/** Names that every object inherits, so that a look-up would find a value that is not in the settings. */
const RESERVED_NAMES = ['__proto__', 'constructor', 'prototype'];

/** Name of a key, a profile, a tenant or a rule. */
export const name = v.pipe(
  v.string('must be a string'),
  v.regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores'),
);

/** A map with these fields and no others; every unknown field is an issue, in addition to those of the known ones. */
export function strictMap<Entries extends v.ObjectEntries>(entries: Entries) {
  const fields = v.object(entries, 'must be given');
  return v.pipe(
    map,
    v.rawTransform(({ dataset, addIssue, NEVER }): v.InferOutput<typeof fields> => {
      const input = dataset.value;
      const checked = v.safeParse(fields, input);
      for (const { message, path } of checked.issues ?? []) addIssue({ message, path });
      const unknown = findUnknownFields(input, entries);
      for (const { path, message } of unknown) addIssue({ message, path: [place(input, path)] });
      return checked.success ? checked.output : NEVER;
    }),
  );
}

const mapKey = v.pipe(name, v.notValues(RESERVED_NAMES, 'must have another name'));

/** A map from names to values that `value` accepts. */
export function mapOf<Value extends v.GenericSchema>(value: Value) {
  return v.pipe(
    map,
    v.rawTransform(({ dataset, addIssue }): Record<string, v.InferOutput<Value>> => {
      const input = dataset.value;
      const items = Object.entries(input).flatMap(([key, item]) => {
        const checked = v.safeParse(value, item);
        const issues = [...(v.safeParse(mapKey, key).issues ?? []), ...(checked.issues ?? [])];
        for (const { message, path = [] } of issues) {
          addIssue({ message, path: [place(input, key), ...path] });
        }
        return checked.success ? [[key, checked.output] as const] : [];
      });
      return Object.fromEntries(items);
    }),
  );
}

/** A list of at least one item. */
export function listOf<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(
    v.array(item, 'must be a list'),
    v.minLength(1, 'must not be empty; leave it out for no limit'),
  );
}

function place(input: Map, key: string): v.ObjectPathItem {
  return { type: 'object', origin: 'value', input: { ...input }, key, value: input[key] };
}
