/** What may be set aside: an `upload` where VOD is to be asked about it, a `file` that VOD lists without saying which. */
export const ITEM_KINDS = ['event', 'file', 'upload', 'pull', 'action', 'delivery'] as const;

/** One of {@link ITEM_KINDS}. */
export type ItemKind = (typeof ITEM_KINDS)[number];

/** Names an item: an event by its id, a pull by that of its upload, an action or a delivery by both of its parts. */
export interface ItemName {
  readonly kind: ItemKind;
  readonly id: string;
}

/** Returns the id of an item that has one of two parts, the first of which has no slash: {@link readPair} reads it. */
export function writePair(first: string, second: string): string {
  return `${first}/${second}`;
}

/** Returns both parts of such an id; the second is empty where there is none. */
export function readPair(id: string): readonly [first: string, second: string] {
  const end = id.indexOf('/');
  return end < 0 ? [id, ''] : [id.slice(0, end), id.slice(end + 1)];
}
