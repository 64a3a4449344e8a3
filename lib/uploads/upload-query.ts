import * as v from 'valibot';
import type { ReplayQuery } from '../ledger/dead-deliveries.ts';
import type { UploadQuery } from '../ledger/uploads.ts';
import { ITEM_KINDS } from '../model/item-name.ts';
import { UPLOAD_METHODS, UPLOAD_STATES } from '../model/upload-state.ts';
import { findUnknownFields, isoTime, parseFields, type RawFields } from '../validation/fields.ts';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = '20';

const once = v.pipe(
  v.string('must be given once'),
  v.nonEmpty('must not be empty; leave it out instead'),
  v.check((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed Unicode'),
);

const page = {
  limit: v.optional(
    v.pipe(
      once,
      v.regex(/^(?:[1-9]\d?|100)$/, `must be a whole number from 1 to ${MAX_LIMIT}`),
      v.transform(Number),
    ),
    DEFAULT_LIMIT,
  ),
  cursor: v.optional(once),
};

const pageQuery = v.object(page);

const uploadQuery = v.object({
  owner: v.optional(once),
  state: v.optional(
    v.pipe(once, v.picklist(UPLOAD_STATES, `must be one of ${UPLOAD_STATES.join(', ')}`)),
  ),
  method: v.optional(
    v.pipe(once, v.picklist(UPLOAD_METHODS, `must be one of ${UPLOAD_METHODS.join(', ')}`)),
  ),
  ...page,
});

const replayRequest = v.object({ eventId: v.optional(once), endpoint: v.optional(once) });

const itemRequest = v.object({
  kind: v.pipe(
    v.string(`must be one of ${ITEM_KINDS.join(', ')}`),
    v.picklist(ITEM_KINDS, `must be one of ${ITEM_KINDS.join(', ')}`),
  ),
  id: once,
});

const MAX_REPLAYED = 1_000;

const time = v.pipe(
  isoTime,
  v.transform((seconds) => seconds * 1_000),
);

const replayQuery = v.object({
  endpoint: v.optional(once),
  state: v.optional(v.picklist(UPLOAD_STATES, `must be one of ${UPLOAD_STATES.join(', ')}`)),
  from: v.optional(time),
  to: v.optional(time),
  limit: v.optional(
    v.pipe(
      v.number(`must be a whole number from 1 to ${MAX_REPLAYED}`),
      v.integer(`must be a whole number from 1 to ${MAX_REPLAYED}`),
      v.minValue(1, `must be a whole number from 1 to ${MAX_REPLAYED}`),
      v.maxValue(MAX_REPLAYED, `must be a whole number from 1 to ${MAX_REPLAYED}`),
    ),
    MAX_REPLAYED,
  ),
  cursor: v.optional(once),
});

/** A place in a list. */
export type PageQuery = v.InferOutput<typeof pageQuery>;

/** Which dead deliveries of an upload are to be made again: all, or those of one event, or to one endpoint. */
export type ReplayRequest = v.InferOutput<typeof replayRequest>;

/**
 * Returns the query parameters as a question for a list of uploads.
 *
 * @throws {Problem} `invalid_request` that names every parameter that is wrong.
 */
export function parseUploadQuery(query: RawFields): UploadQuery {
  return parseExactly(uploadQuery, query);
}

/**
 * Returns the query parameters of a list that has nothing to choose from.
 *
 * @throws {Problem} `invalid_request` that names every parameter that is wrong.
 */
export function parsePageQuery(query: RawFields): PageQuery {
  return parseExactly(pageQuery, query);
}

/**
 * Returns `body` as a request to deliver again.
 *
 * @throws {Problem} `invalid_request` that names every field that is wrong.
 */
export function parseReplayRequest(body: unknown): ReplayRequest {
  return parseExactly(replayRequest, body);
}

/**
 * Returns `body` as the name of an item that was set aside.
 *
 * @throws {Problem} `invalid_request` that names every field that is wrong.
 */
export function parseItemRequest(body: unknown): v.InferOutput<typeof itemRequest> {
  return parseExactly(itemRequest, body);
}

/**
 * Returns `body` as a request to deliver many again.
 *
 * @throws {Problem} `invalid_request` that names every field that is wrong.
 */
export function parseReplayQuery(body: unknown): ReplayQuery {
  return parseExactly(replayQuery, body);
}

/**
 * Throws where `body` says anything: what it is sent to takes no options.
 *
 * @throws {Problem} `invalid_request` that names every field.
 */
export function refuseOptions(body: unknown): void {
  parseExactly(v.object({}), body);
}

function parseExactly<TSchema extends v.GenericSchema & { readonly entries: object }>(
  schema: TSchema,
  input: unknown,
): v.InferOutput<TSchema> {
  return parseFields(schema, input, (fields) => findUnknownFields(fields, schema.entries));
}
