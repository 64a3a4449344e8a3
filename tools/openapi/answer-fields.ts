import * as v from 'valibot';
import { UPLOAD_STATES } from '../../lib/model/upload-state.ts';
import { UPLOAD_ID } from '../../lib/validation/fields.ts';

/**
 * The fields of an answer, each with the type that the code has: one that is missing here, that the code lacks, or that
 * is optional on one side only does not compile.
 */
export type Fields<T> = {
  readonly [Name in keyof T]-?: Partial<Pick<T, Name>> extends Pick<T, Name>
    ? v.ExactOptionalSchema<v.GenericSchema<Exclude<T[Name], undefined>>, undefined>
    : v.GenericSchema<T[Name]>;
};

/** Fields that are Unix milliseconds in the ledger, and ISO 8601 in answers. */
export type WithTimes<T, Name extends keyof T> = Omit<T, Name> & {
  readonly [Time in Name]: Exclude<T[Time], number> | string;
};

/** A text. */
export const about = (text: string) => v.pipe(v.string(), v.description(text));
/** A time in ISO 8601. */
export const time = (text: string) => v.pipe(v.string(), v.isoTimestamp(), v.description(text));
/** A number of things. */
export const count = (text: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(text));
/** The id of an upload. */
export const id = v.pipe(v.string(), v.regex(UPLOAD_ID), v.description('id of the upload, a ULID'));
/** The state of an upload. */
export const state = v.pipe(
  v.picklist(UPLOAD_STATES),
  v.description('how far it is: docs/http-api.md#uploads has the meaning of each state'),
);
/** The number of an application. */
export const application = v.pipe(
  v.number(),
  v.integer(),
  v.description('application of VOD that it is in'),
);

/** How much of a file there is. */
export const progress = v.exactOptional(
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(0),
    v.maxValue(100),
    v.description(
      "percentage of the file, if it is known: VOD's while it fetches the media of a pull, or what the client reports while it sends",
    ),
  ),
);

/** The place where the next page begins. */
export const cursor = v.exactOptional(about('of the next page; missing in the last one'));
