import type { Faults } from '../faults.ts';
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

/** Returns the function that handles one notification; it resolves when the next one may be sent. */
function createDelivery(options: NotifierOptions, closing: AbortSignal, wake: () => void) {
  const { state, faults, activity, clock } = options;
  const delayed = new Map<string, 'waiting' | 'over'>();
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
    const over = () => {
      delayed.set(id, 'over');
      wake();
    };
    // A delay does not keep the process running: notifications that are delayed when it ends are sent at the next
    // start.
    const what = `${eventType}, which was delayed`;
    clock.wait(how.milliseconds, { signal: closing, ref: false, what }).then(over, () => {});
  };

  return {
    isReady: ({ id }: PendingNotification) => delayed.get(id) !== 'waiting',
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
  const { isReady, deliver } = createDelivery(options, closing.signal, wake);
  let busy = false;
  let loop = Promise.resolve();

  const findNext = () => {
    if (closing.signal.aborted) return undefined;
    for (const pending of options.state.notifications.values()) {
      if (isReady(pending)) return pending;
    }
    return undefined;
  };

  const sendAll = async () => {
    try {
      for (let next = findNext(); next !== undefined; next = findNext()) await deliver(next);
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
