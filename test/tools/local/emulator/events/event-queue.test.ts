import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../../../tools/local/emulator/clock.ts';
import {
  createEventQueue,
  type EventQueue,
} from '../../../../../tools/local/emulator/events/event-queue.ts';
import type { QueuedEvent } from '../../../../../tools/local/emulator/state.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;
const open = () => true;
const shut = () => false;

let time: number;
let saves: number;
let queuedEvents: Map<string, QueuedEvent>;
let queue: EventQueue;

function openQueue(pollMilliseconds: number): EventQueue {
  const save = async () => {
    saves += 1;
  };
  const clock = createClock(() => new Date(time));
  queue = createEventQueue({ state: { queuedEvents, save }, clock, pollMilliseconds });
  return queue;
}

beforeEach(() => {
  time = 1_700_000_000_000;
  saves = 0;
  queuedEvents = new Map();
  openQueue(0);
});
afterEach(() => queue.close());

function add(count: number, first = 0): void {
  for (let index = first; index < first + count; index += 1) {
    queue.add(`e${index}`, 'NewFileUpload', { EventType: 'NewFileUpload', Number: index });
  }
}

const idsOf = (events: readonly QueuedEvent[]) => events.map(({ id }) => id);
const pull = async () => idsOf(await queue.pull(shut, never));

describe('createEventQueue()', () => {
  it('returns at most sixteen events, oldest first, and the others to the next caller', async () => {
    add(20);

    const [first, second, third] = [await pull(), await pull(), await pull()];

    expect(first).toEqual(Array.from({ length: 16 }, (_, index) => `e${index}`));
    expect(second).toEqual(['e16', 'e17', 'e18', 'e19']);
    expect(third).toEqual([]);
    expect(saves).toBe(2);
  });

  it('hides returned events for 30 seconds, and then returns them again with the same handle', async () => {
    add(1);
    await pull();

    time += 29_999;
    expect(await pull()).toEqual([]);
    expect(queue.count()).toBe(0);
    time += 1;
    expect(queue.count()).toBe(1);
    expect(await pull()).toEqual(['e0']);
  });

  it('stores an event for four days, and no longer', async () => {
    add(1);

    time += 96 * HOUR - 1;
    expect(await pull()).toEqual(['e0']);
    time += 1;
    expect(await pull()).toEqual([]);
    expect(queuedEvents.size).toBe(0);
  });

  it('confirms events that were pulled within 30 seconds', async () => {
    add(2);
    await pull();

    time += 29_999;
    expect(await queue.confirm(['e0'])).toBe(true);
    time += 1;
    expect(await queue.confirm(['e1'])).toBe(false);
    expect(await pull()).toEqual(['e1']);
    expect(await queue.confirm(['e1'])).toBe(true);
    expect(queuedEvents.size).toBe(0);
  });

  it('confirms nothing if one handle is invalid', async () => {
    add(2);
    await pull();

    expect(await queue.confirm(['e0', 'other'])).toBe(false);
    expect(await queue.confirm(['e0', 'e1'])).toBe(true);
    expect(await queue.confirm(['e0'])).toBe(false);
  });

  it('confirms nothing that was not pulled', async () => {
    add(1);

    expect(await queue.confirm(['e0'])).toBe(false);
  });

  it('waits for the next event', async () => {
    openQueue(600_000);
    const pulled = queue.pull(open, never);

    add(1);
    queue.wake();

    expect(idsOf(await pulled)).toEqual(['e0']);
  });

  it('waits no longer than requested', async () => {
    openQueue(5);

    expect(await queue.pull(open, never)).toEqual([]);
  });

  it('does not wait if no event can arrive', async () => {
    openQueue(600_000);

    expect(await queue.pull(shut, never)).toEqual([]);
  });

  it('returns nothing to a disconnected client', async () => {
    openQueue(600_000);
    const gone = new AbortController();
    const pulled = queue.pull(open, gone.signal);

    gone.abort();
    expect(await pulled).toEqual([]);
    add(1);

    expect(queue.count()).toBe(1);
  });

  it('ends all waits when it closes', async () => {
    openQueue(600_000);
    const pulled = queue.pull(open, never);

    queue.close();

    expect(await pulled).toEqual([]);
  });
});
