import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ActivityLog,
  createActivityLog,
  type RecordedActivity,
} from '../../../../../tools/local/activity.ts';
import { createClock } from '../../../../../tools/local/emulator/clock.ts';
import {
  createNotifier,
  type Notifier,
  type NotifierOptions,
} from '../../../../../tools/local/emulator/events/notifier.ts';
import { createFaults, type Faults } from '../../../../../tools/local/emulator/faults.ts';
import type { PendingNotification } from '../../../../../tools/local/emulator/state.ts';
import { nextActivity } from '../../../../support/activities.ts';
import { listen } from '../../../../support/listen.ts';
import {
  type CallbackReceiver,
  expectedSign,
  openReceiver,
  type Reaction,
} from './callback-receiver.ts';

const SIGN_KEY = 'SignKeyExample';
const NOW = 1_700_000_000;

interface Stage {
  readonly notifier: Notifier;
  readonly receiver: CallbackReceiver;
  readonly faults: Faults;
  readonly activity: ActivityLog;
  readonly notifications: Map<string, PendingNotification>;
  readonly saves: () => number;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function openStage(react?: Reaction, change: Partial<NotifierOptions> = {}): Promise<Stage> {
  const receiver = await openReceiver(react);
  const activity = createActivityLog();
  const faults = createFaults(activity);
  const notifications = new Map<string, PendingNotification>();
  let saves = 0;
  const save = async () => {
    saves += 1;
  };
  const notifier = createNotifier({
    target: () => ({ url: receiver.url, signKey: SIGN_KEY }),
    state: { notifications, save },
    faults,
    activity,
    clock: createClock(() => new Date(NOW * 1_000)),
    attemptWaits: [0, 1, 1],
    ...change,
  });
  closing.push(notifier.close, receiver.close);
  return { notifier, receiver, faults, activity, notifications, saves: () => saves };
}

function add(notifications: Map<string, PendingNotification>, ...ids: readonly string[]): void {
  for (const id of ids) {
    const event = { EventType: 'NewFileUpload', Number: id };
    notifications.set(id, { id, eventType: 'NewFileUpload', fileId: `file-${id}`, event });
  }
}

const isDelivered =
  (id: string) =>
  (activity: RecordedActivity): boolean =>
    isReport('delivered', 1)(activity) && 'fileId' in activity && activity.fileId === `file-${id}`;

const isReport =
  (outcome: string, attempt: number) =>
  (activity: RecordedActivity): boolean =>
    activity.type === 'notification' &&
    activity.outcome === outcome &&
    activity.attempt === attempt;

describe('createNotifier()', () => {
  it('sends a notification as signed JSON, records it without the signature, and removes it', async () => {
    const { notifier, receiver, activity, notifications, saves } = await openStage();
    add(notifications, 'a');
    const delivered = nextActivity(activity, isReport('delivered', 1));

    notifier.wake();
    const received = await receiver.next();

    expect(received.method).toBe('POST');
    expect(received.contentType).toBe('application/json');
    expect(received.body).toEqual({
      EventType: 'NewFileUpload',
      Number: 'a',
      T: NOW + 600,
      Sign: expectedSign(SIGN_KEY, received),
    });
    expect(await delivered).toMatchObject({
      eventType: 'NewFileUpload',
      status: 200,
      fileId: 'file-a',
      event: { EventType: 'NewFileUpload', Number: 'a' },
    });
    await notifier.close();
    expect(notifications.size).toBe(0);
    expect(saves()).toBe(1);
  });

  it('sends one at a time, oldest first', async () => {
    const held: (() => void)[] = [];
    const { notifier, receiver, notifications } = await openStage((outgoing) => {
      held.push(() => outgoing.end());
    });
    add(notifications, 'a', 'b');

    notifier.wake();
    const first = await receiver.next();
    notifier.wake();
    add(notifications, 'c');

    expect(first.body['Number']).toBe('a');
    expect(receiver.received).toHaveLength(1);
    held[0]?.();
    expect((await receiver.next()).body['Number']).toBe('b');
    expect(receiver.received).toHaveLength(2);
    held[1]?.();
    expect((await receiver.next()).body['Number']).toBe('c');
    held[2]?.();
  });

  it.each([401, 500, 302])('accepts status %i like any other answer', async (status) => {
    const { notifier, receiver, activity, notifications } = await openStage((outgoing) =>
      outgoing.writeHead(status, { Location: '/elsewhere' }).end(),
    );
    add(notifications, 'a', 'b');
    const delivered = nextActivity(activity, isReport('delivered', 1));

    notifier.wake();
    await receiver.next();

    expect(await delivered).toMatchObject({ status });
    expect((await receiver.next()).body['Number']).toBe('b');
  });

  it('sends a third time after two time-outs, each time with a new signature', async () => {
    let now = NOW;
    const { notifier, receiver, activity, notifications } = await openStage(
      (outgoing, index) => {
        now += 7;
        if (index === 2) outgoing.end();
      },
      { timeoutMilliseconds: 1_000, clock: createClock(() => new Date(now * 1_000)) },
    );
    add(notifications, 'a');
    const delivered = nextActivity(activity, isReport('delivered', 3));

    notifier.wake();
    await delivered;

    expect(receiver.received.map(({ body }) => body['T'])).toEqual([
      NOW + 600,
      NOW + 607,
      NOW + 614,
    ]);
    for (const received of receiver.received) {
      expect(received.body['Sign']).toBe(expectedSign(SIGN_KEY, received));
    }
    const attempts = activity.since(0).filter(({ type }) => type === 'notification');
    expect(attempts).toMatchObject([
      { attempt: 1, outcome: 'failed', error: 'no answer within 1000 ms' },
      { attempt: 2, outcome: 'failed' },
      { attempt: 3, outcome: 'delivered', status: 200 },
    ]);
  });

  it('gives up after the third attempt and sends the next notification', async () => {
    const { notifier, receiver, activity, notifications } = await openStage((outgoing, index) => {
      if (index < 3) outgoing.destroy();
      else outgoing.end();
    });
    add(notifications, 'a', 'b');
    const delivered = nextActivity(activity, isReport('delivered', 1));

    notifier.wake();
    await delivered;

    expect(receiver.received.map(({ body }) => body['Number'])).toEqual(['a', 'a', 'a', 'b']);
    await notifier.close();
    expect(notifications.size).toBe(0);
  });

  it('records why the receiver cannot be reached', async () => {
    const { origin, close } = await listen(createServer());
    await close();
    const target = () => ({ url: origin, signKey: SIGN_KEY });
    const { notifier, activity, notifications } = await openStage(undefined, { target });
    add(notifications, 'a');
    const failed = nextActivity(activity, isReport('failed', 3));

    notifier.wake();

    expect(await failed).toMatchObject({ error: expect.stringContaining('ECONNREFUSED') });
  });

  it('sends without a signature if there is no key', async () => {
    const receiver = await openReceiver();
    closing.push(receiver.close);
    const target = () => ({ url: receiver.url, signKey: '' });
    const { notifier, notifications } = await openStage(undefined, { target });
    add(notifications, 'a');

    notifier.wake();

    expect((await receiver.next()).body).toEqual({ EventType: 'NewFileUpload', Number: 'a' });
  });

  it('drops notifications without an address, and records that', async () => {
    const target = () => ({ url: '', signKey: SIGN_KEY });
    const { notifier, activity, notifications } = await openStage(undefined, { target });
    add(notifications, 'a', 'b');
    const last = nextActivity(
      activity,
      (report) => 'fileId' in report && report.fileId === 'file-b',
    );

    notifier.wake();

    expect(await last).toMatchObject({ outcome: 'failed', error: 'no NotificationUrl is set' });
    expect(activity.since(0)).toHaveLength(2);
    await notifier.close();
    expect(notifications.size).toBe(0);
  });

  it('keeps a notification whose attempt is interrupted by closing, for another notifier', async () => {
    const { notifier, receiver, activity, notifications } = await openStage(() => undefined);
    add(notifications, 'a');
    notifier.wake();
    await receiver.next();

    await notifier.close();
    notifier.wake();

    expect([...notifications.keys()]).toEqual(['a']);
    expect(activity.since(0)).toEqual([]);
    const later = await openStage();
    add(later.notifications, ...notifications.keys());
    later.notifier.wake();
    expect((await later.receiver.next()).body['Number']).toBe('a');
  });

  it('keeps a notification that waits between two attempts when it closes', async () => {
    const { notifier, activity, notifications } = await openStage(
      (outgoing) => outgoing.destroy(),
      { attemptWaits: [0, 60_000] },
    );
    add(notifications, 'a');
    const failed = nextActivity(activity, isReport('failed', 1));
    notifier.wake();
    await failed;

    await notifier.close();

    expect(notifications.size).toBe(1);
  });
});

describe('createNotifier() whose clock is moved', () => {
  it('makes the next attempt at once', async () => {
    const clock = createClock();
    const { notifier, receiver, activity, notifications } = await openStage(
      (outgoing, index) => void (index === 0 ? outgoing.destroy() : outgoing.end()),
      { clock, attemptWaits: [0, 3_600_000] },
    );
    add(notifications, 'a');
    const failed = nextActivity(activity, isReport('failed', 1));
    const delivered = nextActivity(activity, isReport('delivered', 2));
    notifier.wake();
    await failed;

    await expect.poll(() => clock.advance(3_600_000)).toEqual(['attempt 2 to send NewFileUpload']);

    await delivered;
    expect(receiver.received.length).toBe(2);
  });
});

describe('createNotifier() under faults', () => {
  it('lost-callback: does not send one notification, and sends the next', async () => {
    const { notifier, receiver, activity, faults, notifications } = await openStage();
    add(notifications, 'a', 'b');
    faults.arm('lost-callback');
    const held = nextActivity(activity, isReport('held', 0));
    const delivered = nextActivity(activity, isDelivered('b'));

    notifier.wake();

    expect(await held).toMatchObject({ fileId: 'file-a' });
    expect((await receiver.next()).body['Number']).toBe('b');
    await delivered;
    await notifier.close();
    expect(receiver.received).toHaveLength(1);
    expect(notifications.size).toBe(0);
  });

  it('flaky-callback: loses the given share, and the same ones in each run', async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => String(index));
    const arriving = async () => {
      const { notifier, receiver, activity, faults, notifications } = await openStage();
      add(notifications, ...numbers, 'last');
      faults.arm('flaky-callback', numbers.length, 0.3);
      const ended = nextActivity(activity, isDelivered('last'));
      notifier.wake();
      await ended;
      return receiver.received.map(({ body }) => body['Number']);
    };

    const first = await arriving();

    // With 200 notifications and a share of 0.3, fewer than 35 or more than 85 are lost once in a hundred thousand
    // runs.
    expect(numbers.length + 1 - first.length).toBeGreaterThan(35);
    expect(numbers.length + 1 - first.length).toBeLessThan(85);
    expect(await arriving()).toEqual(first);
  });

