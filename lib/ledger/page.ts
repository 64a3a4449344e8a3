import { refuseFields } from '../problem.ts';
import { isStorableTime, writeTime } from './query.ts';

/** Position of the last item of a page: the values by which the list is ordered. */
export type Cursor = readonly [time: number, ...ids: string[]];

/** One page of a list; without `cursor` it is the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
}

/** Which page of a list. */
export interface PageQuery {
  readonly limit: number;
  /** Of the previous page. */
  readonly cursor?: string | undefined;
}

/**
 * Returns the page that begins with the first of `items`, of which there are more than `limit` if another page follows.
 *
 * @param place returns the position at which the list continues after an item.
 */
export function takePage<Item>(
  items: readonly Item[],
  limit: number,
  place: (item: Item) => Cursor,
): Page<Item> {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  if (items.length <= limit || last === undefined) return { items: page };
  return { items: page, cursor: writeCursor(place(last)) };
}

/** Returns `cursor` as the opaque text that callers send back. */
export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/**
 * Returns the cursor that {@link writeCursor} wrote, of `length` parts.
 *
 * @param path of the parameter, for errors.
 * @throws {Problem} `invalid_request` if it did not write this text.
 */
export function readCursor(text: string, length: number, path = 'cursor'): Cursor {
  const [time, ...ids] = parseList(Buffer.from(text, 'base64url').toString());
  const texts = ids.filter(isId);
  if (isStorableTime(time) && texts.length === ids.length && ids.length === length - 1) {
    return [time, ...texts];
  }
  throw refuseFields([{ path, message: 'must be the cursor of the page before' }]);
}

/** Later than any stored time. */
export const END_OF_TIME = '9999-12-31T23:59:59.999Z';

/**
 * Returns the parameters before which a list, latest first, continues: those of `cursor`, or, without one, values after
 * all items.
 *
 * @throws {Problem} as {@link readCursor}.
 */
export function writePlace(cursor: string | undefined, length: number): readonly string[] {
  if (cursor === undefined) return [END_OF_TIME, ...Array.from({ length: length - 1 }, () => '')];
  const [time, ...ids] = readCursor(cursor, length);
  return [writeTime(time), ...ids];
}

/** Longer than any id that is in an index: https://www.postgresql.org/docs/current/btree.html. */
const MAX_ID = 8_192;

function isId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_ID &&
    value.isWellFormed() &&
    !value.includes('\0')
  );
}

function parseList(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
