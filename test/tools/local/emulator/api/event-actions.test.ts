import { afterEach, describe, expect, it, vi } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import { expectedSign, openReceiver } from '../events/callback-receiver.ts';
import { openApiStage, refusalOf } from './api-stage.ts';

const TONE = 'http://samples.example.com/tone.wav';

const stage = perTest(() => openApiStage());

afterEach(() => void vi.useRealTimers());

/** Pulls media, each of which causes one event, and resolves once all events exist. */
async function makeEvents(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const ended = stage.next(({ type }) => type === 'media');
    await stage.client.PullUpload({ MediaUrl: TONE, SessionContext: String(index) });
    await ended;
  }
}

const pullEvents = async () => (await stage.client.PullEvents({})).EventSet ?? [];
const handlesOf = (events: readonly { EventHandle?: string }[]) =>
  events.map(({ EventHandle }) => EventHandle ?? '');

describe('ModifyEventConfig', () => {
  it('begins in PUSH mode with every switch on', async () => {
    expect(await stage.client.DescribeEventConfig({})).toMatchObject({
      Mode: 'PUSH',
      NotificationUrl: stage.receiver.url,
      UploadMediaCompleteEventSwitch: 'ON',
      DeleteMediaCompleteEventSwitch: 'ON',
      PersistenceCompleteEventSwitch: 'ON',
    });
  });

  it('changes only the given settings, permanently, and never shows the key', async () => {
    await stage.client.ModifyEventConfig({ Mode: 'PULL', SignKey: 'AnotherKey7' });
    await stage.client.ModifyEventConfig({ DeleteMediaCompleteEventSwitch: 'OFF' });
    await stage.reopen();

    const config = await stage.client.DescribeEventConfig({});

    expect(config).toMatchObject({
      ...{ Mode: 'PULL', NotificationUrl: stage.receiver.url },
      UploadMediaCompleteEventSwitch: 'ON',
      DeleteMediaCompleteEventSwitch: 'OFF',
    });
    expect(JSON.stringify(config)).not.toContain('AnotherKey7');
  });

  it('changes the address and the key of notifications', async () => {
    const other = await openReceiver();
    await stage.client.ModifyEventConfig({ NotificationUrl: other.url, SignKey: 'AnotherKey7' });

    await makeEvents(1);
    const received = await other.next();

    expect(received.body['Sign']).toBe(expectedSign('AnotherKey7', received));
    expect(stage.receiver.received).toEqual([]);
    await other.close();
  });

  it('removes the address if it is empty', async () => {
    await stage.client.ModifyEventConfig({ NotificationUrl: '' });

    expect(await stage.client.DescribeEventConfig({})).toMatchObject({ NotificationUrl: '' });
  });

  it.each([
    { Mode: 'BOTH' },
    { SignKey: 'x'.repeat(33) },
    { SignKey: 'with-a-dash' },
    { NotificationUrl: 'ftp://example.com/' },
    { UploadMediaCompleteEventSwitch: 'on' },
  ])('refuses %j and changes nothing', async (change) => {
    const before = await stage.client.DescribeEventConfig({});

    expect(await refusalOf(stage.client.ModifyEventConfig(change))).toMatchObject({
      code: 'InvalidParameter',
    });
    expect({ ...(await stage.client.DescribeEventConfig({})), RequestId: '' }).toEqual({
      ...before,
      RequestId: '',
    });
  });
});

describe('PullEvents', () => {
  it('returns events in PULL mode, which are not sent as notifications', async () => {
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await makeEvents(1);

    const [event, ...others] = await pullEvents();

    expect(event).toMatchObject({
      EventHandle: expect.any(String),
      EventType: 'PullComplete',
      PullCompleteEvent: { ErrCode: 0, SessionContext: '0' },
    });
    expect(Object.keys(event ?? {})).toEqual(['EventHandle', 'EventType', 'PullCompleteEvent']);
    expect(JSON.stringify(event)).not.toContain('null');
    expect(others).toEqual([]);
    expect(stage.receiver.received).toEqual([]);
  });

  it('returns at most sixteen events, again after 30 seconds, but never after their confirmation', async () => {
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: begin });
    await makeEvents(18);

    const first = await pullEvents();
    const second = await pullEvents();
    const third = await stage.client.PullEvents({});
    expect([first.length, second.length, third.EventSet]).toEqual([16, 2, null]);
    expect((await stage.client.DescribeEventsState({})).CountOfEventsToPull).toBe(0);

    await stage.client.ConfirmEvents({ EventHandles: handlesOf(first) });
    vi.setSystemTime(begin + 30_000);
    const again = await pullEvents();
    expect(handlesOf(again)).toEqual(handlesOf(second));
    expect((await stage.client.DescribeEventsState({})).CountOfEventsToPull).toBe(0);
  });

  it('keeps unconfirmed events over a restart', async () => {
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await makeEvents(1);

    await stage.reopen();

    expect(await pullEvents()).toHaveLength(1);
  });

  it('drops events after four days', async () => {
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await makeEvents(2);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4 * 86_400_000 });

    expect(await pullEvents()).toEqual([]);
  });

  it('reports an empty queue in one of two ways', async () => {
    expect((await stage.client.PullEvents({})).EventSet).toBeNull();

    await stage.reopen({ emptyQueue: 'ResourceNotFound' });

    expect(await refusalOf(stage.client.PullEvents({}))).toMatchObject({
      code: 'ResourceNotFound',
    });
  });

  it('waits for an event', async () => {
    await stage.reopen({ pollMilliseconds: 600_000 });
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    const pulled = pullEvents();

    await makeEvents(1);

    expect(await pulled).toHaveLength(1);
  });

  it('does not wait in PUSH mode, and returns events that were queued before', async () => {
    await stage.reopen({ pollMilliseconds: 600_000 });
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await makeEvents(1);
    await stage.client.ModifyEventConfig({ Mode: 'PUSH' });

    expect(await pullEvents()).toHaveLength(1);
    expect(await pullEvents()).toEqual([]);
    await makeEvents(1);
    expect((await stage.receiver.next()).body['EventType']).toBe('PullComplete');
  });
});

describe('ConfirmEvents', () => {
  it('refuses an unknown handle, and one that was pulled 30 seconds ago', async () => {
    await stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await makeEvents(1);
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: begin });
    const EventHandles = handlesOf(await pullEvents());

    vi.setSystemTime(begin + 30_000);
    const late = await refusalOf(stage.client.ConfirmEvents({ EventHandles }));
    const unknown = await refusalOf(stage.client.ConfirmEvents({ EventHandles: ['other'] }));

    expect([late.code, unknown.code]).toEqual(['InvalidParameterValue', 'InvalidParameterValue']);
  });

  it.each([0, 17])('refuses %i handles', async (length) => {
    const EventHandles = Array.from({ length }, (_, index) => String(index));

    expect(await refusalOf(stage.client.ConfirmEvents({ EventHandles }))).toMatchObject({
      code: 'InvalidParameterValue',
      message: expect.stringContaining('EventHandles'),
    });
  });
});