  it('delayed-callback: sends one notification once, after later ones', async () => {
    const { notifier, receiver, activity, faults, notifications } = await openStage();
    add(notifications, 'a', 'b', 'c');
    faults.arm('delayed-callback', 1, 2_000);
    const held = nextActivity(activity, isReport('held', 0));
    const delivered = nextActivity(activity, isDelivered('a'));

    notifier.wake();

    expect(await held).toMatchObject({ fileId: 'file-a' });
    const order = [await receiver.next(), await receiver.next(), await receiver.next()];
    expect(order.map(({ body }) => body['Number'])).toEqual(['b', 'c', 'a']);
    await delivered;
    await notifier.close();
    expect(receiver.received).toHaveLength(3);
    expect(notifications.size).toBe(0);
  });

  it('delayed-callback: delays a notification only once', async () => {
    const { notifier, activity, faults, notifications } = await openStage();
    add(notifications, 'a');
    faults.arm('delayed-callback', 2, 1);
    const delivered = nextActivity(activity, isDelivered('a'));

    notifier.wake();
    await delivered;

    expect(faults.armed()).toMatchObject([{ fault: 'delayed-callback', times: 1 }]);
  });

  it('delayed-callback: keeps a delayed notification when it closes', async () => {
    const { notifier, receiver, faults, notifications } = await openStage();
    add(notifications, 'a', 'b');
    faults.arm('delayed-callback', 1, 60_000);
    notifier.wake();
    await receiver.next();

    await notifier.close();

    expect(notifications.has('a')).toBe(true);
  });

