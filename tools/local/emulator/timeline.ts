/** A place in a timeline: milliseconds since 1970, and the number of what was there at that time. */
export interface Place {
  readonly time: number;
  readonly rank: number;
}

/** Items by time, the oldest first; those of the same time by rank. */
export interface Timeline<T> {
  readonly size: number;
  /** Adds an item, whose place must be free. */
  add(place: Place, item: T): void;
  /** Removes what is at a place, if there is anything. */
  remove(place: Place): void;
  /** Removes up to `most` of the oldest items that are before `to`, and returns them. */
  takeFirst(most: number, to: Place): readonly T[];
  /** Returns the oldest item, undefined if there is none. */
  first(): T | undefined;
  /** Returns the items from `from` to `to`, both included, oldest first; only what is read is looked at. */
  ascend(from: Place, to: Place): Iterable<T>;
  /** The same, newest first. */
  descend(from: Place, to: Place): Iterable<T>;
}

/** Places before and after all others. */
export const FIRST: Place = { time: Number.NEGATIVE_INFINITY, rank: 0 };
export const LAST: Place = { time: Number.POSITIVE_INFINITY, rank: 0 };

interface Entry<T> extends Place {
  readonly item: T;
}

/** Returns the place before everything that happened at `time`. */
export function startOf(time: number): Place {
  return { time, rank: Number.NEGATIVE_INFINITY };
}

/** Returns the place after everything that happened at `time`. */
export function endOf(time: number): Place {
  return { time, rank: Number.POSITIVE_INFINITY };
}

/** Returns a negative number if `left` is before `right`, 0 if they are the same. */
export function comparePlaces(left: Place, right: Place): number {
  if (left.time !== right.time) return left.time < right.time ? -1 : 1;
  if (left.rank === right.rank) return 0;
  return left.rank < right.rank ? -1 : 1;
}

function isBefore(left: Place, right: Place): boolean {
  return comparePlaces(left, right) < 0;
}

/**
 * Returns an empty timeline: a sorted array, since nearly everything is added at its end. A place is found in as many
 * steps as the number of items has binary digits.
 */
export function createTimeline<T>(): Timeline<T> {
  const entries: Entry<T>[] = [];

  /** Returns the index of the first entry that is not before `place`. */
  const find = (place: Place): number => {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = entries[middle];
      if (entry !== undefined && isBefore(entry, place)) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    get size() {
      return entries.length;
    },
    add(place, item) {
      const last = entries.at(-1);
      const entry = { ...place, item };
      if (last === undefined || isBefore(last, place)) entries.push(entry);
      else entries.splice(find(place), 0, entry);
    },
    remove(place) {
      const index = find(place);
      const entry = entries[index];
      if (entry !== undefined && !isBefore(place, entry)) entries.splice(index, 1);
    },
    takeFirst(most, to) {
      const count = Math.min(most, find(to));
      return entries.splice(0, count).map(({ item }) => item);
    },
    first: () => entries[0]?.item,
    *ascend(from, to) {
      for (let index = find(from); index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry === undefined || isBefore(to, entry)) return;
        yield entry.item;
      }
    },
    *descend(from, to) {
      for (let index = find(to); index >= 0; index -= 1) {
        const entry = entries[index];
        // The first index may be that of an entry after `to`.
        if (entry === undefined || isBefore(to, entry)) continue;
        if (isBefore(entry, from)) return;
        yield entry.item;
      }
    },
  };
}
