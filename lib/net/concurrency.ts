/**
 * Does `work` on each of `items`, in their order and at most `atOnce` at a time; of an async iterable, the next item is
 * asked for when there is room for it.
 *
 * What `work` throws is thrown when all that was begun has ended. Until as many have failed as may go on at once, it keeps no
 * other item of a list from being done; an async generator ends with the first.
 */
export async function forEachAtOnce<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // All lanes take from one iterator.
  const waiting = Symbol.asyncIterator in items ? items : [...items].values();
  const lane = async () => {
    for await (const item of waiting) await work(item);
  };
  const lanes = Array.from({ length: atOnce }, lane);
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}