  it('duplicate-callback: sends one notification twice', async () => {
    const { notifier, receiver, faults, notifications } = await openStage();
    add(notifications, 'a', 'b');
    faults.arm('duplicate-callback');

    notifier.wake();

    const order = [await receiver.next(), await receiver.next(), await receiver.next()];
    expect(order.map(({ body }) => body['Number'])).toEqual(['a', 'a', 'b']);
  });

  it('wrong-sign: sends one with a wrong Sign', async () => {
    const { notifier, receiver, faults, notifications } = await openStage();
    add(notifications, 'a', 'b');
    faults.arm('wrong-sign');

    notifier.wake();
    const [wrong, right] = [await receiver.next(), await receiver.next()];

    expect(wrong.body['Sign']).toMatch(/^[0-9a-f]{32}$/);
    expect(wrong.body['Sign']).not.toBe(expectedSign(SIGN_KEY, wrong));
    expect(wrong.body['T']).toBe(NOW + 600);
    expect(right.body['Sign']).toBe(expectedSign(SIGN_KEY, right));
  });

  it('expired-t: sends one with a correct Sign for an expired T', async () => {
    const { notifier, receiver, faults, notifications } = await openStage();
    add(notifications, 'a');
    faults.arm('expired-t');

    notifier.wake();
    const received = await receiver.next();

    expect(received.body['T']).toBeLessThan(NOW);
    expect(received.body['Sign']).toBe(expectedSign(SIGN_KEY, received));
  });
});
