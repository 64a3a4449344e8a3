import type { Records } from './records.ts';
import type { Media } from './state.ts';
import {
  comparePlaces,
  createTimeline,
  endOf,
  FIRST,
  LAST,
  type Place,
  startOf,
} from './timeline.ts';

/** The two orders of media. */
type MediaOrder = 'newest first' | 'oldest first';

/** The media of an application by the time of their creation, and those of the same second in their order of arrival. */
export interface MediaIndex {
  /** Returns the media that were created from `after` to `before`, both in milliseconds and included. */
  list(order: MediaOrder, after?: number, before?: number): Iterable<Media>;
  /** Returns those of the named media that exist, each once. */
  pick(order: MediaOrder, fileIds: readonly string[]): Iterable<Media>;
}

/** Returns the index of `media`, which follows its changes. */
export function createMediaIndex(media: Records<Media>): MediaIndex {
  // The timeline has ids, since most changes of a media leave its time as it is.
  const timeline = createTimeline<string>();
  const places = new Map<string, Place>();
  let rank = 0;
  media.watch((fileId, changed) => {
    const place = places.get(fileId);
    const time = changed === undefined ? undefined : Date.parse(changed.createTime);
    if (place !== undefined && place.time === time) return;
    if (place !== undefined) {
      timeline.remove(place);
      places.delete(fileId);
    }
    if (time === undefined) return;
    rank += 1;
    const added = { time, rank };
    places.set(fileId, added);
    timeline.add(added, fileId);
  });
  return {
    pick(order, fileIds) {
      const found = [...new Set(fileIds)].flatMap((fileId) => {
        const [item, place] = [media.get(fileId), places.get(fileId)];
        return item === undefined || place === undefined ? [] : [{ item, place }];
      });
      const sign = order === 'oldest first' ? 1 : -1;
      return found
        .sort((left, right) => sign * comparePlaces(left.place, right.place))
        .map(({ item }) => item);
    },
    *list(order, after, before) {
      const from = after === undefined ? FIRST : startOf(after);
      const to = before === undefined ? LAST : endOf(before);
      const ids = order === 'newest first' ? timeline.descend(from, to) : timeline.ascend(from, to);
      for (const fileId of ids) {
        const found = media.get(fileId);
        if (found !== undefined) yield found;
      }
    },
  };
}
