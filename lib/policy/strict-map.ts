import * as v from 'valibot';
import { isJsonObject } from '../validation/json-object.ts';
import { findUnknownFields } from '../validation/parse-fields.ts';

/** A map with these fields and no other; every unknown one is an issue, beside what is wrong with the known ones. */
export function strictMap<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(
    v.looseObject(entries, 'must be a map'),
    v.rawCheck(({ dataset, addIssue }) => {
      const input: unknown = dataset.value;
      if (Array.isArray(input)) addIssue({ message: 'must be a map, and is a list' });
      else if (isJsonObject(input)) {
        for (const { path: key, message } of findUnknownFields(input, entries)) {
          const place = { type: 'object', origin: 'key', input, key, value: input[key] } as const;
          addIssue({ message, path: [place] });
        }
      }
    }),
  );
}

/** A list of at least one item. */
export function listOf<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(
    v.array(item, 'must be a list'),
    v.minLength(1, 'must name something; leave it out to bound nothing'),
  );
}
