import type { Faults } from '../faults.ts';
import { createFifo, type Fifo } from '../fifo.ts';
import type { PendingNotification, State } from '../state.ts';
import { createDice } from './dice.ts';
import { type SendOptions, sendNotification, takeStrikes } from './send-notification.ts';

/** Dependencies of a notifier. */
export interface NotifierOptions extends SendOptions {
  readonly state: Pick<State, 'notifications' | 'save'>;
  readonly faults: Faults;
}

/** Sends the notifications in the state, one at a time, oldest first. */
export interface Notifier {
  /** Starts sending if it is not running. */
  wake(): void;
  /** Aborts the present attempt; the notification stays in the state. */
  close(): Promise<void>;
}

const DEFAULT_DELAY = 3_000;
/** Share of the notifications that a flaky connection loses. */
const DEFAULT_LOSS = 0.5;

type Hold = { readonly milliseconds: number } | 'for ever';

function takeHold(faults: Faults, roll: () => number): Hold | undefined {
  if (faults.take('lost-callback') !== undefined) return 'for ever';
  const flaky = faults.take('flaky-callback');
  if (flaky !== undefined && roll() < (flaky.value ?? DEFAULT_LOSS)) return 'for ever';
  const delay = faults.take('delayed-callback');
  return delay && { milliseconds: delay.value ?? DEFAULT_DELAY };
}

/**
 * Returns the function that finds the next notification: one whose delay is over, or else the oldest. It goes through the
 * list as it changes, since from the beginning it would come past all that have been removed.
 */
function createSearch(
  notifications: State['notifications'],
  over: Fifo<string>,
  isReady: (id: string) => boolean,
): () => PendingNotification | undefined {
  let left: Iterator<PendingNotification> | undefined;
  return () => {
    const delayed = notifications.get(over.take() ?? '');
    if (delayed !== undefined) return delayed;
    left ??= notifications.values();
    for (let step = left.next(); step.done !== true; step = left.next()) {
      if (isReady(step.value.id)) return step.value;
    }
    left = undefined;
    return undefined;
  };
}

/** Returns the function that handles one notification; it resolves when the next one may be sent. */
function createDelivery(options: NotifierOptions, closing: AbortSignal, wake: () => void) {
  const { state, faults, activity, clock } = options;
  const delayed = new Map<string, 'waiting' | 'over'>();
  const over = createFifo<string>();
  const roll = createDice();

  const remove = async ({ id }: PendingNotification) => {
    state.notifications.delete(id);
    delayed.delete(id);
    // If it cannot be saved, the notification is sent once more after a restart, which receivers must bear anyway.
    await state.save().catch(() => {});
  };

  const hold = async (pending: PendingNotification, how: Hold) => {
    const { id, eventType, fileId, event } = pending;
    const outcome = 'held';
    activity.report({ type: 'notification', eventType, attempt: 0, outcome, fileId, event });
    if (how === 'for ever') return remove(pending);
    delayed.set(id, 'waiting');
    const end = () => {
      delayed.set(id, 'over');
      over.add(id);
      wake();
    };
    // A delay does not keep the process running: notifications that are delayed when it ends are sent at the next
    // start.
    const what = `${eventType}, which was delayed`;
    clock.wait(how.milliseconds, { signal: closing, ref: false, what }).then(end, () => {});
  };

  return {
    findNext: createSearch(state.notifications, over, (id) => delayed.get(id) !== 'waiting'),
    async deliver(pending: PendingNotification): Promise<void> {
      const how = delayed.has(pending.id) ? undefined : takeHold(faults, roll);
      if (how !== undefined) return hold(pending, how);
      const strikes = takeStrikes(faults);
      for (let copy = 0; copy < strikes.copies; copy += 1) {
        if (!(await sendNotification(options, pending, strikes, closing))) return;
      }
      await remove(pending);
    },
  };
}

/**
 * Returns a notifier. A notification is removed from the state only after it was delivered or given up, so one that a
 * restart interrupts is sent again.
 */
export function createNotifier(options: NotifierOptions): Notifier {
  const closing = new AbortController();
  const { findNext, deliver } = createDelivery(options, closing.signal, wake);
  let busy = false;
  let loop = Promise.resolve();

  const sendAll = async () => {
    try {
      while (!closing.signal.aborted) {
        const next = findNext();
        if (next === undefined) return;
        await deliver(next);
      }
    } finally {
      busy = false;
    }
  };

  function wake(): void {
    if (busy || closing.signal.aborted) return;
    busy = true;
    loop = sendAll();
  }

  return {
    wake,
    async close() {
      closing.abort();
      await loop;
    },
  };
}
