import type { Clock } from '../clock.ts';
import type { QueuedEvent, State } from '../state.ts';
import { createQueueOrder } from './queue-order.ts';

/** Dependencies of a queue of events. */
export interface EventQueueOptions {
  readonly state: Pick<State, 'queuedEvents' | 'save'>;
  readonly clock: Pick<Clock, 'now' | 'wait'>;
  /** How long a pull waits for an event; the service's documented 5,000 by default. */
  readonly pollMilliseconds?: number;
}

/** The events of an application in `PULL` mode: https://cloud.tencent.com/document/product/266/33779. */
export interface EventQueue {
  /** Adds an event to the state, which the caller saves. */
  add(id: string, eventType: string, event: Readonly<Record<string, unknown>>): void;
  /** Wakes waiting pulls after an event was added and saved. */
  wake(): void;
  /**
   * Returns up to 16 events, oldest first, and hides them for 30 seconds. Waits for the first event while `isOpen`
   * returns true.
   */
  pull(isOpen: () => boolean, signal: AbortSignal): Promise<readonly QueuedEvent[]>;
  /** Removes events that were pulled in the last 30 seconds; if one of them was not, returns false and removes none. */
  confirm(ids: readonly string[]): Promise<boolean>;
  /** Returns how many events a pull would find. */
  count(): number;
  /** Ends every wait. */
  close(): void;
}

const KEPT_MILLISECONDS = 4 * 24 * 60 * 60 * 1_000;
const DEFAULT_POLL_MILLISECONDS = 5_000;

/** Returns the queue in the state. An event that is pulled again has the same handle (our guess). */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { state, clock, pollMilliseconds = DEFAULT_POLL_MILLISECONDS } = options;
  const { now } = clock;
  const closing = new AbortController();
  let arrival = new AbortController();
  const order = createQueueOrder(state.queuedEvents);

  const take = async (): Promise<readonly QueuedEvent[]> => {
    const taken = order.take(now().getTime());
    if (taken.length > 0) await state.save();
    return taken;
  };
  /** Resolves when an event arrives or becomes visible again, and when the wait ends. */
  const waitForMore = async (left: number, signal: AbortSignal) => {
    const milliseconds = Math.max(1, Math.min(left, order.nextVisible() - now().getTime()));
    const anything = AbortSignal.any([arrival.signal, closing.signal, signal]);
    await clock.wait(milliseconds, { signal: anything, ref: false }).catch(() => {});
  };

  return {
    add(id, eventType, event) {
      const createdAt = now().getTime();
      const keptUntil = createdAt + KEPT_MILLISECONDS;
      order.add({ id, eventType, event, createdAt, keptUntil, hiddenUntil: 0 });
    },
    wake() {
      arrival.abort();
      arrival = new AbortController();
    },
    async pull(isOpen, signal) {
      const deadline = performance.now() + pollMilliseconds;
      while (!signal.aborted) {
        const taken = await take();
        const left = deadline - performance.now();
        if (taken.length > 0 || left <= 0 || closing.signal.aborted || !isOpen()) return taken;
        await waitForMore(left, signal);
      }
      return [];
    },
    async confirm(ids) {
      if (!order.confirm(ids, now().getTime())) return false;
      await state.save();
      return true;
    },
    count: () => order.count(now().getTime()),
    close: () => closing.abort(),
  };
}
