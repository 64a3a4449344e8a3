import * as v from 'valibot';
import { readIsoTime } from './iso-time.ts';
import { dropNulls, isJsonObject } from './json-object.ts';
import { MAX_MEDIA_BYTES, MAX_PROCEDURE_BYTES } from './limits.ts';
import { explainMediaType } from './media-type.ts';
import { explainStorageRegion } from './storage-region.ts';

/** An upload id, which is written as a ULID: https://github.com/ulid/spec. */
export const UPLOAD_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(({ input }) => (typeof input === 'string' ? `${message}, without quotes` : message)),
    v.check((value) => Number.isInteger(value) && min <= value && value <= max, message),
  );
}

/** Number of an application of VOD, a decimal text where it comes from a variable; becomes a number. */
export const subAppId = v.pipe(
  v.unknown(),
  v.check(
    (value) =>
      (typeof value === 'number' || typeof value === 'string') &&
      /^[1-9]\d{0,14}$/.test(String(value)),
    'must be the whole number that the VOD console shows',
  ),
  v.transform(Number),
);

/** A text that is not empty and has at most `maxBytes` bytes in UTF-8. */
export function text(maxBytes: number) {
  return v.pipe(
    v.string(({ input }) =>
      typeof input === 'object' && input !== null
        ? 'must be a text: write an object as JSON text'
        : 'must be a text',
    ),
    v.nonEmpty('must not be empty; leave it out instead'),
    v.check(
      (value) => value.isWellFormed(),
      'must be well-formed Unicode; it has half of a surrogate pair',
    ),
    v.check(
      (value) => value.length <= maxBytes && Buffer.byteLength(value) <= maxBytes,
      (issue) =>
        `must have at most ${maxBytes} bytes in UTF-8; it has ${Buffer.byteLength(issue.input)}`,
    ),
  );
}

/** A short name of a storage region that may exist. */
export const storageRegion = v.pipe(
  v.string('must be a text'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const message = explainStorageRegion(dataset.value);
    if (message !== undefined) addIssue({ message });
  }),
);

/** An ISO 8601 time with its zone; becomes Unix seconds. */
export const isoTime = v.pipe(
  v.string('must be a text, as 2099-01-01T00:00:00Z'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const read = readIsoTime(dataset.value);
    if ('seconds' in read) return read.seconds;
    addIssue({ message: read.reason });
    return NEVER;
  }),
);

/** A file name extension that VOD takes for media; becomes lower case. */
const mediaType = v.pipe(
  v.string('must be a text'),
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

/** What a file may be at most: fields of {@link uploadLimits}. */
export const limitFields = v.object({
  maxBytes: v.optional(integer(1, MAX_MEDIA_BYTES)),
  maxSeconds: v.optional(integer(1, Number.MAX_SAFE_INTEGER)),
  mediaTypes: v.optional(
    v.pipe(
      v.array(mediaType, 'must be a list of file name extensions, as ["mp4", "mov"]'),
      v.minLength(1, 'must name at least one type; leave it out instead'),
      v.transform((types) => [...new Set(types)]),
    ),
  ),
});

/** A JSON object, which an object schema alone does not make sure of: it takes an array for one. */
const jsonObject = v.custom<Record<string, unknown>>(isJsonObject, 'must be a JSON object');

/** What a file may be at most, without fields that are null; unknown fields are left to `findUnknownFields`. */
export const uploadLimits = v.pipe(jsonObject, v.transform(dropNulls), limitFields);
