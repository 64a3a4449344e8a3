/**
 * Kinds of items that can become dead items. An `upload` is one that could not be checked with VOD; a `file` is an
 * entry of VOD's list of media without a usable `FileId`.
 */
export const ITEM_KINDS = ['event', 'file', 'upload', 'pull', 'action', 'delivery'] as const;

/** One of {@link ITEM_KINDS}. */
export type ItemKind = (typeof ITEM_KINDS)[number];

/** Name of an item: an event by its id, a pull by that of its upload, an action or a delivery by both of its parts. */
export interface ItemName {
  readonly kind: ItemKind;
  readonly id: string;
}

/** Returns the id of an item whose id has two parts; the first must not contain a slash. {@link readPair} reads it. */
export function writePair(first: string, second: string): string {
  return `${first}/${second}`;
}

/** Returns both parts of an id of {@link writePair}; the second is empty if there is none. */
export function readPair(id: string): readonly [first: string, second: string] {
  const end = id.indexOf('/');
  return end < 0 ? [id, ''] : [id.slice(0, end), id.slice(end + 1)];
}
