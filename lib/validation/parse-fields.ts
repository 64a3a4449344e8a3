import * as v from 'valibot';
import { type FieldError, Problem } from '../problem.ts';
import { dropNulls, isJsonObject } from './json-object.ts';
import { findNearName } from './near-name.ts';

/** Errors that one answer lists; a hostile body could cause as many as fit in it. */
const MAX_ERRORS = 100;
const MAX_NAME = 64;

/** Says what a value is instead of an object, where that leads to the mistake. */
function refuseKind(input: unknown): FieldError {
  const what = Array.isArray(input)
    ? '; it is a list'
    : typeof input === 'string'
      ? '; it is a text, as of an object that was written as JSON twice'
      : '';
  return { path: '', message: `must be a JSON object${what}` };
}

/** A request body before its fields are checked. */
export type RawFields = Readonly<Record<string, unknown>>;

/**
 * Returns `input` as `schema` types it; a field that is null counts as absent. `inspect` adds what a schema cannot know,
 * such as the time of day and names that are not known, and sees the fields as they came.
 *
 * @throws {Problem} `invalid_request` that names every field that is wrong, not only the first.
 */
export function parseFields<TSchema extends v.GenericSchema>(
  schema: TSchema,
  input: unknown,
  inspect: (fields: RawFields) => readonly FieldError[],
): v.InferOutput<TSchema> {
  const checked = checkFields(schema, input, inspect);
  if (checked.errors === undefined) return checked.output;
  throw refuseFields(checked.errors);
}

/** What became of the fields of one object. */
export type CheckedFields<T> =
  | { readonly output: T; readonly errors?: undefined }
  | { readonly errors: readonly FieldError[] };

/** Returns the same as {@link parseFields}, with the errors for the caller to use; paths begin at `input`. */
export function checkFields<TSchema extends v.GenericSchema>(
  schema: TSchema,
  input: unknown,
  inspect: (fields: RawFields) => readonly FieldError[],
): CheckedFields<v.InferOutput<TSchema>> {
  if (!isJsonObject(input)) return { errors: [refuseKind(input)] };
  const result = v.safeParse(schema, dropNulls(input), { abortPipeEarly: true });
  const errors = [...(result.issues ?? []).map(describeIssue), ...inspect(input)];
  return result.success && errors.length === 0 ? { output: result.output } : { errors };
}

/**
 * Returns an error for each field of `value` that `known` does not have.
 *
 * A strict object schema would name the first of them only, and takes `constructor` for a known one.
 *
 * @param prefix path of `value` with a final dot, or nothing for the body itself.
 */
export function findUnknownFields(value: unknown, known: object, prefix = ''): FieldError[] {
  if (!isJsonObject(value)) return [];
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length === 0) return [];
  const names = Object.keys(known);
  const list = `the fields are ${names.join(', ')}`;
  return unknown.map((name, index) => {
    // Beyond those that an answer lists, nobody reads what is meant.
    const plain = index < MAX_ERRORS ? name.replaceAll(/[_-]/g, '') : '';
    const near = findNearName(plain, names);
    const hint = near === undefined ? list : `did you mean ${near}?`;
    return { path: prefix + name.slice(0, MAX_NAME), message: `is not a field here; ${hint}` };
  });
}

/**
 * Returns the problem of a request whose fields `errors` names.
 *
 * @param most errors that the problem lists, where fewer than usual; it tells how many there are besides.
 */
export function refuseFields(errors: readonly FieldError[], most: number = MAX_ERRORS): Problem {
  return new Problem(summarize(errors), {
    code: 'invalid_request',
    errors: errors.slice(0, Math.min(most, MAX_ERRORS)),
  });
}

function summarize([first, ...rest]: readonly FieldError[]): string {
  if (first === undefined) return 'Cannot accept the request.';
  if (first.path === '') return `The body ${first.message}.`;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return `Cannot accept the request: "${first.path}" ${first.message}${more}`;
}

function describeIssue(issue: v.BaseIssue<unknown>): FieldError {
  return { path: v.getDotPath(issue) ?? '', message: issue.message };
}
