import * as v from 'valibot';
import { cleanText } from '../ledger/query.ts';
import { MAX_RUN_PAGE, RUN_ITEM_STATES, type RunItemState } from '../model/pull-run.ts';
import { refuseFields } from '../problem.ts';
import { findUnknownFields, type RawFields, text } from '../validation/fields.ts';
import { dropNulls, isJsonObject } from '../validation/json-object.ts';
import { MAX_PULL_ITEMS, MAX_URL_BYTES } from '../validation/limits.ts';
import {
  type PullContext,
  type PullRequest,
  parsePullRequest,
  pullItem,
  type RefusedItem,
} from '../validation/pull-request.ts';
import { createParser, once, pageLimit, pageQuery } from '../validation/query.ts';

/** Longest name of a run, in bytes; it is short enough for an index. */
const MAX_RUN_NAME_BYTES = 200;

/** Longest id of an item, in bytes; it is short enough for an index. */
const MAX_ITEM_ID_BYTES = 1_000;

/** Longest name of an unknown field that is kept, in characters. */
const MAX_NAME = 64;

/** The id of an item. */
export const itemId = text(MAX_ITEM_ID_BYTES);

const STATE = `(?:${RUN_ITEM_STATES.join('|')})`;

/** A request for a run. */
export const runRequest = v.object({
  name: v.pipe(text(MAX_RUN_NAME_BYTES), v.regex(/^\P{Cc}+$/u, 'must have no control characters')),
});

/** Query parameters of the list of runs. */
export const runQuery = v.object({
  name: v.optional(once),
  ...pageQuery.entries,
});

/** Query parameters of the list of items. */
export const itemQuery = v.object({
  state: v.optional(
    v.pipe(
      once,
      v.regex(
        new RegExp(`^${STATE}(?:,${STATE})*$`),
        `must be a list of ${RUN_ITEM_STATES.join(', ')}`,
      ),
      // The expression allows only these.
      v.transform((list) => list.split(',') as RunItemState[]),
    ),
  ),
  with: v.optional(v.picklist(['request', 'progress'], 'must be request or progress')),
  limit: pageLimit(MAX_RUN_PAGE, 100),
  cursor: v.optional(once),
});

/** A request for a step of work on a run. */
export const stepRequest = v.object({ cursor: v.optional(v.string('must be a string')) });

/** The fields of a request for items; each of `items` has an `id` in addition to the fields of a pull. */
const ITEMS_FIELDS: object = { items: undefined, retry: undefined };

/** Returns a body as a request for a run. @throws {Problem} `invalid_request` */
export const parseRunRequest = createParser(runRequest);

/** Returns the query parameters of a list of runs. @throws {Problem} `invalid_request` */
export const parseRunQuery = createParser(runQuery);

/** Returns the query parameters of a list of items. @throws {Problem} `invalid_request` */
export const parseItemQuery = createParser(itemQuery);

/** Returns a body as a request for the next step of work on a run. @throws {Problem} `invalid_request` */
export const parseStepRequest = createParser(stepRequest);

/** An item of a run, checked as far as it goes. */
export interface CheckedItem {
  /** Undefined if it has no valid id; then it is refused. */
  readonly id: string | undefined;
  /** As the caller sent it, without its id. */
  readonly raw: RawFields;
  readonly pull: PullRequest | RefusedItem;
}

/** Items of a run. */
interface ItemsRequest {
  readonly items: readonly CheckedItem[];
  readonly retry: boolean;
}

/**
 * Returns a body as items of a run.
 *
 * @throws {Problem} `invalid_request` if it is no list of up to {@link MAX_PULL_ITEMS}; a wrong item has its problem in its
 * place.
 */
export function parseItems(body: unknown, context: PullContext): ItemsRequest {
  if (!isJsonObject(body)) throw refuseFields([{ path: '', message: 'must be a JSON object' }]);
  const { items, retry = false } = dropNulls(body);
  const errors = findUnknownFields(body, ITEMS_FIELDS);
  if (typeof retry !== 'boolean') errors.push({ path: 'retry', message: 'must be true or false' });
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_PULL_ITEMS) {
    errors.push({
      path: 'items',
      message: `must be a list of 1 to ${MAX_PULL_ITEMS} pulls, each with an id`,
    });
  }
  if (!Array.isArray(items) || errors.length > 0) throw refuseFields(errors);
  return { items: checkItems(items, context), retry: retry === true };
}

/** Returns stored items, checked again: the policy may have changed since. */
export function checkItems(
  items: readonly unknown[],
  context: PullContext,
): readonly CheckedItem[] {
  const split = items.map((item) => {
    const { id, ...raw } = isJsonObject(item) ? dropNulls(item) : {};
    return { id, raw };
  });
  const parsed = parsePullRequest({ items: split.map(({ raw }) => raw) }, context);
  const pulls = parsed.kind === 'many' ? parsed.items : [];
  return split.map(({ id, raw }, place) => {
    const path = `items.${place}`;
    if (!isJsonObject(items[place])) {
      return { id: undefined, raw, pull: refuse(path, 'must be a JSON object') };
    }
    const checked = v.safeParse(itemId, id);
    if (!checked.success) {
      const message = id === undefined ? 'must be given' : checked.issues[0].message;
      return { id: undefined, raw, pull: refuse(`${path}.id`, message) };
    }
    const known = cleanText(checked.output);
    return { id: known, ...identify(known, raw, pulls[place], path) };
  });
}

function identify(
  id: string,
  raw: RawFields,
  pull: PullRequest | RefusedItem | undefined,
  path: string,
): Omit<CheckedItem, 'id'> {
  // Its id identifies it already.
  if (Object.hasOwn(raw, 'idempotencyKey')) {
    const message = 'must not be set in a run: its id is its key';
    return { raw: {}, pull: refuse(`${path}.idempotencyKey`, message) };
  }
  if (pull === undefined) throw new Error('The item that was checked is not there.');
  return 'refusal' in pull
    ? { raw: boundFields(raw), pull }
    : { raw, pull: { ...pull, idempotencyKey: id } };
}

/** More bytes of JSON than any valid field has. */
const MAX_FIELD_BYTES = 2 * MAX_URL_BYTES;

/** More levels of objects and lists than any valid field has. */
const MAX_FIELD_LEVELS = 2;

/**
 * Returns the fields of an item that was refused in the form in which they are kept: a caller may have sent anything. What no
 * pull can have is false, which is refused again.
 */
function boundFields(raw: RawFields): RawFields {
  const [unknown] = Object.keys(raw).filter((name) => !Object.hasOwn(pullItem.entries, name));
  const known = Object.keys(pullItem.entries).flatMap((name) => {
    const { [name]: value } = raw;
    if (value === undefined) return [];
    return [[name, isBounded(value) ? value : false] as const];
  });
  return {
    ...Object.fromEntries(known),
    ...(unknown === undefined ? {} : { [unknown.slice(0, MAX_NAME)]: false }),
  };
}

function isBounded(value: unknown): boolean {
  return isShallow(value, MAX_FIELD_LEVELS) && JSON.stringify(value).length <= MAX_FIELD_BYTES;
}

/** Returns whether a value has no more than these levels; a deep one can be parsed, but neither written nor stored. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}

function refuse(path: string, message: string): RefusedItem {
  return { refusal: refuseFields([{ path, message }]) };
}
