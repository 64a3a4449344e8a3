/** A queue: what was added first is taken first. */
export interface Fifo<T> {
  readonly size: number;
  add(item: T): void;
  /** Removes the oldest item and returns it, undefined if there is none. */
  take(): T | undefined;
}

/** Gaps at the beginning of the array that are worth removing. */
const MIN_TAKEN = 1_024;

/** Returns a queue with `items`. Taking an item costs the same however many there are. */
export function createFifo<T>(items: Iterable<T> = []): Fifo<T> {
  const entries: (T | undefined)[] = [...items];
  let taken = 0;
  return {
    get size() {
      return entries.length - taken;
    },
    add: (item) => void entries.push(item),
    take() {
      if (taken === entries.length) return undefined;
      const item = entries[taken];
      entries[taken] = undefined;
      taken += 1;
      if (taken >= MIN_TAKEN && 2 * taken >= entries.length) {
        entries.splice(0, taken);
        taken = 0;
      }
      return item;
    },
  };
}
