import type { QueuedEvent, State } from '../state.ts';
import { createTimeline, endOf, LAST, type Place } from '../timeline.ts';

/** Queued events, those that a pull finds apart from those that are hidden. Times are Unix milliseconds. */
export interface QueueOrder {
  add(event: QueuedEvent): void;
  /** Hides up to 16 events, oldest first, and returns them. */
  take(time: number): readonly QueuedEvent[];
  /** Removes events if all of them are hidden, and returns whether they were. */
  confirm(ids: readonly string[], time: number): boolean;
  /** Returns how many events are not hidden. */
  count(time: number): number;
  /** Returns when a pull finds something, 0 if now; infinity if there is nothing. */
  nextVisible(): number;
}

/** Limits of PullEvents and ConfirmEvents: https://cloud.tencent.com/document/product/266/33433 */
export const MAX_PULLED_EVENTS = 16;
const HIDDEN_MILLISECONDS = 30_000;

/** An event by how many had been added when it was. */
interface Queued {
  readonly id: string;
  readonly age: number;
}

/** Returns the order of the events in the state, which it changes. */
export function createQueueOrder(queuedEvents: State['queuedEvents']): QueueOrder {
  const visible = createTimeline<Queued>();
  const hidden = createTimeline<Queued>();
  const all = new Map<string, Queued>();
  const hiddenUntilOf = (id: string) => queuedEvents.get(id)?.hiddenUntil ?? 0;

  let age = 0;
  const track = (event: QueuedEvent) => {
    age += 1;
    const queued = { id: event.id, age };
    all.set(event.id, queued);
    if (event.hiddenUntil > 0) hidden.add(hiddenPlace(queued, event), queued);
    else visible.add(visiblePlace(queued), queued);
  };
  const remove = ({ id }: Queued) => all.delete(id) && queuedEvents.delete(id);
  /** Shows what is not hidden any longer, and removes what is not kept any longer: the oldest events. */
  const advance = (time: number) => {
    for (const queued of hidden.takeFirst(hidden.size, endOf(time))) {
      visible.add(visiblePlace(queued), queued);
    }
    const isOver = ({ id }: Queued) => (queuedEvents.get(id)?.keptUntil ?? 0) <= time;
    for (let oldest = visible.first(); oldest && isOver(oldest); oldest = visible.first()) {
      visible.remove(visiblePlace(oldest));
      remove(oldest);
    }
  };

  for (const event of queuedEvents.values()) track(event);
  return {
    add(event) {
      queuedEvents.set(event.id, event);
      track(event);
    },
    take(time) {
      advance(time);
      return visible.takeFirst(MAX_PULLED_EVENTS, LAST).flatMap((queued) => {
        const event = queuedEvents.get(queued.id);
        if (event === undefined) return [];
        const taken = { ...event, hiddenUntil: time + HIDDEN_MILLISECONDS };
        queuedEvents.set(event.id, taken);
        hidden.add(hiddenPlace(queued, taken), queued);
        return [taken];
      });
    },
    confirm(ids, time) {
      if (!ids.every((id) => hiddenUntilOf(id) > time)) return false;
      for (const id of ids) {
        const [queued, event] = [all.get(id), queuedEvents.get(id)];
        if (queued === undefined || event === undefined) continue;
        hidden.remove(hiddenPlace(queued, event));
        remove(queued);
      }
      return true;
    },
    count(time) {
      advance(time);
      return visible.size;
    },
    nextVisible() {
      if (visible.size > 0) return 0;
      return hiddenUntilOf(hidden.first()?.id ?? '') || Number.POSITIVE_INFINITY;
    },
  };
}

function visiblePlace({ age }: Queued): Place {
  return { time: age, rank: 0 };
}

/** An event that is not kept as long as it is hidden is over when it is found again. */
function hiddenPlace({ age }: Queued, { hiddenUntil, keptUntil }: QueuedEvent): Place {
  return { time: Math.min(hiddenUntil, keptUntil), rank: age };
}
