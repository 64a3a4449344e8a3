import * as v from 'valibot';
import { type FieldError, Problem } from '../problem.ts';
import { isJsonObject } from './json-object.ts';

/** Errors that one answer lists; a hostile body could cause as many as fit in it. */
const MOST_ERRORS = 100;
const LONGEST_NAME = 64;

/** A request body before its fields are checked. */
export type RawFields = Readonly<Record<string, unknown>>;

/**
 * Answers `input` as `schema` types it. `inspect` adds what a schema cannot know, such as the time of day, and sees
 * the fields as they came.
 *
 * @throws {Problem} `invalid_request` that names every field that is wrong, not only the first.
 */
export function parseFields<TSchema extends v.GenericSchema>(
  schema: TSchema,
  input: unknown,
  inspect: (fields: RawFields) => readonly FieldError[],
): v.InferOutput<TSchema> {
  if (!isJsonObject(input)) {
    throw new Problem('The body must be a JSON object.', {
      code: 'invalid_request',
      errors: [{ path: '', message: 'must be a JSON object' }],
    });
  }
  const result = v.safeParse(schema, input, { abortPipeEarly: true });
  const errors = [...(result.issues ?? []).map(describeIssue), ...inspect(input)];
  if (result.success && errors.length === 0) return result.output;
  throw refuseFields(errors);
}

/**
 * Answers an error for each field of `value` that `known` does not have.
 *
 * A strict object schema would name the first of them only, and takes `constructor` for a known one.
 *
 * @param prefix path of `value` with a final dot, or nothing for the body itself.
 */
export function findUnknownFields(value: unknown, known: object, prefix = ''): FieldError[] {
  if (!isJsonObject(value)) return [];
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length === 0) return [];
  const message = `is not a field here; the fields are ${Object.keys(known).join(', ')}`;
  return unknown.map((name) => ({ path: prefix + name.slice(0, LONGEST_NAME), message }));
}

/** Answers the problem of a request whose fields `errors` names. */
export function refuseFields(errors: readonly FieldError[]): Problem {
  const [first, ...rest] = errors;
  const what = first === undefined ? '' : `: "${first.path}" ${first.message}`;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return new Problem(`Cannot accept the request${what}${more}`, {
    code: 'invalid_request',
    errors: errors.slice(0, MOST_ERRORS),
  });
}

function describeIssue(issue: v.BaseIssue<unknown>): FieldError {
  return { path: v.getDotPath(issue) ?? '', message: issue.message };
}
