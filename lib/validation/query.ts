import * as v from 'valibot';
import { findUnknownFields, parseFields } from './fields.ts';
import { MAX_PAGE_ITEMS } from './limits.ts';

/** Items of a page if a request does not say how many. */
const DEFAULT_PAGE_ITEMS = 20;

/** A parameter that is given once, and is not empty. */
export const once = v.pipe(
  v.string('must be given only once'),
  v.nonEmpty('must not be empty; leave it out instead'),
  v.check((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed Unicode'),
  v.metadata({ pattern: '^[^\\0]+$' }),
);

/** How many items a page has: at most `max`, which has at most four digits, and `usual` if nothing is given. */
export function pageLimit(max: number, usual: number) {
  return v.optional(
    v.pipe(
      once,
      v.check(
        (digits) => /^[1-9]\d{0,3}$/.test(digits) && Number(digits) <= max,
        `must be a whole number from 1 to ${max}`,
      ),
      v.metadata({ type: 'integer', minimum: 1, maximum: max }),
      v.transform(Number),
    ),
    String(usual),
  );
}

/** Query parameters of every list. */
export const pageQuery = v.object({
  limit: pageLimit(MAX_PAGE_ITEMS, DEFAULT_PAGE_ITEMS),
  cursor: v.optional(once),
});

/**
 * Returns a function that parses query parameters or a body with `schema` and allows no other members. It throws a
 * Problem, `invalid_request`, that names every wrong field.
 */
export function createParser<TSchema extends v.GenericSchema & { readonly entries: object }>(
  schema: TSchema,
): (input: unknown) => v.InferOutput<TSchema> {
  return (input) =>
    parseFields(schema, input, (fields) => findUnknownFields(fields, schema.entries));
}

/** Throws if query parameters or a body have any member, for routes without options. */
export const refuseOptions: (input: unknown) => void = createParser(v.object({}));
