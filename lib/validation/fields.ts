import * as v from 'valibot';
import { type FieldError, MAX_ERRORS, refuseFields } from '../problem.ts';
import { readIsoTime } from './iso-time.ts';
import { dropNulls, isJsonObject } from './json-object.ts';
import { MAX_MEDIA_BYTES, MAX_PROCEDURE_BYTES } from './limits.ts';
import { explainMediaType, MEDIA_TYPE_LIST } from './media-type.ts';
import { findNearName } from './near-name.ts';
import { explainStorageRegion, REGION } from './storage-region.ts';

/** An upload id, which is written as a ULID: https://github.com/ulid/spec. */
export const UPLOAD_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(({ input }) => (typeof input === 'string' ? `${message}, without quotes` : message)),
    v.check((value) => Number.isInteger(value) && min <= value && value <= max, message),
    v.metadata({ type: 'integer', minimum: min, maximum: max }),
  );
}

/** Id of an application of VOD, a decimal text if it comes from a variable; becomes a number. */
export const subAppId = v.pipe(
  v.unknown(),
  v.check(
    (value) =>
      (typeof value === 'number' || typeof value === 'string') &&
      /^[1-9]\d{0,14}$/.test(String(value)),
    'must be the number that the VOD console shows',
  ),
  v.transform(Number),
);

/** A text that is not empty and has at most `maxBytes` bytes in UTF-8. */
export function text(maxBytes: number) {
  return v.pipe(
    v.string(({ input }) =>
      typeof input === 'object' && input !== null
        ? 'must be a string: write an object as JSON text'
        : 'must be a string',
    ),
    v.nonEmpty('must not be empty; leave it out instead'),
    v.check(
      (value) => value.isWellFormed(),
      'must be well-formed Unicode; it has half of a surrogate pair',
    ),
    v.check(
      (value) => Buffer.byteLength(value) <= maxBytes,
      (issue) =>
        `must have at most ${maxBytes} bytes in UTF-8; it has ${Buffer.byteLength(issue.input)}`,
    ),
    v.metadata({ maxLength: maxBytes, 'x-maxBytes': maxBytes }),
  );
}

/** Short name of a storage region; regions that are not documented are accepted too. */
export const storageRegion = v.pipe(
  v.string('must be a string'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const message = explainStorageRegion(dataset.value);
    if (message !== undefined) addIssue({ message });
  }),
  v.metadata({ pattern: REGION.source }),
);

/** Short name of a region of the cloud. */
export const regionName = v.pipe(
  v.string(),
  v.regex(REGION, 'must be the short name of a region, such as ap-singapore'),
);

/** Where an API of the cloud is. */
export const apiHost = v.pipe(
  v.string(),
  v.regex(
    /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?(?:\/[\w.-]+)*$/i,
    'must be a host, with port and path where needed and without a protocol',
  ),
);

/** An ISO 8601 time with its zone; becomes Unix seconds. */
export const isoTime = v.pipe(
  v.string('must be a string, such as 2099-01-01T00:00:00Z'),
  v.metadata({ format: 'date-time' }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const read = readIsoTime(dataset.value);
    if ('seconds' in read) return read.seconds;
    addIssue({ message: read.reason });
    return NEVER;
  }),
);

/** A file name extension that VOD accepts for media; becomes lower case. */
const mediaType = v.pipe(
  v.string('must be a string'),
  v.metadata({ enum: MEDIA_TYPE_LIST.split(', ') }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const message = explainMediaType(dataset.value);
    if (message === undefined) return dataset.value.toLowerCase();
    addIssue({ message });
    return NEVER;
  }),
);

/** Number of a class of media. */
export const classId = integer(0, 2 ** 31 - 1);

/** Name of a task flow. */
export const procedure = text(MAX_PROCEDURE_BYTES);

/** Limits of a file: the fields of {@link uploadLimits}. */
export const limitFields = v.object({
  maxBytes: v.optional(integer(1, MAX_MEDIA_BYTES)),
  maxSeconds: v.optional(integer(1, Number.MAX_SAFE_INTEGER)),
  mediaTypes: v.optional(
    v.pipe(
      v.array(mediaType, 'must be a list of file name extensions, such as ["mp4", "mov"]'),
      v.minLength(1, 'must name at least one type; leave it out instead'),
      v.transform((types) => [...new Set(types)]),
    ),
  ),
});

/** A JSON object. An object schema alone does not check that: it accepts an array too. */
const jsonObject = v.custom<Record<string, unknown>>(isJsonObject, 'must be a JSON object');

/** Limits of a file, without fields that are null; `findUnknownFields` reports unknown fields. */
export const uploadLimits = v.pipe(jsonObject, v.transform(dropNulls), limitFields);

const MAX_NAME = 64;

/** Returns the error for a value that is not an object; it names the kind of value if that helps. */
function refuseKind(input: unknown): FieldError {
  const what = Array.isArray(input)
    ? '; it is a list'
    : typeof input === 'string'
      ? '; it is a string, as of an object that was written as JSON twice'
      : '';
  return { path: '', message: `must be a JSON object${what}` };
}

/** A request body before its fields are checked. */
export type RawFields = Readonly<Record<string, unknown>>;

/**
 * Returns `input` as `schema` types it; a field that is null counts as absent. `inspect` adds the errors that a schema
 * cannot find, such as those about the current time and unknown names, and is passed the fields as they were received.
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

/** Result of checking the fields of one object. */
export type CheckedFields<T> =
  | { readonly output: T; readonly errors?: undefined }
  | { readonly errors: readonly FieldError[] };

/** Checks like {@link parseFields}, but returns the errors instead of throwing them; paths begin at `input`. */
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
 * A strict object schema would name only the first of them, and accepts `constructor` as a known one.
 *
 * @param prefix path of `value` with a final dot; empty for the body itself.
 */
export function findUnknownFields(value: unknown, known: object, prefix = ''): FieldError[] {
  if (!isJsonObject(value)) return [];
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length === 0) return [];
  const names = Object.keys(known);
  const list = `the fields are ${names.join(', ')}`;
  return unknown.map((name, index) => {
    // Errors after the first `MAX_ERRORS` are not sent, so they need no suggestion.
    const plain = index < MAX_ERRORS ? name.replaceAll(/[_-]/g, '') : '';
    const near = findNearName(plain, names);
    const hint = near === undefined ? list : `did you mean ${near}?`;
    return { path: prefix + name.slice(0, MAX_NAME), message: `is not a field here; ${hint}` };
  });
}

function describeIssue(issue: v.BaseIssue<unknown>): FieldError {
  return { path: v.getDotPath(issue) ?? '', message: issue.message };
}
