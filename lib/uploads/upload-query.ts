import * as v from 'valibot';
import type { ReplayQuery } from '../ledger/deliveries/dead-deliveries.ts';
import type { UploadQuery } from '../ledger/uploads/uploads.ts';
import { ITEM_KINDS } from '../model/item-name.ts';
import { UPLOAD_METHODS, UPLOAD_STATES } from '../model/upload-state.ts';
import { isoTime, type RawFields } from '../validation/fields.ts';
import { createParser, once, pageQuery } from '../validation/query.ts';

/** Digits of a number as large as 64 bits can have. */
const DIGITS = '(?:0|[1-9]\\d{0,19})';

/**
 * A CRC-64 in decimal digits, as VOD's storage writes it.
 *
 * @see https://cloud.tencent.com/document/product/436/40334
 */
export const crc64 = v.pipe(
  v.string('must be a string of decimal digits, since a number would lose some'),
  v.regex(
    new RegExp(`^${DIGITS}$`),
    'must be a CRC-64 in decimal digits, such as "11051210869376104954"',
  ),
  v.metadata({ pattern: `^${DIGITS}$` }),
);

/** A file by its size in bytes and its CRC-64. */
const content = v.pipe(
  once,
  v.regex(
    new RegExp(`^[1-9]\\d{0,14}-${DIGITS}$`),
    'must be the size of a file in bytes and its CRC-64, such as 20000000-11051210869376104954',
  ),
  v.metadata({ pattern: `^[1-9]\\d{0,14}-${DIGITS}$` }),
  v.transform((text) => {
    const [size, digits = ''] = text.split('-');
    return { size: Number(size), crc64: digits };
  }),
);

/** Query parameters of the list of uploads. */
export const uploadQuery = v.object({
  owner: v.optional(once),
  state: v.optional(
    v.pipe(
      once,
      v.metadata({ enum: UPLOAD_STATES }),
      v.picklist(UPLOAD_STATES, `must be one of ${UPLOAD_STATES.join(', ')}`),
    ),
  ),
  method: v.optional(
    v.pipe(
      once,
      v.metadata({ enum: UPLOAD_METHODS }),
      v.picklist(UPLOAD_METHODS, `must be one of ${UPLOAD_METHODS.join(', ')}`),
    ),
  ),
  content: v.optional(content),
  ...pageQuery.entries,
});

/** The name of a dead item. */
export const itemRequest = v.object(
  { kind: v.picklist(ITEM_KINDS, `must be one of ${ITEM_KINDS.join(', ')}`), id: once },
  'must be given',
);

const MAX_REPLAYED = 1_000;

const time = v.pipe(
  isoTime,
  v.transform((seconds) => seconds * 1_000),
);

/** A request to replay many deliveries. */
export const replayQuery = v.object({
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

/** A request to replay deliveries of one upload. */
export const replayRequest = v.object({ eventId: v.optional(once), endpoint: v.optional(once) });

/** Which dead deliveries of an upload are to be retried: all, those of one event, or those to one endpoint. */
export type ReplayRequest = ReturnType<typeof parseReplayRequest>;

/** Returns the query parameters as a query for a list of uploads. */
export const parseUploadQuery: (query: RawFields) => UploadQuery = createParser(uploadQuery);

/** Returns the query parameters of a list without filters. */
export const parsePageQuery = createParser(pageQuery);

/** Returns a body as a request to deliver again. */
export const parseReplayRequest = createParser(replayRequest);

/** Returns a body as the name of a dead item. */
export const parseItemRequest = createParser(itemRequest);

/** Returns a body as a request to replay many deliveries. */
export const parseReplayQuery: (body: unknown) => ReplayQuery = createParser(replayQuery);
